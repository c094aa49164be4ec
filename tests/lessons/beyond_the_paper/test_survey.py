"""The page of all switches, made of small results."""

import pytest

from sparcode_mini.lessons.beyond_the_paper import survey
from sparcode_mini.studies import beyond

UP = {"difference": 0.012, "low": 0.004, "high": 0.02, "p, Holm": 0.01}
OPEN = {"difference": 0.001, "low": -0.004, "high": 0.006, "p, Holm": 1.0}
DOWN = {"difference": -0.03, "low": -0.04, "high": -0.02, "p, Holm": 0.01}


def result(name, way, probes):
    short = {"gates": UP, "8 tokens": DOWN}
    found = short.get(name, OPEN) if way == beyond.TRAINED else OPEN
    return {"name": name, "against": beyond.BASE, "way": way, "probes": probes, **found}


def entry(name, seed):
    row = {"bytes": 12_000.0, "density": 0.04}
    row |= {f"test probes={R}": 0.30 + 0.01 * seed for R in beyond.PROBES}
    return {
        "name": name,
        "seed": seed,
        "seconds": 1.0,
        "rows": {way: row for way, _ in beyond.WAYS},
    }


SWITCHES = [name for name in beyond.SWITCHES if name != beyond.BASE]
STORED = {
    "gains": [result(name, *way) for name in SWITCHES for way in beyond.WAYS],
    "entries": [entry(name, seed) for name in beyond.SWITCHES for seed in (0, 1)],
    "target": UP,
}


ALSO = [
    {**result(name, *way), "against": other} for way in survey.SHOWN for name, other in beyond.ALSO
]


def test_every_switch_has_a_note_and_no_other_has():
    assert list(survey.NOTES) == SWITCHES


def test_the_page_has_a_line_for_each_switch_in_both_forms():
    page = survey.page(STORED)
    lines = {line[:28].strip(): line[28:] for line in repr(page).splitlines()}
    assert lines["gates"].split("  ")[-1] == "+1.20 (+0.40 to +2.00) *"
    assert " 12 " in lines["base"] + " "
    markup = page._repr_html_()
    assert markup.count("<tr>") == 1 + len(SWITCHES)
    assert "<code>gates=True</code>" in markup and "Jacobs et al. 1991" in markup
    assert "-3.00 (-4.00 to -2.00) *" in markup


def test_options_are_those_of_the_study():
    assert survey.option("FLOPS penalty") == "sparsity=96.0, penalty='flops'"


def test_what_holds_is_named():
    assert survey.better(STORED) == ["gates"] and survey.worse(STORED) == ["8 tokens"]
    first, second = survey.sure(STORED).splitlines()
    assert first.endswith("better none; worse none")
    assert second.endswith("better gates; worse 8 tokens")


@pytest.mark.parametrize(
    ("n", "words"), [(0, "none"), (1, "1 to 3"), (4, "4 to 7"), (8, "8 or more")]
)
def test_counts_in_words(n, words):
    assert survey.how_many(["x"] * n) == words


def test_panels_and_pairs_are_those_of_the_page():
    panels = survey.panels(STORED)
    assert [e.name for e in panels["25 kB, trained again, 4 probes"] if e.sure] == [
        "8 tokens",
        "gates",
    ]
    lines = survey.also({**STORED, "gains": [*STORED["gains"], *ALSO]}).splitlines()
    assert lines[0] == "all entries, 4 probes" and lines[3] == "25 kB, trained again, 4 probes"
    assert lines[1].split("   ")[0] == "soft, tau 3 - tau 3"


def test_the_base_and_the_target_in_words():
    lines = survey.base(STORED).splitlines()
    assert len(lines) == len(beyond.WAYS)
    assert "12.0 kB, density  4.0%   NDCG@50 0.3050 +- 0.0071" in lines[0]
    assert "points: +1.20 (+0.40 to +2.00)" in survey.sparse_against_dense(STORED)
    assert survey.sparse_against_dense(STORED).endswith("trained again: 0.3050 at 4.0%")
