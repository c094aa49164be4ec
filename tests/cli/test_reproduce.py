import json

from sparcode_mini.studies.common import train_and_measure as measure


def test_reproduce_prints_the_table_and_does_no_row_twice(toy_data, tiny_specs, run, monkeypatch):
    words = ["reproduce", "--seeds", 2, "--out", toy_data / "table.json"]
    code, text = run(*words)
    assert code == 0
    lines = text.out.splitlines()
    assert sum(line.startswith("| sparcode") for line in lines) == 8  # four rows x (1 | 4 probes)
    assert "| two-tower |" in text.out and "100.0%" in text.out
    stored = json.loads((toy_data / "table.json").read_text())
    assert stored["config"]["seeds"] == 2 and "torch" in stored["versions"]
    assert len(stored["rows"]["two-tower"]) == 2
    monkeypatch.setattr(measure, "fit", None)  # training again would fail
    code, again = run(*words)
    assert code == 0 and again.out == text.out


def test_tune_reports_validation_of_both_models(toy_data, tiny_specs, run):
    code, _ = run("reproduce", "--tune", "--out", toy_data / "grid.json")
    assert code == 0
    points = json.loads((toy_data / "grid.json").read_text())["points"]
    assert [p["model"] for p in points].count("two-tower") == 4
    assert [p["sparsity"] for p in points[24:]] == [0.0, 8.0, 16.0, 32.0]
    assert all(0 < p["validation ndcg@50"] < 1 for p in points)
