"""The command line: sparcode-mini train | evaluate | index | recommend | sweep | reproduce | ..."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.cli import data_options as cli_data
from sparcode_mini.cli import deezer as cli_deezer

RUNS = Path("runs")
RESUMABLE = ("sweep", "reproduce", "study", "deezer")  # the same command goes on after Ctrl-C
DEFAULTS = {"M": 1, "N": 128, "bias": 0.0, "sparsity": 0.0}  # of options that not all models have


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors a user can mend end in one line and exit code 2.

    Returns:
        0 on success, 1 if something was found wrong (doctor), 2 on bad input, 130 on Ctrl-C.
    """
    args = parser().parse_args(argv)
    try:
        _check_paths(args)
        code: int = args.run(args)
    except (ValueError, KeyError, FileNotFoundError, RuntimeError, OSError, ImportError) as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f"sparcode-mini {args.command}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; {_kept(args)}", file=sys.stderr)
        return 130
    return code


def _check_paths(args: argparse.Namespace) -> None:
    """Refuse before long work what would fail after it: files and folders in each other's place."""
    from sparcode_mini.tools.files import refuse_folder

    folders = {name: getattr(args, name, None) for name in ("folder", "shards")}
    if (out := getattr(args, "out", None)) is not None:
        refuse_folder(out)
        folders["out"] = out.parent
    for name, folder in folders.items():
        for place in () if folder is None else (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise ValueError(f"--{name}: {place} is a file; give a folder")


def _kept(args: argparse.Namespace) -> str:
    """What Ctrl-C has left; `train` speaks for itself, unless it is stopped beside the epochs."""
    if args.command in RESUMABLE or getattr(args, "shards", None):
        return "what was finished is kept, run the same command to go on"
    if args.command == "train" and (state := _state(args)).exists():
        return f"the state is in {state}; add --resume to go on"
    return "nothing kept"


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="sparcode-mini", description="SparCode on MovieLens-100K.")
    commands = top.add_subparsers(dest="command", required=True)
    _add_train(commands)
    _add_evaluate(commands)
    _add_index(commands)
    _add_recommend(commands)
    _add_sweep(commands)
    _add_reproduce(commands)
    _add_study(commands)
    cli_deezer.add(_command(commands, "deezer", cli_deezer.run, "a row of the authors' table 1"))
    _add_doctor(commands)
    return top


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    sub.set_defaults(run=run)
    return sub


# --- train, evaluate, index -----------------------------------------------------------------


def _add_train(commands: Any) -> None:
    sub = _command(commands, "train", _train, "train a model and save it")
    cli_data.add(sub)
    sub.add_argument("--model", choices=["sparcode", "two-tower", "all-to-all"], default="sparcode")
    tokenizers = ["dnn", "gru", "self-attention", "capsules"]
    sub.add_argument("--tokenizer", choices=tokenizers, default="self-attention")
    sub.add_argument("--query-tokens", type=int, help="K_u (two-tower 1, others 4)")
    sub.add_argument("--M", type=int, default=DEFAULTS["M"], help="codebooks")
    sub.add_argument("--N", type=int, default=DEFAULTS["N"], help="codewords per codebook")
    sub.add_argument(
        "--bias", type=float, default=DEFAULTS["bias"], help="b, inside the final ReLU"
    )
    sub.add_argument("--token-dim", type=int, default=64, help="D_T")
    sub.add_argument("--epochs", type=int, default=20)
    sub.add_argument(
        "--sparsity", type=float, default=DEFAULTS["sparsity"], help="weight of the L1 penalty on y"
    )
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--out", type=Path, default=RUNS / "model.safetensors")
    sub.add_argument("--resume", action="store_true", help="go on from an interrupted training")


def _train(args: argparse.Namespace) -> int:
    import sparcode_mini as sm

    _refuse_options_that_do_nothing(args)
    state = _state(args)
    if state.exists() and not args.resume:
        raise ValueError(
            f"{state} holds an interrupted training; add --resume to go on with it, or delete it, "
            "or choose another --out"
        )
    split = cli_data.split(args)
    model, stages = _untrained(args, split), {}
    if args.epochs == 1 and args.model != "two-tower":
        print("a single epoch: quantiser, network and hard ReLU are on from the start")
        stages["stages"] = (0.0, 0.0)
    log = sm.fit(
        model,
        split,
        epochs=args.epochs,
        sparsity=args.sparsity,
        seed=args.seed,
        checkpoint=state,
        resume=args.resume,
        on_epoch=_print_epoch,
        **stages,
    )
    if log.interrupted:
        kept = "no epoch has counted yet, so no model was saved"
        if log.best_epoch is not None:
            model.save(args.out)
            kept = f"the best epoch so far, {log.best_epoch}, is saved in {args.out}"
        print(f"interrupted; {kept}; the state is in {state}; add --resume to go on")
        return 130
    model.save(args.out)
    state.unlink(missing_ok=True)
    print(f"kept epoch {log.best_epoch}; {log.seconds:.0f} s; saved {args.out}")
    return 0


def _state(args: argparse.Namespace) -> Path:
    """Where a training keeps what it needs to go on."""
    out: Path = args.out
    return out.with_suffix(".training.safetensors")


def _untrained(args: argparse.Namespace, split: Any) -> Any:
    import sparcode_mini as sm

    shared: dict[str, Any] = {"tokenizer": args.tokenizer, "token_dim": args.token_dim}
    shared["seed"] = args.seed
    if args.query_tokens is not None:
        shared["query_tokens"] = args.query_tokens
    if args.model == "two-tower":
        return sm.TwoTower(split, **shared)
    if args.model == "all-to-all":
        return sm.AllToAll(split, bias=args.bias, **shared)
    return sm.SparCode(split, M=args.M, N=args.N, bias=args.bias, **shared)


def _refuse_options_that_do_nothing(args: argparse.Namespace) -> None:
    """A two-tower has neither codebooks nor a ReLU, all-to-all no codebooks."""
    unused = {"sparcode": (), "all-to-all": ("M", "N"), "two-tower": ("M", "N", "bias", "sparsity")}
    for name in unused[args.model]:
        if getattr(args, name) != DEFAULTS[name]:
            raise ValueError(
                f"--{name} {getattr(args, name)} means nothing to a {args.model}; leave it out"
            )


def _print_epoch(row: dict[str, Any]) -> None:
    quality = f"  validation NDCG@50 {row['ndcg@50']:.4f}" if "ndcg@50" in row else ""
    used = f"  codewords used {row['used']}" if "used" in row else ""
    print(
        f"epoch {row['epoch']:>3}  {row['stage']:<6}  loss {row['loss']:.4f}{quality}{used}",
        flush=True,
    )


def _add_evaluate(commands: Any) -> None:
    sub = _command(commands, "evaluate", _evaluate, "rank the catalogue for every user")
    cli_data.add(sub)
    sub.add_argument("model", type=Path, help="file written by train")
    sub.add_argument("--on", choices=["test", "validation"], default="test")
    sub.add_argument("--k", type=int, nargs="+", default=[10, 50])
    sub.add_argument("--probes", type=int, help="nearest codes read per token; default: as trained")
    sub.add_argument("--index", type=Path, help="rank by this index instead of by the model")


def _evaluate(args: argparse.Namespace) -> int:
    import sparcode_mini as sm

    split = cli_data.split(args)
    model = sm.load_model(args.model, split)
    index = sm.SparseIndex.load(args.index) if args.index else None
    scores = sm.evaluate(model, split, on=args.on, k=args.k, probes=args.probes, index=index)
    for metric, value in scores.items():
        print(f"{metric:<14} {value:.4f}")
    return 0


def _add_index(commands: Any) -> None:
    sub = _command(commands, "index", _index, "build the sparse index of a SparCode model")
    cli_data.add(sub)
    sub.add_argument("model", type=Path, help="file written by train")
    sub.add_argument("--codes", choices=["seen", "all"], default="seen")
    sub.add_argument("--best", type=int, help="keep only the n largest entries of each list")
    sub.add_argument("--probes", type=int, default=4, help="for --codes seen: probes to be read")
    sub.add_argument("--precision", choices=["float32", "float16", "int8"], help="of the values")
    sub.add_argument(
        "--engine",
        choices=["plain", "compiled"],
        default="plain",
        help="how tables of several codebooks are added up; compiled needs numba",
    )
    sub.add_argument(
        "--shards",
        type=Path,
        metavar="FOLDER",
        help="build shard by shard into this folder; the same command goes on after a stop",
    )
    sub.add_argument(
        "--shard-codes", type=int, default=4096, help="codes in a shard, a multiple of 128"
    )
    sub.add_argument(
        "--dask",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="with --shards: by the dask workers of this scheduler, or of this machine",
    )
    sub.add_argument("--out", type=Path, default=RUNS / "index.safetensors")


def _index(args: argparse.Namespace) -> int:
    import sparcode_mini as sm

    split = cli_data.split(args)
    model = _sparcode(args.model, split)
    how = {"best": args.best, "probes": args.probes, "engine": args.engine}
    if args.shards:
        index = _index_in_shards(args, model, how)
    elif args.dask is not None:
        raise ValueError("--dask makes shards; say where they are kept with --shards FOLDER")
    else:
        index = sm.SparseIndex.build(model, codes=args.codes, **how)
        if args.precision:
            index = index.quantised(args.precision)
    index.save(args.out)
    for name, value in index.stats().items():
        print(f"{name:<18} {value:,.4g}" if isinstance(value, float) else f"{name:<18} {value:,}")
    print(f"saved {args.out}")
    return 0


def _index_in_shards(args: argparse.Namespace, model: Any, how: dict[str, Any]) -> Any:
    from sparcode_mini.serving import cluster
    from sparcode_mini.serving.shards import ShardedBuild
    from sparcode_mini.tools.progress import progress

    how |= {"precision": args.precision, "codes_per_shard": args.shard_codes}
    build = ShardedBuild(args.model, model, args.shards, args.codes, **how)
    todo, total = len(build.missing()), len(build.tasks())
    print(f"{total - todo} of {total} shards are there", flush=True)
    if args.dask is None:
        for _ in progress(build.run(), total=todo, desc="shards"):
            pass
    elif todo:
        with cluster.connected(args.dask or None) as client:
            for _ in progress(cluster.run(build, client), total=todo, desc="shards"):
                pass
    return build.merge()


def _sparcode(path: Path, split: Any) -> Any:
    import sparcode_mini as sm

    model = sm.load_model(path, split)
    if not isinstance(model, sm.SparCode):
        raise ValueError(f"{path} holds a {type(model).__name__}; only a SparCode has codes")
    return model


# --- recommend ------------------------------------------------------------------------------


def _add_recommend(commands: Any) -> None:
    sub = _command(commands, "recommend", _recommend, "films for a person, and why")
    cli_data.add(sub)
    who = sub.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", help="a user of the data (of MovieLens-100K: 1 to 943)")
    who.add_argument("--liked", nargs="+", metavar="TITLE", help='such as "Toy Story (1995)"')
    sub.add_argument("--model", type=Path, help="default: the model that comes with the project")
    sub.add_argument("--probes", type=int, help="nearest codes read per token; default: as trained")
    sub.add_argument("--k", type=int, default=10)


def _recommend(args: argparse.Namespace) -> int:
    import torch

    import sparcode_mini as sm
    from sparcode_mini.explain.query import explain
    from sparcode_mini.results import CHECKPOINTS

    split = cli_data.split(args)
    model = _sparcode(args.model or CHECKPOINTS / "sparcode.safetensors", split).to(torch.float64)
    if args.user is not None:
        user = cli_data.user_id(split, args.user)
        history = split.history([user], "train+validation")[0]
        codes = model.encode([user], probes=args.probes)
    else:
        history = split.find_titles(args.liked)
        codes = model.encode_histories([split.item_ids[history].tolist()], args.probes)
    # An index of the lists that this query reads; `index --codes all` stores them all.
    index = sm.SparseIndex.build(model, codes=codes)
    found = explain(model, index, history, k=args.k, probes=args.probes, codes=codes)
    print("history:", "; ".join(split.titles[history[-8:]]))
    for read in found.reads:
        code = ",".join(map(str, read.code))
        print(
            f"token {read.token + 1} -> code ({code}), weight {read.weight:.2f}, "
            f"list of {len(read.items)} films"
        )
    print("\n".join(found.lines()))
    return 0


# --- sweep, reproduce -------------------------------------------------------------------------


def _add_sweep(commands: Any) -> None:
    sub = _command(commands, "sweep", _sweep, "train the grid over M, N and sparsity (resumable)")
    sub.add_argument("--folder", type=Path, default=RUNS / "sweep", help="finished settings")
    sub.add_argument("--out", type=Path, help="default: assets/results/sweep.json")


def _sweep(args: argparse.Namespace) -> int:
    import sparcode_mini as sm
    from sparcode_mini import results
    from sparcode_mini.studies.sweep import config, sweep

    out = args.out or results.RESULTS / "sweep.json"
    results.store(out, config(), sweep(sm.data.movielens_100k().split(), args.folder))
    print(f"stored {out}")
    return 0


def _add_reproduce(commands: Any) -> None:
    sub = _command(commands, "reproduce", _reproduce, "train and print the table (resumable)")
    cli_data.add(sub)
    what = sub.add_mutually_exclusive_group()
    what.add_argument(
        "--quick", action="store_true", help="main rows, one seed, under 25 minutes (default)"
    )
    what.add_argument("--seeds", type=int, help="all rows, so many seeds (hours)")
    what.add_argument("--tune", action="store_true", help="the grid of hyper-parameters instead")
    sub.add_argument("--rows", nargs="+", help="only these rows of the table")
    sub.add_argument("--folder", type=Path, default=RUNS / "reproduce", help="finished rows")
    sub.add_argument("--out", type=Path, help="also store the result as JSON")


def _reproduce(args: argparse.Namespace) -> int:
    from sparcode_mini import results
    from sparcode_mini.studies import table as reproduce

    seeds = 1 if args.seeds is None else args.seeds
    if seeds < 1:
        raise ValueError(f"--seeds {args.seeds}; give at least 1")
    split = cli_data.split(args)
    config: dict[str, Any] = {"grid": reproduce.GRID, "chosen": reproduce.CHOSEN}
    if args.tune:
        points = reproduce.tune(split, args.folder)
        for point in points:
            print(point)
        content: dict[str, Any] = {"points": points}
        config["seed"] = reproduce.TUNING_SEED
    else:
        rows = args.rows or (reproduce.QUICK_ROWS if args.seeds is None else reproduce.ROWS)
        content = reproduce.reproduce(split, args.folder, range(seeds), rows)
        print(reproduce.markdown(content["summary"]))
        config["seeds"] = seeds
    if args.out:
        results.store(args.out, config, content)
        print(f"stored {args.out}")
    return 0


def _add_study(commands: Any) -> None:
    sub = _command(commands, "study", _study, "an experiment of a lesson (resumable)")
    sub.add_argument("name", help="a module of sparcode_mini.studies; a wrong name lists them")
    sub.add_argument("--folder", type=Path, help="finished parts; default: runs/NAME")
    sub.add_argument("--out", type=Path, help="default: assets/results/NAME.json")


def _study(args: argparse.Namespace) -> int:
    import importlib
    import pkgutil

    from sparcode_mini import results, studies

    known = sorted(
        module.name for module in pkgutil.iter_modules(studies.__path__) if not module.ispkg
    )
    if args.name not in known:
        raise ValueError(f"study {args.name!r} is unknown; there are {known}")
    study = importlib.import_module(f"sparcode_mini.studies.{args.name}")
    out = args.out or results.RESULTS / f"{args.name}.json"
    content = study.run(args.folder or RUNS / args.name)
    results.store(out, study.config(), content, getattr(study, "INDENT", 2))
    print(f"stored {out}")
    return 0


# --- doctor -----------------------------------------------------------------------------------


def _add_doctor(commands: Any) -> None:
    sub = _command(commands, "doctor", _doctor, "check that everything is in place")
    sub.add_argument("--fetch", action="store_true", help="download the data now")


def _doctor(args: argparse.Namespace) -> int:
    from sparcode_mini.cli.doctor import examine

    findings = examine(fetch=args.fetch)
    for finding in findings:
        print(f"{'ok ' if finding.good else 'NO '} {finding.what}: {finding.detail}")
    return 0 if all(finding.good for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
