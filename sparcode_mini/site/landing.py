"""The first page: the story around the X-ray, the panel, the lessons, and how to start."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from sparcode_mini import results
from sparcode_mini.site import cards, live, pages, story
from sparcode_mini.tools.language import localized
from sparcode_mini.widgets.settings import PROBES

HERE = Path(__file__).parent
XRAY, PANEL = WIDGETS = live.Call("XRay"), live.Call("Panel")  # of the first page
BRANCH = "main"
FIRST = "notebooks/00_start_here.ipynb"
LAST = {"capstone"}  # what stands behind all lessons; what has no number else, after the first one


def page(lessons: Sequence[pages.Lesson], repository: str, others: Sequence[str] = ()) -> str:
    """Return the Markdown of the first page.

    Args:
        lessons: and the notebooks beside them, in any order.
        repository: "owner/name" on GitHub; "" leaves the buttons out.
        others: stems of pages beside the lessons.

    Raises:
        ValueError: what the card of a lesson needs is not in its notebook.
    """
    lessons = sorted(lessons, key=lambda one: (one.stem in LAST, one.number or "00", one.stem))
    stems = [*(lesson.stem for lesson in lessons), *others]
    return Template(localized(HERE / "landing.md")).substitute(
        story=story.story(_living(XRAY)),
        panel=_living(PANEL),
        lessons=cards.cards(lessons),
        **_people(),
        **_probes(),
        beside="\n".join(f"- [](lessons/{stem}.md)" for stem in others),
        contents="\n".join(f"lessons/{stem}" for stem in stems),
        buttons=buttons(repository),
    )


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
    return Template(localized(HERE / "buttons.md")).substitute(
        repository=repository, name=name, branch=BRANCH, first=FIRST
    )


def loads(html: str, out: Path) -> Iterator[Path]:
    """Yield the files that the first page loads: scripts, styles, pictures, and the widget."""
    for link in re.findall(r'<(?:script|img|link)\b[^>]*?(?:src|href)="([^"]+)"', html):
        path = out / link.partition("?")[0]
        if not link.startswith("data:") and path.is_file() and path.suffix != ".html":
            yield path
    yield from (out / "_static" / "live" / f"{call.name}.js" for call in WIDGETS)


def _people() -> dict[str, int]:
    """Return how many people of the X-ray are made up, and how many are real."""
    people = results.load("xray")["data"]["people"]
    real = sum(person["later"] is not None for person in people)
    return {"real": real, "composed": len(people) - real}


def _probes() -> dict[str, int]:
    """Return for how many models of the panel four probes are better and worse than one."""
    rows = [row for row in results.load("sweep")["settings"] if row.get("measured", True)]
    gains = [row[PROBES[4]] - row[PROBES[1]] for row in rows]
    return {
        "measured": len(gains),
        "gaining": sum(gain > 0 for gain in gains),
        "losing": sum(gain < 0 for gain in gains),
    }


def _living(call: live.Call) -> str:
    still = call.make().still()
    return pages.live_figure(call.name, still.png, still.alt, still.width)
