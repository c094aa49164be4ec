"""The page of results follows the stored numbers; test_stored.py compares the stored page."""

import copy

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.real_data import report
from sparcode_mini.lessons.real_data.table import lines

FRONT = {
    "compared": [
        {"budget": 16_000, "matrix": "D = 8, int8", "matrix ndcg@50": 0.31, "lists": "best 50",
         "lists ndcg@50": 0.29, "difference": -0.02, "low": -0.03, "high": -0.01, "p": 0.001,
         "p, Holm": 0.002}
    ]
}  # fmt: skip


@pytest.fixture
def changed(monkeypatch):
    """Load a table in which two numbers are others, and a small front."""
    stored = results.load
    table = copy.deepcopy(stored("table"))
    table["summary"]["sparcode"]["ndcg@50"]["mean"] = 0.5
    (one,) = (r for r in table["paired"] if (r["row"], r["probes"]) == ("sparcode-dnn", 1))
    one["difference"], one["p"], one["p, Holm"] = -0.09, 1.0, 1.0
    others = {"table": table, "front": FRONT}
    monkeypatch.setattr(results, "load", lambda name: others.get(name) or stored(name))
    return table


def test_every_line_of_the_table_is_a_row(changed):
    page = report.page()
    names = [line.name for line in lines(changed)]
    assert len(names) == len(set(names)) > 12
    assert all(f"\n| {name} |" in page for name in names)


def test_another_number_makes_another_page(changed):
    page = report.page()
    assert "| SparCode, self-attention, 1 probe | 50.00 ± " in page
    tower = changed["summary"]["two-tower"]["ndcg@50"]["mean"]
    assert f"| {0.5 / tower:.1%} |" in page
    assert "| SparCode, DNN, 1 probe | -9.00 |" in page and "| 1.0000 | 1.0000 |" in page
    assert "with one probe, as in the paper, -9.0 to" in page
    assert "| 16,000 | D = 8, int8 | 31.00 | best 50 | 29.00 | -2.00 |" in page


def test_it_is_written_as_utf_8(changed, tmp_path):
    report.write(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text("utf-8") == report.page()
