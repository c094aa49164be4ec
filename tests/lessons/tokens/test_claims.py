"""What lesson 05 says in words, held against the stored results."""

import numpy as np
import pytest

from sparcode_mini import results
from sparcode_mini.lessons.tokens import report
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies.tokens import find


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
    assert max(means, key=lambda kind: means[kind]) == "capsules"
    assert round(means.pop("capsules")) == 44
    assert all(5.5 < mean < 9.5 for mean in means.values())


def test_tokens_that_read_other_films_are_not_less_alike(study):
    means = {kind: report.entry_mean(study, kind, 4, "cosine") for kind in TOKENIZERS}
    assert max(means, key=lambda kind: means[kind]) == "capsules"
    assert round(means["capsules"], 2) == 0.48 and round(min(means.values()), 1) == 0.3
    seeds = {kind: np.ptp(report._of(study, kind, 4, "cosine")) for kind in TOKENIZERS}
    assert max(seeds, key=lambda kind: seeds[kind]) == "dnn"


def test_what_the_panel_shows(study, movielens_split):
    def shares(tokenizer, person):
        return 100 * np.array(find(study, tokenizer, 4)["people"][person]["influence"])

    cartoons, turn = "cartoons, then thrillers", "old romances and new horror, in turn"
    last = shares("self-attention", cartoons)[:, -1]
    assert (round(last.min()), round(last.max())) == (50, 57)
    assert round(shares("dnn", cartoons)[:, -1].max()) == 14
    romances = shares("capsules", turn)[:, ::2].sum(axis=1)  # (K_u,)
    assert round(romances[2]) == 89 and 0.65 < 1 - romances[0] / 100 < 0.68
    assert all(30 < romances[token] < 70 for token in (1, 3))
    asked = find(study, "capsules", 4)["people"][turn]["nearest"][2][0]
    assert movielens_split.titles[asked] == "Casablanca (1942)"


def test_one_token_is_not_told_apart_from_four_and_reads_less(study):
    assert len(study["compared"]) == 2 * len(TOKENIZERS)
    assert all(row["p, Holm"] >= 0.05 for row in study["compared"])
    assert all(row["low"] < 0 < row["high"] for row in study["compared"])
    assert report.room(study) == pytest.approx(1.2, abs=0.05)
    for kind in TOKENIZERS:
        few, many = (report.entry_mean(study, kind, K_u, "read") for K_u in (1, 4))
        assert 3.25 < many / few < 3.85 and 950 < few < 1100
        pair = (
            report.entry_mean(study, kind, *setting)
            for setting in ((1, "ndcg@50 probes=4"), (4, "ndcg@50"))
        )
        assert abs(float(np.subtract(*pair))) < 0.0021


def test_genres_help_and_year_and_title_are_not_shown_to(ablation):
    for row in ablation["compared"]:
        if row["name"] == "id, genres":
            assert row["p, Holm"] < 0.05 and row["low"] > 0
        elif row["name"] in ("id, year", "id, title"):
            assert row["p, Holm"] >= 0.05
            year = (row["name"], row["measure"]) == ("id, year", "rare films")
            assert (row["low"] > 0) == year
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
    assert round(1000 * means["id"]["rare recall@50"]) == 10
    assert round(1000 * means["id, genres"]["rare recall@50"]) == 41
    gain = means["id, genres"]["ndcg@50 probes=4"] - means["id"]["ndcg@50 probes=4"]
    assert 100 * gain == pytest.approx(1.5, abs=0.05)
    every = means["id, year, genres, title"]
    assert all(every[key] < means["id, genres"][key] for key in every)
