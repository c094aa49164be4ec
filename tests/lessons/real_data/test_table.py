"""The table of lesson 7: shown as stored, the authors' figures beside it."""

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.real_data import authors, table
from sparcode_mini.lessons.real_data import draw as plots
from sparcode_mini.studies import table as reproduce


@pytest.fixture(scope="module")
def stored():
    return results.load("table")


def test_every_line_shows_the_stored_means(stored):
    text = table.show(stored)
    for line in table.lines(stored):
        mean = stored["summary"][line.row]["ndcg@50" + (" probes=4" if line.probes == 4 else "")]
        assert line.values["ndcg@50"] == (mean["mean"], mean["sd"])
        found = [row for row in text.splitlines() if row.startswith(line.name.ljust(42))]
        assert len(found) == 2  # at 50, at 10
        assert found[0].split()[-1 if line.seeds == 1 else -3] == f"{100 * mean['mean']:.2f}"


def test_sparcode_is_shown_once_per_number_of_probes(stored):
    names = [line.name for line in table.lines(stored)]
    assert "SparCode, self-attention, 1 probe" in names
    assert "SparCode, self-attention, 4 probes" in names and len(names) == len(set(names))


def test_differences_are_those_of_the_means(stored):
    means = {(line.row, line.probes): line.values["ndcg@50"][0] for line in table.lines(stored)}
    for found in stored["paired"]:
        whole = found["seeds"] == len(stored["rows"][found["row"]])
        twin_whole = found["twin seeds"] == len(stored["rows"][found["twin"]])
        if whole and twin_whole:  # compared over every seed of the table
            key = (found["row"], found["probes"] if found["row"].startswith("sparcode") else 0)
            apart = means[key] - means[found["twin"], 0]
            assert found["difference"] == pytest.approx(apart, abs=1e-3)
        assert found["low"] <= found["difference"] <= found["high"]


def test_shares_of_the_authors_are_of_the_twin(stored):
    lines = table.show_authors(stored).splitlines()
    (gru,) = [line for line in lines if line.startswith("SparCode, GRU")]
    theirs = authors.MOVIELENS_10M
    share = theirs["sparcode-gru"][1] / theirs["two-tower-gru"][1]
    assert gru.split()[-1] == f"{share:.1%}"
    (tower,) = [line for line in lines if line.startswith("two-tower, GRU")]
    assert tower.split()[-1] == "100.0%"


def test_a_row_or_seed_named_twice_counts_once(toy_split, tmp_path):
    found = reproduce.reproduce(toy_split, tmp_path, [1, 0, 1], ["popularity", "popularity"])
    assert [one["seed"] for one in found["rows"]["popularity"]] == [1, 0]


def test_pictures_name_every_line(stored):
    alt = plots.quality(stored).alt
    assert all(line.name in alt for line in table.lines(stored))
    assert all(
        table.paired_name(one) in plots.against_twins(stored).alt for one in stored["paired"]
    )
