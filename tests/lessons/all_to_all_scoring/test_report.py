"""The lines of the lesson hold the stored numbers, and rows that are missing are left out."""

import re

import pytest

from sparcode_mini.lessons.all_to_all_scoring import report
from sparcode_mini.lessons.all_to_all_scoring.one_pair import meet_person
from sparcode_mini.results import load
from sparcode_mini.studies import scoring


def seed(one, four=None):
    return {"ndcg@50": one} | ({} if four is None else {"ndcg@50 probes=4": four})


def pair(row, probes, difference, twin="two-tower"):
    ends = {"low": difference - 0.01, "high": difference + 0.01}
    head = {"row": row, "probes": probes, "twin": twin, "seeds": 2}
    return {**head, "difference": difference, "p": 0.01, **ends}


TABLE = {
    "rows": {
        "two-tower": [seed(0.3), seed(0.32)],
        "sparcode": [seed(0.25, 0.28), seed(0.27, 0.3)],
        "two-tower-dnn": [seed(0.2)],
        "two-tower-gru": [seed(0.4)],
    },
    "paired": [
        pair("sparcode", 1, -0.05),
        pair("sparcode", 4, -0.02),
        pair("sparcode", 4, -0.09, twin="ease"),
        pair("sparcode-gru", 1, -0.03, twin="two-tower-gru"),
    ],
}


def test_the_ladder_has_the_rows_that_are_there():
    steps = report.ladder(TABLE)
    assert steps == {
        "two-tower": [0.3, 0.32],
        "+ quantiser: SparCode": [0.25, 0.27],
        "+ quantiser: SparCode, 4 probes": [0.28, 0.3],
    }
    lines = report.mean_of_steps(steps).splitlines()
    assert "standard deviation over seeds" in lines[0]
    assert lines[1].startswith("two-tower ") and "0.3100 ± 0.0141  (2 seeds)" in lines[1]


def test_the_costs_of_the_steps_add_up_to_the_whole_way_down():
    rows = {"all-to-all": [seed(0.3)], "sparcode-sparse": [seed(0.2, 0.23), seed(0.22, 0.25)]}
    steps = report.ladder({"rows": TABLE["rows"] | rows})
    cost = report.costs(steps)
    assert cost == pytest.approx({"all-to-all": 1, "the quantiser": 4, "the short lists": 5})
    assert sum(cost.values()) == pytest.approx(31 - 21)


def test_a_step_is_compared_with_the_two_tower_alone():
    lines = report.against_two_tower(TABLE).splitlines()
    assert len(lines) == 3  # that with EASE is another question
    assert lines[1].startswith("+ quantiser: SparCode  ") and "-5.00 (-6.00 to -4.00) *" in lines[1]


def test_a_comparison_of_fewer_seeds_than_its_row_has_says_so():
    rows = {**TABLE["rows"], "sparcode": [seed(0.2), seed(0.3), seed(0.4)]}
    lines = report.against_two_tower({**TABLE, "rows": rows}).splitlines()
    assert all(line.endswith(", 2 of 3 seeds") for line in lines[1:])
    assert "seeds" not in "".join(report.against_two_tower(TABLE).splitlines()[1:])


def test_each_tokenizer_has_its_own_two_tower():
    text = report.by_tokenizer(TABLE)
    assert "GRU: two-tower 0.4000\n  SparCode, 1 probe   -3.00 (-4.00 to -2.00) *" in text
    assert "-9.00" not in text


@pytest.mark.parametrize(("function", "rows"), [(report.scorers, 4), (report.penalties, 3)])
def test_the_study_is_told_row_by_row(function, rows):
    lines = function(load("scoring")).splitlines()
    assert len(lines) == 2 + rows + 4
    assert not any("nan" in line for line in lines)


def test_a_row_of_scorers_holds_the_seeds():
    study = load("scoring")
    (line,) = [s for s in report.scorers(study).splitlines() if s.startswith("concatenation     0")]
    numbers = [float(n) for n in re.findall(r"0\.\d{3}", line)]
    stored = scoring.values(study["entries"], "concatenation", "ndcg@50")
    assert numbers[:3] == pytest.approx(stored, abs=6e-4)
    assert numbers[3] == pytest.approx(sum(stored) / 3, abs=6e-4)


def test_a_reader_can_add_up_the_lines_of_a_pair(trained):
    met = meet_person(trained, trained.split.user_ids[0], 3)
    lines = report.tokens_of_pair(met).splitlines()
    assert len(lines) == 2 + len(met)
    printed = [[float(n) for n in line.split()] for line in lines[1:-1]]
    for _, linear, network, item_bias, S, entry in printed:
        assert linear + network + item_bias == pytest.approx(S, abs=2e-4)
        assert entry == pytest.approx(max(S + trained.bias, 0), abs=1e-9)
    total = sum(numbers[-1] for numbers in printed)
    assert lines[-1] == f"sum of the printed entries {total:.4f}"


def test_the_lists_of_the_world_are_counted():
    lines = report.lists_of_world(load("fields"), 32).splitlines()
    assert len(lines) == 4 and all("of the 952 true ones" in line for line in lines)
