"""Build the static site from the stored notebooks, without a network and without a kernel."""

import argparse
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from plotly.offline import get_plotlyjs

from sparcode_mini.lessons.text.languages import lesson_folder
from sparcode_mini.site import cards, landing, languages, live, maths, pages
from sparcode_mini.tools.folders import check_replaceable, replace
from sparcode_mini.tools.language import language

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LESSONS = "lessons"  # folder of the site


def main(argv: Sequence[str] | None = None) -> int:
    """Build the site and print how large it is and how long it took.

    Args:
        argv: command-line arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0, or 1 after a message if something is wrong.
    """
    options = _parser().parse_args(argv)
    start = time.perf_counter()
    try:
        repository = landing.repository(options.repository or _declared(options.root))
        build(options.root, options.out, repository)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    first, whole = (size / 1e6 for size in sizes(options.out))
    print(f"{options.out / 'index.html'}: {time.perf_counter() - start:.0f} s")
    print(f"landing page {first:.2f} MB with all it loads; site {whole:.1f} MB")
    if not repository:
        print("no buttons for Binder, Colab, Codespaces: give SITE_REPOSITORY=owner/name")
    return 0


def build(root: Path, out: Path, repository: str = "") -> None:
    """Write the site of the project in `root` into `out`, which is replaced at the end.

    A site that was there stays as it was if the new one can't be built.

    Args:
        root: folder of the project, with notebooks/.
        out: folder of the site.
        repository: "owner/name" on GitHub for the buttons; "" = no buttons.

    Raises:
        ValueError: `out` holds other files; a notebook or a page has a fault.
    """
    folder = lesson_folder(root / "notebooks", language())
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise ValueError(f"{folder} has no notebook; name the project's folder: --root")
    check_replaceable(out)
    with (
        tempfile.TemporaryDirectory(prefix="sparcode-site-") as name,
        languages.others(root, Path(name), repository) as others,
    ):
        work = Path(name)
        lessons = [pages.lesson(path) for path in paths]
        made = _sphinx(root, lessons, work, repository)
        _add_files(lessons, made / "_static")
        languages.join(others, work, made)
        replace(out, made)


def _sphinx(root: Path, lessons: Sequence[pages.Lesson], work: Path, repository: str) -> Path:
    """Run Sphinx; return the folder of what it made."""
    from sphinx.cmd.build import build_main

    source = work / "source"
    (source / LESSONS).mkdir(parents=True)
    for lesson in lessons:
        lesson.write(source / LESSONS)
    beside = languages.pages(root)
    for name, text in beside.items():
        (source / LESSONS / name).write_text(text, "utf-8")
    first = landing.page(lessons, repository, [Path(name).stem for name in beside])
    (source / "index.md").write_text(first, "utf-8")
    # -W: a broken link or an unknown formula is an error, not a warning that nobody reads.
    options = ["-q", "-W", "--keep-going", "-c", str(HERE), "-d", str(work / "trees")]
    options += languages.options()
    made = work / "site"  # MyST-NB writes a folder beside it
    if build_main([*options, "-b", "html", str(source), str(made)]):
        raise ValueError("Sphinx found the faults above; mend the notebook or page it names")
    return made


def _add_files(lessons: Sequence[pages.Lesson], static: Path) -> None:
    """Write what pages load beside the files of Sphinx."""
    calls = {call for lesson in lessons for call in lesson.live} | set(landing.WIDGETS)
    maths.write_style(static)
    cards.write(lessons, static)
    live.write(calls, static / "live")
    if any(lesson.plotly for lesson in lessons):
        (static / pages.PLOTLY_FILE).write_text(get_plotlyjs(), "utf-8")
    languages.write_script(static)


def sizes(out: Path) -> tuple[int, int]:
    """Return the bytes of the landing page with all that it loads, and of the whole site."""
    html = (out / "index.html").read_text("utf-8")
    loaded = [out / "index.html", *(path for path in landing.loads(html, out))]
    everything = [path for path in out.rglob("*") if path.is_file()]
    return sum(p.stat().st_size for p in loaded), sum(p.stat().st_size for p in everything)


def _declared(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project.get("urls", {}).get("Repository", ""))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sparcode_mini.site", description="Build the static site of the lessons."
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    parser.add_argument("--out", type=Path, default=Path("build/site"), help="where it goes")
    parser.add_argument(
        "--repository",
        default=os.environ.get("SITE_REPOSITORY", ""),
        help="owner/name on GitHub, for buttons (default: SITE_REPOSITORY, else pyproject.toml)",
    )
    return parser
