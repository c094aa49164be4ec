import json

import pytest

from sparcode_mini.studies import tuning
from sparcode_mini.studies.common import train_and_measure as measure


@pytest.mark.usefixtures("untraced")
def test_reproduce_prints_the_table_and_does_no_row_twice(toy_data, tiny_specs, run, monkeypatch):
    words = ["reproduce", "--seeds", 2, "--out", toy_data / "table.json"]
    code, text = run(*words)
    assert code == 0, text.err[-300:]
    lines = text.out.splitlines()
    # Four rows x (1 | 4 probes), and two with EASE.
    assert sum(line.startswith("| sparcode") for line in lines) == 10
    assert "| two-tower |" in text.out and "100.0%" in text.out
    stored = json.loads((toy_data / "table.json").read_text())
    assert stored["config"]["seeds"] == 2 and "torch" in stored["versions"]
    assert len(stored["rows"]["two-tower"]) == 2
    monkeypatch.setattr(measure, "fit", None)  # training again would fail
    code, again = run(*words)
    assert code == 0 and again.out == text.out


@pytest.mark.usefixtures("untraced")
def test_tune_reports_validation_of_both_models(toy_data, tiny_specs, run):
    code, text = run("reproduce", "--tune", "--out", toy_data / "grid.json")
    assert code == 0, text.err[-300:]
    points = json.loads((toy_data / "grid.json").read_text())["points"]
    assert [p["row"] for p in points if p["chosen"]] == [*tuning.CHOSEN, "sparcode-sparse"]
    sparse = [p["sparsity"] for p in points if p["row"] == "sparcode-sparse"]
    assert sparse == list(tuning.SPARSITIES)
    assert all(0 < p["validation ndcg@50"] < 1 for p in points)
