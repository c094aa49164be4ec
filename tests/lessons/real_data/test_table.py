"""The table of lesson 08: shown as stored, beside the figures of the authors."""

import pytest

from sparcode_mini import results
from sparcode_mini.evaluation.paired import holm
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
        rows = [row for row in text.splitlines() if row.startswith(line.name.ljust(42))]
        assert len(rows) == 2  # at 50, at 10
        assert table.percent(mean["mean"], mean["sd"]) in rows[0]


def test_sparcode_is_shown_once_per_number_of_probes(stored):
    names = [line.name for line in table.lines(stored)]
    assert "SparCode, self-attention, 1 probe" in names
    assert "SparCode, self-attention, 4 probes" in names and len(names) == len(set(names))


def test_differences_are_those_of_the_means(stored):
    means = {(line.row, line.probes): line.values["ndcg@50"][0] for line in table.lines(stored)}
    for row in stored["paired"]:
        whole = row["seeds"] == len(stored["rows"][row["row"]])
        twin_whole = row["twin seeds"] == len(stored["rows"][row["twin"]])
        if whole and twin_whole:  # compared over every seed of the table
            name, probes = row["row"], row["probes"]
            probes = probes if (name, probes) in means else 0  # a row without codes of its own
            apart = means[name, probes] - means[row["twin"], 0]
            assert row["difference"] == pytest.approx(apart, abs=1e-3)
        assert row["low"] <= row["difference"] <= row["high"]


def test_a_difference_holds_after_the_correction_for_all(stored):
    rows = stored["paired"]
    assert [row["p, Holm"] for row in rows] == holm([row["p"] for row in rows])
    for row, text in zip(rows, table.show_paired(stored).splitlines()[1:], strict=True):
        assert text.startswith(table.paired_name(row))
        assert text.endswith("open") == (row["p, Holm"] >= 0.05)


def test_shares_of_the_authors_are_of_the_twin(stored):
    lines = table.show_authors(stored).splitlines()
    (gru,) = [line for line in lines if line.startswith("SparCode, GRU")]
    published = authors.MOVIELENS_10M
    share = published["sparcode-gru"][1] / published["two-tower-gru"][1]
    assert gru.split()[-1] == f"{share:.1%}"
    (tower,) = [line for line in lines if line.startswith("two-tower, GRU")]
    assert tower.split()[-1] == "100.0%"


def test_a_row_or_seed_named_twice_counts_once(toy_split, tmp_path):
    twice = ["popularity", "two-tower-dnn", "popularity"]
    again = reproduce.reproduce(toy_split, tmp_path, [1, 0, 1], twice)
    assert [row["seed"] for row in again["rows"]["two-tower-dnn"]] == [1, 0]
    assert len(again["rows"]["popularity"]) == 1  # nothing is drawn


def test_where_nothing_is_drawn_there_is_one_seed():
    for row in ("popularity", "item-knn", "ease"):
        assert list(reproduce.seeds_of(row, [4, 2, 7])) == [4]


def test_slow_rows_have_the_first_seeds_alone():
    assert list(reproduce.seeds_of("all-to-all", [4, 2, 7, 1])) == [4, 2, 7]
    assert list(reproduce.seeds_of("two-tower", [4, 2, 7, 1])) == [4, 2, 7, 1]


def test_a_model_that_is_compared_is_measured_once(toy_split, tmp_path):
    rows = ("ease", "two-tower")
    first = reproduce.reproduce(toy_split, tmp_path, [0], rows)["paired"]
    (tmp_path / "two-tower-0.safetensors").unlink()
    assert reproduce.against_twins(toy_split, tmp_path, [0], rows) == first != []


def test_pictures_name_every_line(stored):
    quality, twins = plots.quality(stored).alt, plots.against_twins(stored).alt
    assert all(line.name in quality for line in table.lines(stored))
    assert all(table.paired_name(row) in twins for row in stored["paired"])


def test_a_comparison_that_is_not_there_is_named(stored):
    with pytest.raises(KeyError, match="was not compared"):
        table.difference(stored, "sparcode", 1, "popularity")


@pytest.mark.parametrize(
    ("difference", "p", "name"), [(0.01, 0.01, "a"), (-0.01, 0.01, "b"), (0.01, 0.2, "open")]
)
def test_nobody_is_ahead_unless_it_holds(difference, p, name):
    assert table.ahead({"difference": difference, "p, Holm": p}, "a", "b") == name


def test_a_part_of_the_places_can_be_shown(stored):
    text = table.show(stored, ks=(50,))
    assert "ndcg@50" in text and "@10" not in text
    few = table.show(stored, rows=["popularity", "two-tower"]).splitlines()
    assert [line.split()[0] for line in few if line[:1].strip()] == ["popularity", "two-tower,"] * 2
