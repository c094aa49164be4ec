"""Sentences of lesson 02 that rest on stored results: each is true of what is stored."""

import pytest

from sparcode_mini.evaluation.storage import break_even_density
from sparcode_mini.lessons.two_tower_limits import report
from sparcode_mini.results import load


@pytest.fixture(scope="module")
def fields():
    return load("fields")


@pytest.fixture(scope="module")
def screen():
    return load("screen")


@pytest.fixture(scope="module")
def errors():
    return load("index_error")


def best_tower(fields, width):
    """Return the R-precision of the best kind of two-tower of a width, the mean over seeds."""
    kinds = {}
    for point in fields["points"]:
        if point["kind"].startswith("two-tower") and point["width"] == width:
            kinds.setdefault(point["kind"], []).append(point["r_precision"])
    return max(sum(values) / len(values) for values in kinds.values())


def test_section_3_the_world_of_lists_needs_width_32_for_new_people(fields):
    assert best_tower(fields, 4) == pytest.approx(0.44, abs=0.006)
    assert best_tower(fields, 16) == pytest.approx(0.80, abs=0.006)
    assert best_tower(fields, 24) < 0.95 < best_tower(fields, 32)
    softmax = [p for p in fields["points"] if p["kind"] == "two-tower, softmax"]
    wide = [p["r_precision"] for p in softmax if p["width"] == 32]
    assert len(wide) == 2 and sum(wide) / 2 == pytest.approx(0.942, abs=5e-4)


def test_section_3_free_vectors_need_24(fields):
    wrong = {point["width"]: point["wrong"] for point in fields["free"]}
    assert wrong[24] == wrong[28] == 0 and wrong[22] > 0


def test_section_3_with_12_of_64_directions_the_trained_tower_loses_little(screen):
    rows = {row["rank"]: row for row in screen["two-tower"]}
    lost = {rank: rows[64]["validation"] - row["validation"] for rank, row in rows.items()}
    assert min(rank for rank, loss in lost.items() if loss <= 0.002) == 12
    assert -0.004 < rows[12]["against whole"]["low"] < 0 < rows[12]["against whole"]["high"]
    assert -0.01 < rows[8]["against whole"]["difference"] < -0.005  # most of a point
    assert rows[12]["other people"] > rows[12]["whole, other people"] - 0.002


def test_section_3_of_the_sum_about_48_directions_hold_most_of_the_gain(screen):
    rows = {row["rank"]: row for row in screen["joined"]}
    for rank in (32, 48, 64, 96, 128, 256, 1682):
        assert rows[rank]["against tower"]["low"] > 0
        assert rows[rank]["against tower"]["p, Holm"] < 0.05
    for rank in (48, 64, 96, 128):
        assert -0.0025 < rows[rank]["against sum"]["difference"] < -0.0015
    assert -0.001 < rows[256]["against sum"]["difference"] < 0
    assert rows[32]["against sum"]["difference"] < -0.004


def test_section_10_narrow_towers_lose_more_than_the_cut(screen):
    rates = screen["config"]["narrow"]["lr"]
    chosen = {row["width"]: row for row in screen["narrow"] if row["chosen"]}
    assert chosen[4]["against cut"]["low"] < 0 < chosen[4]["against cut"]["high"]
    for width in (8, 16):
        assert chosen[width]["against cut"]["difference"] < -0.01
        assert chosen[width]["against cut"]["high"] < 0
    assert all(min(rates) < row["lr"] < max(rates) for row in chosen.values())
    assert all(row["lr"] > 10 * 0.002 for row in chosen.values())
    four = {row["lr"]: row["validation"] for row in screen["narrow"] if row["width"] == 4}
    assert len(rates) == 6 and chosen[4]["lr"] == rates[4]
    assert max(four[rates[3]], four[rates[5]]) < chosen[4]["validation"] - 0.01
    assert screen["config"]["narrow"]["dropout"] == 0.0


def test_section_4_more_links_or_exact_vectors_remove_the_index_error(errors):
    rows = report.settings(errors)
    assert rows.loc["HNSW, 4 links", "recall"] == pytest.approx(0.76, abs=0.01)
    assert rows.loc["HNSW, 32 links", "recall"] == pytest.approx(0.998, abs=0.001)
    short = "IVF-PQ, 4 bytes, 16 of 16 cells"
    assert rows.loc["HNSW, 32 links", "lost"] == 0
    assert rows.loc[f"{short}, re-ranked", "lost"] <= 0.1
    assert rows.loc[short, "lost"] > 3
    assert rows["us"].idxmin() == "exact search"


def test_section_4_the_smallest_index_that_loses_less_than_one_point(errors):
    exact = errors["exact"]["ndcg@50"]
    good = [p for p in errors["ivfpq"] + errors["hnsw"] if exact - p["ndcg@50"] < 0.01]
    smallest = min(p["bytes"] for p in good)
    chosen = {(p["M"], p["nprobe"], p["rerank"]) for p in good if p["bytes"] == smallest}
    assert chosen == {(32, nprobe, False) for nprobe in (4, 8, 16)}
    assert smallest == pytest.approx(172e3, abs=500)


def test_section_4_bytes_of_the_indices(errors):
    exact = errors["exact"]["bytes"]
    for point in errors["hnsw"] + [p for p in errors["ivfpq"] if p["rerank"]]:
        assert point["bytes"] > exact
    assert all(2 * p["bytes"] < exact for p in errors["ivfpq"] if not p["rerank"])
    codebook = 256 * 68 * 4  # 68: the width, padded for 4 parts
    assert codebook == pytest.approx(70e3, abs=500) and pytest.approx(7e3, abs=500) == 4 * 1682
    least = min(p["bytes"] for p in errors["ivfpq"])
    assert codebook > 0.7 * least and least == pytest.approx(94e3, abs=500)
    for bytes_of_a_code in errors["config"]["ivfpq"]["M"]:
        every = [
            p["ndcg@50"] for p in errors["ivfpq"]
            if (p["M"], p["rerank"]) == (bytes_of_a_code, False) and p["nprobe"] in (8, 16)
        ]  # fmt: skip
        assert max(every) - min(every) < 0.002  # more cells do not replace bytes


def test_section_4_model_errors_have_a_row_for_each_model():
    models = report.model_errors(load("table"))
    assert {"all-to-all, every film", "SparCode, 1 probe", "SparCode, 4 probes"} <= set(models)


def test_section_5_the_short_lists_are_denser_than_a_cut_matrix_allows():
    cards = load("models")["cards"]
    card = cards["sparcode-sparse"]
    assert card["density"] == pytest.approx(0.080, abs=5e-4)
    assert cards["sparcode"]["density"] == pytest.approx(0.67, abs=5e-3)
    assert break_even_density(12, 128) < card["density"] < break_even_density(48, 128)
    assert cards["two-tower"]["ndcg@50"] > card["ndcg@50 probes=4"] > card["ndcg@50"]
