"""The first page: what SparCode does, something to touch, the lessons, and how to start."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from sparcode_mini.plots.problem import problem
from sparcode_mini.site import live, pages

HERE = Path(__file__).parent
WIDGET = "CodebookPlayground"  # what lives on the first page
BRANCH = "main"
FIRST = "notebooks/00_start_here.ipynb"


def page(lessons: Sequence[pages.Lesson], repository: str) -> str:
    """Markdown of the first page.

    Args:
        lessons: in their order.
        repository: "owner/name" on GitHub; "" leaves the buttons out.

    Raises:
        ValueError: a lesson has no line in lessons.toml.
    """
    picture, still = problem(), live.make(WIDGET).still()
    return Template((HERE / "landing.md").read_text("utf-8")).substitute(
        picture=pages.figure(picture.png, picture.alt, picture.width),
        widget=pages.live_figure(WIDGET, still.png, still.alt, still.width),
        lessons="\n".join(_line(lesson) for lesson in lessons),
        contents="\n".join(f"lessons/{lesson.stem}" for lesson in lessons),
        buttons=buttons(repository),
    )


def repository(text: str) -> str:
    """Check "owner/name", given so or as an address on GitHub; "" stays "".

    Raises:
        ValueError: it is something else.
    """
    name = text.strip().removeprefix("https://github.com/").removesuffix("/").removesuffix(".git")
    if name and not re.fullmatch(r"[\w-]+/[\w.-]+", name):
        raise ValueError(f"the repository is {text!r}; give owner/name on GitHub")
    return name


def buttons(repository: str) -> str:
    """Markdown of the ways to start in a browser; nothing where the repository is not known."""
    if not repository:
        return ""
    name = repository.partition("/")[2]
    return Template((HERE / "buttons.md").read_text("utf-8")).substitute(
        repository=repository, name=name, branch=BRANCH, first=FIRST
    )


def loads(html: str, out: Path) -> Iterator[Path]:
    """Files that the first page loads: scripts, styles, pictures, and the widget."""
    for link in re.findall(r'<(?:script|img|link)\b[^>]*?(?:src|href)="([^"]+)"', html):
        path = out / link.partition("?")[0]
        if not link.startswith("data:") and path.is_file() and path.suffix != ".html":
            yield path
    yield from (out / "_static" / "live").glob(f"{WIDGET}.js")


def _line(lesson: pages.Lesson) -> str:
    lines = tomllib.loads((HERE / "lessons.toml").read_text("utf-8"))
    if lesson.number not in lines:
        raise ValueError(f"lessons.toml has no line for {lesson.stem}; add '{lesson.number}'")
    link = f"[{lesson.number} · {lesson.title}](lessons/{lesson.stem}.ipynb)"
    return f"- {link}<br>{lines[lesson.number]}"
