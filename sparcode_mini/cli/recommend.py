"""The command `sparcode-mini recommend`: films for a person, with the reasons."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sparcode_mini.cli import common, data_options
from sparcode_mini.cli.options import whole
from sparcode_mini.tools.unicode import isolated

if TYPE_CHECKING:
    import numpy as np

    from sparcode_mini.data.split import Split


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    person = sub.add_mutually_exclusive_group(required=True)
    person.add_argument("--user", help="a user of the data (of MovieLens-100K: 1 to 943)")
    person.add_argument(
        "--liked",
        action="extend",
        nargs="+",
        metavar="TITLE",
        help='such as "Toy Story (1995)"; or an id, where several have one title',
    )
    for option, words in (("--want", "one of these labels"), ("--without", "none of these labels")):
        sub.add_argument(
            option,
            action="extend",
            nargs="+",
            metavar="LABEL",
            default=[],
            help=f"only films with {words}: a genre, or a word of the title",
        )
    sub.add_argument("--model", type=Path, help="default: the model that comes with the project")
    sub.add_argument(
        "--probes",
        type=whole(1, common.MOST),
        help="nearest codes read per token; default: as trained",
    )
    sub.add_argument("--k", type=whole(1, common.MOST_RESULTS), default=10)


def run(args: argparse.Namespace) -> int:
    """Explain the recommendations for a user, or for a list of films that were liked."""
    import torch

    import sparcode_mini as sm
    from sparcode_mini.explain.query import explain
    from sparcode_mini.results import CHECKPOINTS

    split = data_options.split(args)
    model = common.load_sparcode(
        args.model or CHECKPOINTS / "sparcode-sparse.safetensors", split
    ).to(torch.float64)
    if args.user is not None:
        user = data_options.user_id(split, args.user)
        history = split.history([user], "train+validation")[0]
        codes = model.encode([user], probes=args.probes)
    else:
        history = data_options.liked(split, args.liked)
        codes = model.encode_histories([split.item_ids[history].tolist()], args.probes)
    # An index of the lists that this query reads; `index --codes all` stores them all.
    index = sm.SparseIndex.build(model, codes=codes)
    among = wished(split, args.want, args.without)
    explanation = explain(
        model, index, history, k=args.k, probes=args.probes, codes=codes, among=among
    )
    names = explanation.names(history[-8:])
    print("history:", "; ".join(isolated(names[film]) for film in history[-8:].tolist()))
    for read in explanation.reads:
        code = ",".join(map(str, read.code))
        print(
            f"token {read.token + 1} -> code ({code}), weight {read.weight:.2f}, "
            f"list of {len(read.items)} films"
        )
    print("\n".join(explanation.lines()))
    return 0


def wished(split: Split, want: Sequence[str], without: Sequence[str]) -> np.ndarray | None:
    """Mark the films that fulfil a wish, (I,) bool, and print the wish; None for no wish."""
    if not want and not without:
        return None
    from sparcode_mini.data.labels import labels_of

    marks = labels_of(split).fits(want, without)
    if not marks.any():
        raise ValueError(f"no film has one of {want} and none of {without}; wish for less")
    words = [" or ".join(want)] if want else []
    words += ["without " + ", ".join(without)] if without else []
    print(f"wish: {' '.join(words)}: {marks.sum():,} of {split.n_items:,} films")
    return marks
