"""The command `sparcode-mini xray`: the X-ray of one's own titles, as one HTML file."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparcode_mini.cli import common, data_options
from sparcode_mini.tools.progress import Progress, progress
from sparcode_mini.tools.targets import PAGE, check_target

if TYPE_CHECKING:
    from sparcode_mini.data.split import Split
    from sparcode_mini.explain.people import Person

EXAMPLE = 'example: sparcode-mini xray --liked "Alien (1979)" "Star Wars (1977)" --out space.html'
DATA = ("data", "columns", "items", "positive_from")
CONTENT = (
    *DATA,
    "model",
    "two_tower",
    "liked",
    "user",
    "nouns",
    "title",
)  # options that decide the bytes
LARGE = 3_000_000  # bytes of a page
MOVIELENS = (
    "F. Maxwell Harper and Joseph A. Konstan, The MovieLens Datasets, ACM TiiS 2015; GroupLens "
    "Research. Its terms do not allow handing the data on: this page holds titles and numbers of "
    "models that were trained on it"
)
EXCERPT = ", and a short excerpt of what real, anonymous people rated"


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    sub.add_argument(
        "--liked",
        action="extend",
        nargs="+",
        metavar="TITLE",
        help='oldest first, such as "Toy Story (1995)"; or an id, where several have one title',
    )
    sub.add_argument(
        "--user",
        action="extend",
        nargs="+",
        metavar="USER",
        help="users of the data, to be chosen on the page; it holds an excerpt of their histories",
    )
    for option, kind in (("--model", "SparCode"), ("--two-tower", "two-tower")):
        words = f"a {kind} trained on the data; default: the one that comes with the project"
        sub.add_argument(option, type=Path, metavar="FILE", help=words)
    sub.add_argument(
        "--nouns",
        nargs=2,
        metavar=("ONE", "MANY"),
        help="what an item is called, such as book books; default: film films, or for files item "
        "items",
    )
    sub.add_argument("--title", default="SparCode X-ray", help="heading of the page")
    sub.add_argument("--out", type=Path, default=common.RUNS / "xray.html")
    sub.epilog = EXAMPLE


def run(args: argparse.Namespace) -> int:
    """Follow the query of the titles, and write the page."""
    if not args.liked and not args.user:
        raise ValueError("nobody to follow; give --liked TITLE ..., or --user USER ...")
    _refuse_blank(args)
    _require_models(args)
    check_target(args.out, PAGE)
    try:
        from sparcode_mini.site import one_page
        from sparcode_mini.widgets import XRay
    except ModuleNotFoundError as error:
        raise ImportError(f'{error}; pip install "sparcode-mini[lab]"') from error
    split = data_options.split(args)
    people = _people(args, split)
    model, tower = _models(args, split)
    bar: Progress[None] = progress(total=2, desc="X-ray")
    with bar:
        widget = XRay(model, tower, people=people, nouns=_nouns(args))
        bar.update()
        size = one_page.write(args.out, widget, args.title, _made(args, split))
        bar.update()
    args.saved = True
    hint = "; `train --sparsity` makes shorter lists, so a smaller page" if size > LARGE else ""
    print(f"saved {args.out} ({size / 1e6:.1f} MB), which opens in any browser{hint}")
    return 0


def _refuse_blank(args: argparse.Namespace) -> None:
    """Refuse a heading or a noun that nobody can see."""
    if not args.title.strip():
        raise ValueError(f"--title {args.title!r} is blank; give the heading of the page")
    for noun in args.nouns or ():
        if not noun.strip():
            raise ValueError(f"--nouns {noun!r} is blank; give two words, such as book books")


def _require_models(args: argparse.Namespace) -> None:
    """Refuse data of one's own without models of one's own, and say how they are made."""
    if args.data == data_options.DEFAULT or (args.model and args.two_tower):
        return
    runs, train = common.RUNS, ["sparcode-mini", "train", *_words(args, DATA)]
    lacking = []
    if not args.model:
        words = [*train, "--out", str(runs / "model.safetensors")]
        lacking.append(f"--model FILE, made by `{shlex.join(words)}`")
    if not args.two_tower:
        words = [*train, "--model", "two-tower", "--out", str(runs / "two-tower.safetensors")]
        lacking.append(f"--two-tower FILE, made by `{shlex.join(words)}`")
    raise ValueError(f"--data {args.data} needs models that know it; give {', and '.join(lacking)}")


def _people(args: argparse.Namespace, split: Split) -> list[Person]:
    """Return "you" with the titles, and excerpts of the users.

    Raises:
        ValueError: an unknown title or user, or one that is there twice.
    """
    from sparcode_mini.explain.people import Person, excerpt
    from sparcode_mini.widgets.xray import YOU

    liked, users = args.liked or [], args.user or []
    items = data_options.liked(split, liked)
    _refuse_twice("--liked", liked, items.tolist())  # a title and an id may name one item
    ids = [data_options.user_id(split, user) for user in users]
    _refuse_twice("--user", users, ids)
    people = [Person(YOU, items)] if liked else []
    return people + [excerpt(split, user) for user in ids]


def _refuse_twice(option: str, words: Sequence[str], ids: Sequence[int | str]) -> None:
    for place, one in enumerate(ids):
        first = ids.index(one)
        if first != place:
            same = "" if words[first] == words[place] else f" (as {words[first]!r}, too)"
            raise ValueError(f"{option} {words[place]!r} is there twice{same}; give it once")


def _models(args: argparse.Namespace, split: Split) -> tuple[Any, Any]:
    """Load both models, in 64-bit numbers as everywhere in the X-ray."""
    import torch

    model = common.load_sparcode(_path(args.model, "sparcode-sparse"), split)
    tower = common.load_two_tower(_path(args.two_tower, "two-tower"), split)
    return model.to(torch.float64), tower.to(torch.float64)


def _path(given: Path | None, shipped: str) -> Path:
    from sparcode_mini.results import CHECKPOINTS

    return given or CHECKPOINTS / f"{shipped}.safetensors"


def _nouns(args: argparse.Namespace) -> list[str]:
    """Return what one item is called, and several."""
    return args.nouns or (["film", "films"] if _is_movielens(args) else ["item", "items"])


def _made(args: argparse.Namespace, split: Split) -> dict[str, str]:
    """Say how the page was made; names of files, since their folders are nobody's business."""
    from sparcode_mini.tools.files import file_digest

    command = shlex.join(["sparcode-mini", "xray", *_words(args, CONTENT, folders=False)])
    sizes = f"{split.n_users:,} users, {split.n_items:,} items, {len(split.items):,} interactions"
    data = Path(args.data).name
    made = {"Command": f"{command} (version {version('sparcode-mini')})"}
    made["Data"] = f"{data}: {sizes}; fingerprint {split.fingerprint}"
    for name, path in (
        ("SparCode", _path(args.model, "sparcode-sparse")),
        ("Two-tower", _path(args.two_tower, "two-tower")),
    ):
        made[name] = f"{path.name}, SHA-256 {file_digest(path)[:16]}"
    if _is_movielens(args):
        made["Source of the data"] = MOVIELENS + (EXCERPT if args.user else "") + "."
    return made


def _is_movielens(args: argparse.Namespace) -> bool:
    from sparcode_mini.data.movielens_large import DATA_SETS

    return args.data == data_options.DEFAULT or args.data in DATA_SETS


def _words(args: argparse.Namespace, names: tuple[str, ...], folders: bool = True) -> list[str]:
    """Return the options of these names as they are typed; those that have their default are not.

    Args:
        args: the parsed words.
        names: of options.
        folders: keep the folders of files?
    """
    words = []
    for name in names:
        value = getattr(args, name)
        if value == args.parser.get_default(name):
            continue
        option = f"--{name.replace('_', '-')}"
        values = value if isinstance(value, list) else [value]
        is_file = isinstance(value, Path) or name == "data"
        texts = [Path(v).name if is_file and not folders else str(v) for v in values]
        dashed = any(text.startswith("-") for text in texts)
        words += [f"{option}={text}" for text in texts] if dashed else [option, *texts]
    return words
