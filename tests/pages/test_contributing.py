"""CONTRIBUTING.md shows the rooms that there are, in an order that the imports keep."""

import re
from pathlib import Path

import structure

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PLACEHOLDER = re.compile(r"\b(?:NAME|name|topic|test_name|11_topic)\b|widget_name")


def test_the_map_has_a_line_for_each_room():
    named = re.findall(r"^\| `(\w+)(?:/|\.py)` \| \S", TEXT, re.M)
    assert sorted(named) == structure.rooms()


def test_each_room_imports_only_rooms_above_it():
    order = re.search(r"above it in this order: ([^.]+)\.", TEXT)[1].replace("\n", " ").split(", ")
    folders = set(structure.rooms()) - {"results", "lab"}
    assert set(order) == folders
    for room, imported in structure.arrows(structure.imports()).items():
        if room in folders:
            below = set(order[order.index(room) + 1 :])
            assert imported & below == set(), room


def test_it_speaks_of_files_that_exist():
    names = re.findall(r"`([\w./-]+(?:/|\.(?:py|md|json|yml|toml|txt|ipynb)))`", TEXT)
    checked = [name for name in names if "/" in name and not PLACEHOLDER.search(name)]
    assert len(checked) > 15
    places = (ROOT, ROOT / "sparcode_mini", ROOT / "tests", ROOT / "sparcode_mini/model")
    missing = [name for name in checked if not any((place / name).exists() for place in places)]
    assert missing == []
