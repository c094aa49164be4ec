"""The misunderstandings and the crib: each typed number is one of the lessons."""

import re
from pathlib import Path

import pytest

from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.course.plans import rows
from typed_numbers import shown_in, typed

ROOT = Path(__file__).resolve().parents[3]
WORDS = {"2": "two", "3": "three", "4": "four", "5": "five", "8": "eight"}


def cell_of(reference):
    return read_lesson(ROOT, reference["notebook"]).cell(reference["cell"])


def crib():
    groups = rows.load_toml(ROOT, "crib")["group"]
    return [entry for group in groups for entry in group["number"]]


def section_of(reference):
    """Return what stands in the section of level 2 of a cell."""
    part = cell_of(reference).parents[:1]
    cells = read_lesson(ROOT, reference["notebook"]).cells
    return "\n".join(cell.text + cell.source for cell in cells if cell.parents[:1] == part)


def test_typed_numbers_of_the_misunderstandings_stand_in_their_cells():
    for entry in rows.load_toml(ROOT, "misunderstandings")["entry"]:
        places = [*entry["cells"], *(one["cell"] for one in entry.get("numbers", {}).values())]
        lesson = read_lesson(ROOT, entry["notebook"])
        shown = shown_in([lesson.cell(name) for name in places])
        assert set(typed(entry["says"] + " " + entry["reply"])) <= shown, entry["says"]


@pytest.mark.parametrize("entry", crib(), ids=lambda entry: entry["what"])
def test_typed_numbers_of_the_crib_stand_in_their_cells(entry):
    references = [entry[key] for key in ("value", "second") if key in entry]
    cells = [cell_of(one) for one in (*references, *entry.get("numbers", {}).values())]
    assert set(typed(entry["what"])) <= shown_in(cells)
    sections = "\n".join(map(section_of, references))
    for kind in ("seed", "probe"):
        for count in set(typed(entry.get(f"{kind}s", "").replace(",", " "))) - {"1"}:
            words = rf"\b(?:(?:{count}|{WORDS[count]}) {kind}s|{kind}s={count})\b"
            assert re.search(words, sections, re.I), (count, kind)
    if entry.get("seeds") == "1":
        assert not re.search(r"\b(?:[2-9]|three|five) seeds\b", cells[0].text)
