"""What the lesson says in words is so: numbers of the text against the code and what is stored."""

import itertools
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.vector_quantization import faults, report
from sparcode_mini.lessons.vector_quantization import widget_codebook as toy
from sparcode_mini.worlds.fields import clusters_2d

NOTEBOOK = Path(__file__).parents[3] / "notebooks/03_vector_quantization.ipynb"


@pytest.fixture(scope="module")
def points():
    return toy.CodebookPlayground().x  # (240, 2)


@pytest.fixture(scope="module")
def start(points):
    return toy.start_of("random points", points, 6, seed=1)


@pytest.fixture(scope="module")
def output():
    """Everything that the stored notebook printed, and the words of its pictures."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    parts = [o.get("text", o.get("data", {}).get("text/plain", "")) for o in outputs]
    return "\n".join("".join(part) for part in parts)


def test_the_panel_begins_as_the_text_does(points, start):
    assert torch.equal(points, torch.from_numpy(clusters_2d(240, 5, 0.3, 0)[0]))
    assert toy.CodebookPlayground().codewords == start.tolist()


def test_lloyd_never_raises_the_distortion(points, start):
    paths = toy.path("lloyd", points, start, steps=20)
    errors = [toy.measure(points, codewords)["distortion"] for codewords in paths]
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(errors))


def test_after_one_step_ema_is_lloyd_and_then_lags(points, start):
    ways = toy.three_ways(points, start, steps=2)
    assert torch.allclose(ways["ema"][1], ways["lloyd"][1])
    assert not torch.allclose(ways["gradient"][1], ways["lloyd"][1], atol=0.1)
    assert (ways["ema"][2] - ways["lloyd"][2]).abs().max() > 0.05


def test_no_way_brings_a_dead_codeword_back_and_a_restart_does(points, start):
    far = start.clone()
    far[0] = 9.0
    for restart, dead in ((0.0, {1}), (0.05, {0})):
        assert set(toy.dead_after(points, far, 40, restart=restart).values()) == dead


def test_with_batches_ema_moves_least(points, start):
    ways = toy.three_ways(points, start, steps=40, batch=8)
    steps = {way: float((p[21:] - p[20:-1]).norm(dim=2).mean()) for way, p in ways.items()}
    assert steps["ema"] < 0.2 * steps["lloyd"]
    assert steps["ema"] < steps["gradient"] < steps["lloyd"]


def test_a_bad_end_has_two_clusters_on_one_codeword_and_no_dead_one():
    eight, cluster = map(torch.from_numpy, clusters_2d(240, clusters=8, spread=0.12, seed=5))
    ends = []
    for kind in ("random points", "k-means++"):
        for seed in range(40):
            book = toy.path("lloyd", eight, toy.start_of(kind, eight, 8, seed), 25)[-1]
            codes = torch.cdist(eight, book).argmin(1)
            table = F.one_hot(codes, 8).T @ F.one_hot(cluster, 8)  # (codewords, clusters)
            most = 2 * table > table.sum(0)  # holds most of the cluster
            two = bool((most.sum(1) > 1).any())
            ends.append((toy.measure(eight, book)["distortion"], two, int(table.sum(1).min())))
    limit = 1.05 * min(ends)[0]
    assert all(two == (distortion >= limit) for distortion, two, _ in ends)
    assert min(least for *_, least in ends) / 30 >= 0.1 > sm.ProductQuantizer().restart


def test_without_commitment_the_classifier_pushes_the_tokens_outwards():
    assert min(faults.train_encoder(0.0)["outwards"][20:]) >= 0.95


def test_too_much_commitment_holds_the_tokens_where_two_classes_share_a_codeword():
    for rate in (0.25, 0.1):
        held = faults.train_encoder(4.0, rate)
        assert max(held["moved"]) < 0.4 and held["possible"][0] == 158
        assert held["possible"][-1] <= 160
    free = faults.train_encoder(0.25)
    assert free["moved"][-1] > 1.5 and free["possible"][-1] > 190


def test_too_much_commitment_costs_a_fifth_of_the_labels_at_any_rate():
    for rate in (0.5, 0.25, 0.1):
        assert 150 <= faults.train_encoder(4.0, rate)["right"][-1] <= 165


def test_numbers_of_the_text_are_those_that_were_printed(output):
    for words in (
        "different tokens: 3772 of 3772",
        "codes of person 582: [26, 5, 26, 5]",
        "uneven  used 2 of 3, perplexity 1.569",
        "SparCode: used 128 of 128, perplexity 108.0",
        "random points: 12 of 40 within 5% of the best",
        "k-means++: 22 of 40 within 5% of the best",
        "46 bad ends; the least used codeword of each has 0.10 to",
        "0 dead; EMA 0.850 to 0.207",
        "SparCode, factor 100: 24% of the codes change",
        "of 200 random codebooks, 82 have a codeword that nothing chooses",
        "SparCode, tokens and codewords: 8.0 to 8.0  5.0 to 7.4",
    ):
        assert words in output


def test_a_perplexity_by_hand():
    share = torch.tensor([5 / 6, 1 / 6], dtype=torch.float64)
    parts = -(share * share.log())
    assert [round(part, 3) for part in parts.tolist()] == [0.152, 0.299]
    assert round(float(parts.sum().exp()), 3) == 1.569


def test_the_codes_of_items_need_fewer_bytes_than_the_two_tower():
    study = results.load("codes_after_or_with")
    rows = report.settings(study, "items")
    assert all(row["bytes"] < 1682 * 64 * 2 for row in rows)


def test_items_gain_from_training_with_codes_at_the_two_smaller_sizes():
    study = results.load("codes_after_or_with")
    rows = report.settings(study)
    verdicts = [report.verdict(row) for row in rows]
    assert verdicts == [report.LEARNT, report.LEARNT, report.OPEN, report.OPEN]
    points = [round(100 * report.decisive(row)["difference"], 1) for row in rows[:2]]
    assert points == [4.7, 1.2]
    assert [row["bytes"] for row in rows[:3]] == [2889, 5412, 15504]
    assert [row["with"] for row in rows[:3]] == ["JPQ"] * 3
    assert all(one["tail"] <= one["start"] for one in study["plain"] if one["rate"])
    trunk = [one["test"] for one in study["plain"] if not one["rate"]]
    assert round(sum(trunk) / 3, 3) == 0.333
    assert all(report.mean(row, way) < 0.333 for row in rows for way in row["ways"])


def test_vq_against_plain_and_against_the_best_coordinates():
    rows = report.settings(results.load("codes_after_or_with"))
    found = [
        {one["b"]: (round(100 * one["difference"], 1), holds(one)) for one in row["comparisons"]
         if one["a"] == "VQ"}
        for row in rows[:3]
    ]  # fmt: skip
    assert [one["plain"] for one in found] == [(2.5, True), (4.6, True), (2.9, True)]
    assert rows[0]["after"] == "plain" and not found[1][rows[1]["after"]][1]
    assert found[2][rows[2]["after"]] == (-1.1, True)
    kept = [
        sum(one["start"] >= one["tail"] for way in row["tried"] for one in row["ways"][way])
        for row in rows
    ]
    assert kept == [0, 0, 1, 4]
