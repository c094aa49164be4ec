"""What lesson 05 says in words, held against the stored results."""

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.tokens import report
from sparcode_mini.model.tokenizers import TOKENIZERS


@pytest.fixture(scope="module")
def study():
    return results.load("tokens")


@pytest.fixture(scope="module")
def ablation():
    return results.load("item_tokens")


def test_who_knows_places_looks_at_the_newest_film(study):
    means = {
        kind: shares.mean()
        for kind, shares in report.spread(study)["share of the newest film"].items()
    }
    assert means["self-attention"] == pytest.approx(0.30, abs=0.01)
    assert min(means["gru"], means["self-attention"]) > 1.9 / 8
    assert max(means["dnn"], means["capsules"]) < 1.15 / 8
    ones = report.spread(study)["share of the newest film"]["self-attention"]
    assert round(100 * ones.min()) == 5 and round(100 * ones.max()) == 85


def test_capsules_divide_the_films(study):
    apart = report.spread(study)["difference of two tokens"]
    means = {kind: 100 * shares.mean() for kind, shares in apart.items()}
    assert round(means.pop("capsules")) == 44
    assert all(5.5 < mean < 9.5 for mean in means.values())


def test_one_token_is_not_told_apart_from_four_and_reads_less(study):
    assert len(study["compared"]) == 2 * len(TOKENIZERS)
    assert all(row["p, Holm"] >= 0.05 for row in study["compared"])
    assert all(row["low"] < 0 < row["high"] for row in study["compared"])
    assert report.room(study) == pytest.approx(1.2, abs=0.05)
    for kind in TOKENIZERS:
        few, many = (report.entry_mean(study, kind, K_u, "read") for K_u in (1, 4))
        assert 3 < many / few < 4


def test_genres_help_and_year_and_title_are_not_shown_to(ablation):
    for row in ablation["compared"]:
        if row["name"] == "id, genres":
            assert row["p, Holm"] < 0.05 and row["low"] > 0
        elif row["name"] in ("id, year", "id, title"):
            assert row["p, Holm"] >= 0.05
    assert report.best_field(ablation) == "genres"


def test_the_numbers_of_rare_films(ablation):
    means = {
        name: {
            key: report.item_tokens.summary(ablation["entries"], name, key)[0]
            for key in ("rare recall@50", "ndcg@50 probes=4")
        }
        for name in ablation["config"]["sets"]
    }
    assert round(100 * means["id"]["rare recall@50"]) == 1
    assert round(100 * means["id, genres"]["rare recall@50"]) == 4
    gain = means["id, genres"]["ndcg@50 probes=4"] - means["id"]["ndcg@50 probes=4"]
    assert 100 * gain == pytest.approx(1.5, abs=0.05)
    every = means["id, year, genres, title"]
    assert all(every[key] < means["id, genres"][key] for key in every)
