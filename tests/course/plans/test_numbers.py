from pathlib import Path

import pytest

from sparcode_mini.course.numbers import fill, look_up, resolve
from sparcode_mini.course.plans.tables import crib, misunderstandings

ROOT = Path(__file__).resolve().parents[3]
LISTS = {"notebook": "00", "cell": "4f572004", "find": r"lists: (\d+)"}
TOWER = {
    "result": "table",
    "path": ["summary", "two-tower", "ndcg@50", "mean"],
    "scale": 100,
    "format": ".1f",
}


def test_a_number_of_a_cell_and_of_a_result():
    assert resolve(LISTS, ROOT) == "64"
    assert resolve({**LISTS, "scale": 2, "format": "d"}, ROOT) == "128"
    assert resolve(TOWER, ROOT) == "33.3"
    pair = {"row": "sparcode", "twin": "two-tower", "probes": 4}
    spec = {"result": "table", "path": ["paired", pair, "difference"], "scale": 100}
    assert resolve({**spec, "format": "+.2f"}, ROOT) == "-1.60"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({**LISTS, "find": r"nothing (\d)"}, "finds nothing"),
        ({**LISTS, "find": r"lists: \d+"}, "one group"),
        ({**LISTS, "find": r"(\d)"}, "finds"),
        ({**LISTS, "cell": "x"}, "no cell"),
        ({"cell": "x"}, "is no reference"),
        ({**LISTS, "colour": 1}, "is no reference"),
        ({**TOWER, "path": ["summary", "three-tower"]}, "no 'three-tower' of"),
        ({**TOWER, "path": ["paired", {"row": "sparcode"}]}, "entries have"),
        ({**TOWER, "path": ["summary"]}, "leads to no number"),
    ],
)
def test_bad_references_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        resolve(spec, ROOT)


def test_numbers_stand_in_place_of_their_names():
    numbers = {"n": "3", "m": "4"}
    texts = [r"{n} of $\text{ReLU}_{n}$", "`{m} {k}`"]
    assert fill(texts, numbers) == [r"3 of $\text{ReLU}_3$", "`4 {k}`"]
    with pytest.raises(ValueError, match=r"\{k\} has no number in 'a \{k\}'"):
        fill(["a {k}"], {})
    with pytest.raises(ValueError, match="no text uses the number 'm'"):
        fill(["{n}"], numbers)


def test_a_bad_reference_is_named():
    cell = {name: LISTS[name] for name in ("cell", "find")}
    assert look_up({"lists": cell}, ROOT, "00") == {"lists": "64"}
    with pytest.raises(ValueError, match=r"number 'lists': .* is no reference"):
        look_up({"lists": cell}, ROOT)


def test_the_tables():
    title, _, head, groups = crib(ROOT)
    rows = [row for group in groups for row in group["rows"]]
    assert title.startswith("Which 0.3")
    assert len(rows) > 25
    assert all(len(row) == len(head) for row in rows)
    assert {"**0.3332**", "**0.3345**", "**0.305**"} <= {row[0] for row in rows}
    _, _, head, ((group),) = misunderstandings(ROOT)
    assert len(group["rows"]) > 12
    assert all(len(row) == len(head) and "In\N{NO-BREAK SPACE}[" in row[2] for row in group["rows"])
