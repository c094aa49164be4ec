"""The first page: the story around the X-ray, the panel, the lessons, and how to start."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from nbformat import NotebookNode

from sparcode_mini.site import cards, live, pages, story
from sparcode_mini.widgets import Panel

HERE = Path(__file__).parent
WIDGET = "XRay"  # of the first page
BRANCH = "main"
FIRST = "notebooks/00_start_here.ipynb"
FIRST_ABOUT = "the whole flow once, on real films"
BESIDE = {  # notebooks beside the lessons; those not in LAST are shown after the first one
    "questions": "what one learner asked, in Chinese and English, each with its answer",
    "capstone": "your own quantiser, scorer and index, put together from the exercises",
}
LAST = {"capstone"}  # of them, what stands behind all lessons
ABOUT = r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$"  # a row of the first lesson's table of all lessons


def page(lessons: Sequence[pages.Lesson], repository: str, others: Sequence[str] = ()) -> str:
    """Return the Markdown of the first page.

    Args:
        lessons: and the notebooks beside them, in any order.
        repository: "owner/name" on GitHub; "" leaves the buttons out.
        others: stems of pages beside the lessons.

    Raises:
        ValueError: a lesson is not in the table of the first one, or its card lacks something.
    """
    lessons = sorted(lessons, key=lambda one: (one.stem in LAST, one.number or "00", one.stem))
    still, panel = live.make(WIDGET).still(), Panel().still()
    about = abouts(lessons[0].notebook)
    topics = {lesson.stem: _topic(lesson, about) for lesson in lessons}
    stems = [*(lesson.stem for lesson in lessons), *others]
    return Template((HERE / "landing.md").read_text("utf-8")).substitute(
        story=story.story(pages.live_figure(WIDGET, still.png, still.alt, still.width)),
        panel=pages.figure(panel.png, panel.alt, panel.width),
        lessons=cards.cards(lessons, topics),
        beside="\n".join(f"- [](lessons/{stem}.md)" for stem in others),
        contents="\n".join(f"lessons/{stem}" for stem in stems),
        buttons=buttons(repository),
    )


def abouts(first: NotebookNode) -> dict[str, str]:
    """Return the topic of each lesson by its number, from the table in the first notebook."""
    text = "\n".join(cell.source for cell in first.cells if cell.cell_type == "markdown")
    return dict(re.findall(ABOUT, text, re.M))


def repository(text: str) -> str:
    """Return "owner/name" of a repository, given so or as an address on GitHub; "" stays "".

    Raises:
        ValueError: it is something else.
    """
    name = text.strip().removeprefix("https://github.com/").removesuffix("/").removesuffix(".git")
    if name and not re.fullmatch(r"[\w-]+/[\w.-]+", name):
        raise ValueError(f"the repository is {text!r}; give owner/name on GitHub")
    return name


def buttons(repository: str) -> str:
    """Return Markdown of the ways to start in a browser; "" if the repository is not known."""
    if not repository:
        return ""
    name = repository.partition("/")[2]
    return Template((HERE / "buttons.md").read_text("utf-8")).substitute(
        repository=repository, name=name, branch=BRANCH, first=FIRST
    )


def loads(html: str, out: Path) -> Iterator[Path]:
    """Yield the files that the first page loads: scripts, styles, pictures, and the widget."""
    for link in re.findall(r'<(?:script|img|link)\b[^>]*?(?:src|href)="([^"]+)"', html):
        path = out / link.partition("?")[0]
        if not link.startswith("data:") and path.is_file() and path.suffix != ".html":
            yield path
    yield from (out / "_static" / "live").glob(f"{WIDGET}.js")


def _topic(lesson: pages.Lesson, about: dict[str, str]) -> str:
    if f"notebooks/{lesson.stem}.ipynb" == FIRST:
        return FIRST_ABOUT
    words = about.get(lesson.number) or BESIDE.get(lesson.stem)
    if words is None:
        raise ValueError(
            f"{lesson.stem} is not in the table of {FIRST}; add the row '| {lesson.number} | ...', "
            "or a line to BESIDE if it is no lesson"
        )
    return words
