"""The page of results follows the stored numbers; test_stored.py compares the stored page."""

import copy

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.real_data import report
from sparcode_mini.lessons.real_data.table import lines


@pytest.fixture
def changed(monkeypatch):
    """Load a table in which one number is another; everything else is as stored."""
    stored = {name: results.load(name) for name in ("table", "reaching", "training_time")}
    table = copy.deepcopy(stored["table"])
    table["summary"]["sparcode"]["ndcg@50"]["mean"] = 0.5
    table["paired"][1]["difference"] = -0.09  # SparCode with the DNN, one probe
    monkeypatch.setattr(results, "load", {**stored, "table": table}.get)
    return table


def test_every_line_of_the_table_is_a_row():
    page = report.page()
    names = [line.name for line in lines(results.load("table"))]
    assert len(names) == 13
    assert all(f"\n| {name} |" in page for name in names)


def test_another_number_makes_another_page(changed):
    page = report.page()
    assert "| SparCode, self-attention, 1 probe | 50.00 ± " in page
    tower = changed["summary"]["two-tower"]["ndcg@50"]["mean"]
    assert f"| {0.5 / tower:.1%} |" in page
    assert "| SparCode, DNN, 1 probe | -9.00 |" in page
    assert "1.3 to 9.0 points below" in page


def test_it_is_written_as_utf_8(tmp_path):
    report.write(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text("utf-8") == report.page()
