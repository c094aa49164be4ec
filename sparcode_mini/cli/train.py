"""The command `sparcode-mini train`: train a model and save it."""

import argparse
from pathlib import Path
from typing import Any

from sparcode_mini.cli import common, data_options
from sparcode_mini.cli.options import real, whole
from sparcode_mini.tools.locks import hold
from sparcode_mini.tools.program import STOPPED
from sparcode_mini.tools.targets import MODEL, check_target
from sparcode_mini.training.checkpoint import check_start

DEFAULTS = {"M": 1, "N": 128, "bias": 0.0, "sparsity": 0.0}  # of options that only some models have


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    sub.add_argument("--model", choices=["sparcode", "two-tower", "all-to-all"], default="sparcode")
    tokenizers = ["dnn", "gru", "self-attention", "capsules"]
    sub.add_argument("--tokenizer", choices=tokenizers, default="self-attention")
    sub.add_argument(
        "--query-tokens", type=whole(1, common.MOST), help="K_u (two-tower 1, others 4)"
    )
    sub.add_argument("--M", type=whole(1, common.MOST), default=DEFAULTS["M"], help="codebooks")
    sub.add_argument(
        "--N",
        type=whole(1, common.MOST_CODEWORDS),
        default=DEFAULTS["N"],
        help="codewords per codebook",
    )
    sub.add_argument(
        "--bias",
        type=real(-common.MOST_WEIGHT, common.MOST_WEIGHT),
        default=DEFAULTS["bias"],
        help="b, inside the final ReLU",
    )
    sub.add_argument("--token-dim", type=whole(1, common.MOST), default=64, help="D_T")
    sub.add_argument("--epochs", type=whole(1, common.MOST_EPOCHS), default=20)
    sub.add_argument(
        "--sparsity",
        type=real(0, common.MOST_WEIGHT),
        default=DEFAULTS["sparsity"],
        help="weight of the L1 penalty on y",
    )
    sub.add_argument("--seed", type=whole(0, common.MOST_SEED), default=0)
    sub.add_argument("--out", type=Path, default=common.RUNS / "model.safetensors")
    sub.add_argument("--resume", action="store_true", help="go on from an interrupted training")


def run(args: argparse.Namespace) -> int:
    """Train, print each epoch, save the best."""
    _refuse_options_that_do_nothing(args)
    state = common.state_file(args.out)
    # From the first look at the state to the last: two trainings never share one.
    with hold(state, common.IN_USE):
        check_start(state, args.resume)
        check_target(args.out, MODEL)
        return _train(args, state)


def _train(args: argparse.Namespace, state: Path) -> int:
    import sparcode_mini as sm

    stages: dict[str, Any] = {}
    if args.epochs == 1 and args.model != "two-tower":
        print("a single epoch: quantiser, network and hard ReLU are on from the start")
        stages["stages"] = (0.0, 0.0)
    recipe = {"epochs": args.epochs, "sparsity": args.sparsity, "seed": args.seed, **stages}
    kind, options = _model_of(args)
    common.check_settings(kind, options, recipe)
    split = data_options.split(args)
    model = kind(split, **options)
    log = sm.fit(
        model,
        split,
        checkpoint=state,
        resume=args.resume,
        on_epoch=print_epoch,
        **recipe,
    )
    if log.interrupted:
        print(f"interrupted; {_save_best(model, log, args.out)}; ", end="")
        print(f"the state is in {state}; add --resume to go on")
        return STOPPED
    model.save(args.out)
    args.saved = True
    state.resolve().unlink(missing_ok=True)  # the file, not a link to it
    print(f"kept epoch {log.best_epoch}; {log.seconds:.0f} s; saved {args.out}")
    return 0


def _save_best(model: Any, log: Any, out: Path) -> str:
    """Save the best epoch of an interrupted training, if there is one; say what was saved."""
    if log.best_epoch is None:
        return "no epoch has counted yet, so no model was saved"
    model.save(out)
    return f"the best epoch so far, {log.best_epoch}, is saved in {out}"


def _model_of(args: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """Return the class of the model and its options."""
    import sparcode_mini as sm

    shared: dict[str, Any] = {"tokenizer": args.tokenizer, "token_dim": args.token_dim}
    shared["seed"] = args.seed
    if args.query_tokens is not None:
        shared["query_tokens"] = args.query_tokens
    if args.model == "two-tower":
        return sm.TwoTower, shared
    if args.model == "all-to-all":
        return sm.AllToAll, {"bias": args.bias, **shared}
    return sm.SparCode, {"M": args.M, "N": args.N, "bias": args.bias, **shared}


def _refuse_options_that_do_nothing(args: argparse.Namespace) -> None:
    """Refuse options of codebooks and ReLU for models that have none."""
    unused = {"sparcode": (), "all-to-all": ("M", "N"), "two-tower": ("M", "N", "bias", "sparsity")}
    article = "an" if args.model[0] in "aeiou" else "a"
    for name in unused[args.model]:
        if getattr(args, name) != DEFAULTS[name]:
            value = getattr(args, name)
            raise ValueError(
                f"--{name} {value} means nothing to {article} {args.model}; leave it out"
            )


def print_epoch(row: dict[str, Any]) -> None:
    """Print one line of the log."""
    quality = f"  validation NDCG@50 {row['ndcg@50']:.4f}" if "ndcg@50" in row else ""
    used = f"  codewords used {row['used']}" if "used" in row else ""
    print(
        f"epoch {row['epoch']:>3}  {row['stage']:<6}  loss {row['loss']:.4f}{quality}{used}",
        flush=True,
    )
