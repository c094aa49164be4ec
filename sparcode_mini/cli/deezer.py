"""The command `sparcode-mini deezer`: one row of the authors' table 1, on their data."""

import argparse
from pathlib import Path
from typing import Any

from sparcode_mini.cli import common
from sparcode_mini.cli.options import whole
from sparcode_mini.tools.locks import hold
from sparcode_mini.tools.targets import MODEL, check_target


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("--embeddings", choices=["svd", "mf"], default="svd", help="TT-SVD or UT-ALS")
    kinds = ["sparcode", "two-tower", "all-to-all"]
    sub.add_argument("--model", choices=kinds, default="sparcode")
    tokenizers = ["dnn", "gru", "self-attention", "capsules"]
    sub.add_argument("--tokenizer", choices=tokenizers, default="dnn")
    sub.add_argument("--token-dim", type=whole(1, common.MOST), default=64, help="D_T")
    sub.add_argument("--epochs", type=whole(1, common.MOST_EPOCHS), default=20)
    people, songs = whole(1, common.MOST_BATCH), whole(0, common.MOST_ITEMS)
    sub.add_argument("--batch", type=people, default=128, help="people in a step")
    sub.add_argument("--negatives", type=songs, default=2000, help="songs per step; 0 for all")
    sub.add_argument("--seed", type=whole(0, common.MOST_SEED), default=0)
    sub.add_argument("--out", type=Path, default=common.RUNS / "deezer.safetensors")


def run(args: argparse.Namespace) -> int:
    """Fetch, train, measure, print and save."""
    state = common.state_file(args.out)
    with hold(state, common.IN_USE):
        check_target(args.out, MODEL)
        return _train_and_measure(args, state)


def _train_and_measure(args: argparse.Namespace, state: Path) -> int:
    from sparcode_mini.data import deezer
    from sparcode_mini.studies.common import cold_start

    data = deezer.load(args.embeddings)
    sizes = " / ".join(f"{len(part.ids):,}" for part in (data.train, data.validation, data.test))
    print(f"{len(data.song_ids):,} songs; {sizes} people to train, validate and test")
    model = cold_start.make_model(
        data, args.model, tokenizer=args.tokenizer, token_dim=args.token_dim, seed=args.seed
    )
    popular = cold_start.measure(cold_start.popularity(data), data)
    _print("popularity", popular, cold_start.PUBLISHED[args.embeddings, "popularity", ""])
    log = cold_start.train(
        model,
        data,
        epochs=args.epochs,
        batch=args.batch,
        negatives=args.negatives,
        seed=args.seed,
        checkpoint=state,
        resume=state.exists(),
    )
    if log.interrupted:
        raise KeyboardInterrupt
    model.save(args.out)
    metrics = cold_start.measure(lambda features: model.scores(features).numpy(), data)
    published = cold_start.PUBLISHED.get((args.embeddings, args.model, args.tokenizer))
    _print(f"{args.model} {args.tokenizer}", metrics, published)
    # The file, not a link to it; and not before: Ctrl-C while it measures would cost the training.
    state.resolve().unlink(missing_ok=True)
    print(f"{log.seconds:.0f} s; saved {args.out}")
    return 0


def _print(name: str, metrics: dict[str, float], published: Any) -> None:
    from sparcode_mini.studies.common.cold_start import CUT_OFF

    names = (f"{metric}@{CUT_OFF}" for metric in ("capped precision", "recall", "ndcg"))
    text = " / ".join(f"{100 * metrics[metric]:.2f}" for metric in names)
    row = " / ".join(f"{value:.2f}" for value in published) if published else "not in the table"
    print(f"{name}: P / R / NDCG @{CUT_OFF} {text} percent; published: {row}")
