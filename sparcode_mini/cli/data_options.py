"""The options that say which data a command works on: --data, --columns, --items."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from sparcode_mini.cli.options import real
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.explain.people import find_items, item_names

DEFAULT = "ml-100k"


def add(sub: argparse.ArgumentParser) -> None:
    """Give a command the three options."""
    group = sub.add_argument_group("data")
    group.add_argument(
        "--data",
        default=DEFAULT,
        help="ml-100k, ml-1m, ml-10m, or a .csv, .tsv or .parquet file (or a folder of .parquet "
        "parts) with the columns user, item and perhaps rating, time (without times the row order "
        "counts)",
    )
    group.add_argument(
        "--columns",
        default="",
        metavar="OURS=THEIRS,...",
        help="names of the file's columns where they differ, such as user=uid,item=sku,time=ts",
    )
    group.add_argument(
        "--items", type=Path, help="a file of items: column item, perhaps title, and features"
    )
    group.add_argument(
        "--positive-from",
        type=real(),
        metavar="RATING",
        help="keep only rows with this rating or more; default: every row is a positive",
    )


def split(args: argparse.Namespace) -> Split:
    """Load the data that the options name and split it as everywhere: 20% test, 10% validation."""
    return ratings(args).split()


def ratings(args: argparse.Namespace) -> Ratings:
    """Load the data that the options name.

    Raises:
        FileNotFoundError, ConnectionError, ImportError, ValueError: as the loaders.
    """
    from sparcode_mini import data
    from sparcode_mini.data import movielens_large
    from sparcode_mini.data import read_table as table_files

    path = Path(args.data)
    loaders: dict[str, Callable[[], Ratings]] = {DEFAULT: data.movielens_100k}
    loaders |= {name: partial(movielens_large.load, name) for name in movielens_large.DATA_SETS}
    is_table = path.suffix.lower() in table_files.SUFFIXES or path.is_dir()
    is_file = args.data not in loaders and is_table  # a folder ml-100k is no table
    if not is_file and (args.columns or args.items):
        raise ValueError(f"--columns and --items are for files; --data {args.data} needs neither")
    if is_file:
        loaded = table_files.read_ratings(
            path, _pairs(args.columns), args.items, args.positive_from
        )
        print(f"data: {loaded}", file=sys.stderr)
        return loaded
    if args.data not in loaders:
        raise ValueError(
            f"--data {args.data} is unknown; give {', '.join(loaders)}, a file that ends in "
            f"{', '.join(table_files.SUFFIXES)}, or a folder of .parquet parts"
        )
    loaded = loaders[args.data]()
    if args.positive_from is not None:
        loaded = loaded.positives(args.positive_from)
    if args.data != DEFAULT or args.positive_from is not None:
        print(f"data: {loaded}", file=sys.stderr)
    return loaded


def user_id(split: Split, text: str) -> int | str:
    """Turn the text of --user into a raw user id: a number if the data has numbers.

    Raises:
        ValueError: it is no number, but the data has numbers.
    """
    if split.user_ids.dtype.kind != "i":
        return text
    if not re.fullmatch("0|-?[1-9][0-9]{0,18}", text, re.ASCII):  # int() takes 1_0 and 007, too
        first = split.user_ids[0]
        raise ValueError(f"--user {text}: the users of this data have numbers ({first}, ...)")
    return int(text)


def liked(split: Split, words: Sequence[str]) -> np.ndarray:
    """Return the positions of items that are named by their titles, or else by their ids.

    Raises:
        ValueError: neither (the message has close titles), or a title that several items have.
    """
    names = item_names(split)
    ids = {str(raw): place for place, raw in enumerate(split.item_ids.tolist())}
    return np.array([_position(split, names, ids, word) for word in words], dtype=np.int64)


def _position(split: Split, names: dict[str, int], ids: dict[str, int], word: str) -> int:
    try:
        return int(find_items(split, names, [word])[0])
    except ValueError:
        if word not in ids:
            raise
        return ids[word]


def _pairs(text: str) -> dict[str, str]:
    """Read "user=uid,item=sku" as {"user": "uid", "item": "sku"}."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    for name, mark, column in pairs:
        if not (name and mark and column):
            raise ValueError(f"--columns {text}: write pairs such as user=uid,item=sku")
        if [other for other, _, _ in pairs].count(name) > 1:
            raise ValueError(f"--columns {text}: {name} is there twice")
    return {name: column for name, _, column in pairs}
