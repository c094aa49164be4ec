"""The command `sparcode-mini index`: build the sparse index of a SparCode model."""

import argparse
from pathlib import Path
from typing import Any

from sparcode_mini.cli import common, data_options
from sparcode_mini.cli.options import whole
from sparcode_mini.tools.targets import INDEX, check_target

CODES, PROBES = 4096, 4  # in a shard; of a token


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    sub.add_argument("model", type=Path, help="file written by train")
    sub.add_argument("--codes", choices=["seen", "all"], default="seen")
    most = common.MOST_ITEMS
    sub.add_argument(
        "--best", type=whole(1, most), help="keep only the n largest entries of each list"
    )
    sub.add_argument(
        "--probes",
        type=whole(1, common.MOST),
        help="for --codes seen: probes to be read; default: 4",
    )
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
        "--shard-codes",
        type=whole(128, common.MOST_CODEWORDS, step=128),
        help="with --shards: codes in a shard, a multiple of 128; default: 4096",
    )
    sub.add_argument(
        "--dask",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="with --shards: by the dask workers of this scheduler, or of this machine",
    )
    sub.add_argument("--out", type=Path, default=common.RUNS / "index.safetensors")


def run(args: argparse.Namespace) -> int:
    """Build the index in memory or shard by shard, save it and print its figures."""
    import sparcode_mini as sm

    _refuse_options_that_do_nothing(args)
    check_target(args.out, INDEX)
    split = data_options.split(args)
    model = common.load_sparcode(args.model, split)
    options = {"best": args.best, "probes": args.probes or PROBES, "engine": args.engine}
    if args.shards:
        index = _index_in_shards(args, model, options)
    else:
        index = sm.SparseIndex.build(model, codes=args.codes, **options)
        if args.precision:
            index = index.quantised(args.precision)
    index.save(args.out)
    args.saved = True
    for name, value in index.stats().items():
        print(f"{name:<18} {value:,.4g}" if isinstance(value, float) else f"{name:<18} {value:,}")
    print(f"saved {args.out}")
    return 0


def _refuse_options_that_do_nothing(args: argparse.Namespace) -> None:
    """Refuse options that do nothing: those of shards without any, and probes for all codes."""
    if args.codes == "all" and args.probes is not None:
        raise ValueError("--codes all has a list for every code; leave --probes out")
    given = {"--dask makes": args.dask, "--shard-codes is the size of": args.shard_codes}
    for words, value in given.items():
        if args.shards is None and value is not None:
            raise ValueError(f"{words} shards; say where they are kept with --shards FOLDER")


def _index_in_shards(args: argparse.Namespace, model: Any, options: dict[str, Any]) -> Any:
    """Make the missing shards, here or on dask workers, and merge all of them."""
    from sparcode_mini.serving import cluster
    from sparcode_mini.serving.shards import ShardedBuild
    from sparcode_mini.tools.progress import progress

    options |= {"precision": args.precision, "codes_per_shard": args.shard_codes or CODES}
    build = ShardedBuild(args.model, model, args.shards, args.codes, **options)
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
