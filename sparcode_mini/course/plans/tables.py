"""Two tables for the lectern: misunderstandings, and the crib of numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.course.numbers import fill, look_up, resolve
from sparcode_mini.course.plans.rows import load_toml
from sparcode_mini.tools.language import language

Group = dict[str, Any]  # a title, and rows of texts
Table = tuple[str, str, list[str], list[Group]]  # title, introduction, head of the columns, groups


def misunderstandings(root: Path) -> Table:
    """Return the table of what people say, the reply, and where it is shown.

    Raises:
        ValueError: an entry names a cell or a number that is not there.
    """
    content = load_toml(root, "misunderstandings")
    rows = []
    for entry in content["entry"]:
        lesson = read_lesson(root, entry["notebook"], language())
        cells = [lesson.cell(name) for name in entry["cells"]]
        numbers = look_up(entry.get("numbers", {}), root, lesson.name)
        (reply,) = fill([entry["reply"]], numbers)
        places = ", ".join(cell.address for cell in cells)
        section = cells[0].parents[0].partition("·")[0].strip() if cells[0].parents else ""
        rows.append((entry["says"], reply, f"{lesson.number}, {section}: {places}"))
    return content["title"], content["intro"], content["head"], [{"title": "", "rows": rows}]


def crib(root: Path) -> Table:
    """Return the crib: which number is that?

    Raises:
        ValueError: an entry names a number that is not there.
    """
    content = load_toml(root, "crib")
    groups = [
        {
            "title": group["title"],
            "rows": [_crib_row(entry, root) for entry in group["number"]],
        }
        for group in content["group"]
    ]
    return content["title"], content["intro"], content["head"], groups


def _crib_row(entry: Mapping[str, Any], root: Path) -> tuple[str, ...]:
    numbers = [resolve(entry[key], root) for key in ("value", "second") if key in entry]
    lesson = read_lesson(root, entry["value"]["notebook"], language())
    cell = lesson.cell(entry["value"]["cell"])
    texts = [entry["what"], entry.get("seeds", "-"), entry.get("probes", "-")]
    return (
        "**" + " / ".join(numbers) + "**",
        *fill(texts, look_up(entry.get("numbers", {}), root)),
        f"{lesson.number}, {cell.address}",
    )
