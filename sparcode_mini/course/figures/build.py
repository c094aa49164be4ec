"""Write all pictures: run the lessons one after the other, and store what they show."""

import argparse
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from sparcode_mini.course.figures.drawings import FRONT, Drawing, count_cells, front, of_lesson
from sparcode_mini.course.figures.store import PAGE, Store
from sparcode_mini.lessons.text.languages import lesson_folder
from sparcode_mini.plots.front_page import THEMES
from sparcode_mini.tools.language import language
from sparcode_mini.tools.progress import Progress, progress

ROOT = Path(__file__).resolve().parents[3]
Draw = Callable[[Callable[[], object]], list[Drawing]]  # given what to call after each step


def main(
    argv: Sequence[str] | None = None,
    working: Callable[[Callable[[], str]], None] = lambda kept: None,
) -> int:
    """Write the pictures of the lessons that the options name, in the reader's language.

    Args:
        argv: command-line arguments without the program's name; None takes those of the process.
        working: given a function that says what is kept after Ctrl-C, before the work begins.

    Returns:
        The exit status: 0, or 1 if a lesson failed; its pictures stay as they were.

    Raises:
        ValueError: there is no notebook, no such lesson, or the folder holds something else.
    """
    options = _parser().parse_args(argv)
    folder = lesson_folder(options.root / "notebooks", language())
    notebooks = sorted(folder.glob("*.ipynb"))
    if not notebooks:
        raise ValueError(f"{folder} has no notebook; name the project's folder: --root")
    steps = {FRONT: len(THEMES)} | {path.stem: count_cells(path) for path in notebooks}
    draws: dict[str, Draw] = {FRONT: front}
    draws |= {path.stem: partial(of_lesson, path) for path in notebooks}
    chosen = _choose(options.only, draws)
    store = Store(options.out, list(draws))
    done: list[str] = []
    working(lambda: f"{len(done)} of {len(chosen)} are written: {', '.join(done) or 'none'}")
    failed = [name for name in chosen if not _write(store, name, draws[name], steps[name], done)]
    pictures = store.everything()
    size = sum(sum(one.bytes.values()) for one in pictures)
    print(f"{store.folder / PAGE}: {len(pictures)} pictures, {size / 1e6:.1f} MB")
    return 1 if failed else 0


def _write(store: Store, name: str, draw: Draw, steps: int, done: list[str]) -> bool:
    """Write the pictures of one lesson; say so, or what failed."""
    start = time.perf_counter()
    try:
        bar: Progress[None] = progress(total=steps, desc=name)
        with bar:
            drawings = draw(bar.update)
        store.replace(name, drawings)
    except ValueError as error:
        print(f"{error}; its pictures stay as they were", file=sys.stderr, flush=True)
        return False
    done.append(name)
    seconds = time.perf_counter() - start
    print(f"{name}: {len(drawings)} pictures, {seconds:.0f} s", flush=True)
    return True


def _choose(only: Sequence[str], names: Mapping[str, object] | Collection[str]) -> list[str]:
    """Return the lessons to run: those asked for, given by stem or by file, or all."""
    stems = [Path(name).stem for name in only]
    unknown = sorted(set(stems) - set(names))
    if unknown:
        raise ValueError(f"no lesson is named {', '.join(unknown)}; there are {', '.join(names)}")
    return [name for name in names if name in stems or not stems]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sparcode_mini.course.figures",
        description="Run the lessons, and write their pictures as SVG and PNG.",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    parser.add_argument("--out", type=Path, default=Path("build/figures"), help="where they go")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NB",
        help=f"notebooks, such as 05_tokenizers; {FRONT}: the README's picture (default: all)",
    )
    return parser
