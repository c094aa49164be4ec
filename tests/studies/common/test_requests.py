"""Queries with requests: what can be asked, what answers it, and that models learn it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

import sparcode_mini as sm
from sparcode_mini.studies.common import request_training as training
from sparcode_mini.studies.common import requests as asking
from sparcode_mini.training.batches import spans
from sparcode_mini.training.recipe import Recipe


@pytest.fixture(scope="module")
def world():
    """40 people who watch films of two colours in turn, 30 films; the colour can be asked for."""
    colours = ["red", "blue", "green"]
    items = pd.DataFrame({"item": range(30), "colour": [colours[i % 3] for i in range(30)]})
    rng = np.random.default_rng(3)
    rows = [(u, i, t) for u in range(40) for t, i in enumerate(rng.permutation(30)[:20])]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return sm.data.from_frames(table, items=items).split(test=0.2, validation=0.2)


@pytest.fixture(scope="module")
def colours(world):
    return asking.requests_of(world, ("colour",))


def test_requests_are_values_of_features(world, colours):
    assert colours.names == ("", "blue", "green", "red")
    assert repr(colours) == "Requests(blue, green, red)"
    assert not colours.holds[0].any()
    assert colours.holds[3].nonzero()[0].tolist() == list(range(0, 30, 3))
    assert colours.of_item[:, 0].tolist() == [3, 1, 2] * 10
    with pytest.raises(ValueError, match="'size' is unknown"):
        asking.requests_of(world, ("size",))
    with pytest.raises(ValueError, match="at most 10%"):
        asking.requests_of(world, ("colour",), most=0.1)


def _holds(split, requests, name):
    """Is this row of the table of films one of those that satisfy the request?"""
    items = sm.data.movielens_100k().items["item"].to_numpy()
    return requests.holds[requests.names.index(name)][split.item_positions(items)]


def test_what_half_of_the_films_have_cannot_be_asked(movielens_split):
    ratings = sm.data.movielens_100k()
    split = asking.with_decades(ratings).split(test=0.2, validation=0.1)
    requests = asking.requests_of(split, ("decade", "genres"))
    assert "1990s" not in requests.names and "1980s" in requests.names
    assert len(requests.names) == 26
    years = {int(year) for year in ratings.items.loc[_holds(split, requests, "1970s"), "year"]}
    assert years == set(range(1970, 1980))
    assert split.fingerprint == movielens_split.fingerprint  # the same people and films
    bare = dataclasses.replace(ratings, items=None)
    with pytest.raises(ValueError, match="column year"):
        asking.with_decades(bare)


def test_answers_are_next_films_that_fit(world, colours):
    queries = asking.draw_queries(world, colours, "test", 2, each=3, seed=0)
    assert (np.diff(queries.users) >= 0).all()
    assert (queries.requests[:, 0] != queries.requests[:, 1]).all()
    test = world.histories("test")
    for user, asked, answers in zip(*queries[1:], strict=True):
        fit = [c for c in test[user] if colours.of_item[c, 0] in asked]
        assert answers.tolist() == fit
        assert len(fit) >= 2  # a film of either request was drawn
    again = asking.draw_queries(world, colours, "test", 2, each=3, seed=0)
    assert (again.requests == queries.requests).all()
    assert len(asking.draw_queries(world, colours, "test", 1, each=2, seed=0).users) == 80
    with pytest.raises(ValueError, match="satisfies 4 different requests"):
        asking.draw_queries(world, colours, "test", 4, each=1, seed=0)


def test_a_person_counts_once(world, colours):
    queries = asking.Queries(
        "test",
        np.array([0, 0, 5]),
        np.array([[1], [2], [3]]),
        [world.histories("test")[0][:1], world.histories("test")[0][1:2], np.array([0])],
    )
    assert asking.people_of(queries).tolist() == [0, 5]
    y = torch.zeros(3, 30)
    y[0, queries.answers[0]] = 1.0  # this query is answered at once, the next one never
    y[1, queries.answers[1]] = -1.0
    y[2, 0] = 1.0 if 0 not in world.histories("train+validation")[5] else 0.0
    found = asking.ndcg_of_people(y, world, colours, queries, False, k=1)
    assert found[0] == 0.5


def test_a_filter_leaves_only_what_fits(world, colours):
    queries = asking.draw_queries(world, colours, "test", 1, each=1, seed=0)
    fits = torch.from_numpy(colours.holds[queries.requests[:, 0]])
    y = torch.where(fits, 0.0, 1.0)  # everything that does not fit comes first
    plain = asking.ndcg_of_people(y, world, colours, queries, False, k=5)
    filtered = asking.ndcg_of_people(y, world, colours, queries, False, only_fitting=True, k=5)
    assert filtered.mean() > plain.mean()


@pytest.mark.parametrize("count", [1, 2])
def test_training_targets_fit_and_lie_ahead(world, colours, count):
    model = sm.TwoTower(world, token_dim=4)
    training.add_requests(model, colours, seed=0)
    plan = Recipe(target_window=2)
    examples, rng = (
        training.RequestExamples(model, world, plan, colours, count),
        np.random.default_rng(0),
    )
    for sequence in examples.sequences:
        asked, targets = examples.requests_and_targets(sequence, rng)
        assert asked.shape == (len(sequence) - 1, count)
        for p, target in enumerate(targets):
            if target < 0:
                assert count == 2 and asked[p, 0] == asked[p, 1]  # only a request made twice
                continue
            fit = [c for c in sequence[p + 1 :] if colours.of_item[c, 0] in asked[p]]
            assert target in fit[:2]
    positions, _, targets, asked = examples.batches(rng)[0]
    assert asked.shape == (*positions.shape, count) and targets.shape == positions.shape


def test_tokens_of_requests_stand_behind(world, colours):
    ids = torch.tensor([[1], [0]])
    T = torch.randn(2, 4, 8)
    tower, sparse = sm.TwoTower(world, token_dim=8), sm.SparCode(world, token_dim=8, N=8)
    for model in (tower, sparse):
        training.add_requests(model, colours, seed=1)
        more = training.with_request_tokens(model, T, ids)
        assert more.shape == (2, 5, 8)
        assert (more[:, :4] == T).all()
    assert (
        training.with_request_tokens(tower, T, ids)[:, 4] == tower.request_embeddings.weight[[1, 0]]
    ).all()
    last = training.with_request_tokens(sparse, T, ids)[:, 4]
    assert last.mean(dim=1).tolist() == pytest.approx([0, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "own"),
    [(sm.TwoTower, {}), (sm.SparCode, {"N": 8}), (sm.SparCode, {"N": 8, "soft": 3})],
)
def test_models_learn_to_answer(world, colours, kind, own):
    """Half of the films asked for come first, and probes and served scores agree."""
    model = kind(world, token_dim=8, query_tokens=2, dropout=0.0, seed=0, **own)
    training.add_requests(model, colours, seed=0)
    log = training.fit_with_requests(
        model, world, colours, 1, epochs=12, lr=3e-2, batch=16, warmup=2, stages=(0.2, 0.4)
    )
    assert log.best_score == max(r["ndcg@50"] for r in log.rows if r["stage"] == "hard")
    queries = asking.draw_queries(world, colours, "test", 1, each=2, seed=0)
    y = training.query_scores(model, world, queries)
    fits = torch.from_numpy(colours.holds[queries.requests[:, 0]])
    first = y.topk(10, dim=1).indices
    assert fits.gather(1, first).double().mean() > 0.8  # by chance a third
    if kind is sm.TwoTower:
        with pytest.raises(ValueError, match="only a SparCode"):
            training.query_scores(model, world, queries, probes=2)
    else:
        trained = own.get("soft", 1)
        assert torch.allclose(y, training.query_scores(model, world, queries, trained), atol=1e-4)
        assert not torch.allclose(y, training.query_scores(model, world, queries, 5), atol=1e-3)


def test_refuses_what_cannot_be_trained(world, colours):
    model = sm.TwoTower(world, token_dim=4)
    with pytest.raises(ValueError, match="call add_requests"):
        training.fit_with_requests(model, world, colours, 1)
    training.add_requests(model, colours, seed=0)
    with pytest.raises(ValueError, match="count = 0"):
        training.fit_with_requests(model, world, colours, 0)
    with pytest.raises(ValueError, match="epochs = 0"):
        training.fit_with_requests(model, world, colours, 1, epochs=0)


def test_windows_are_cut_as_without_requests():
    """Every position of a history is in one window."""
    rng = np.random.default_rng(0)
    for length in (1, 3, 4, 11):
        cuts = list(spans(length, 3, rng))
        assert [p for a, b in cuts for p in range(a, b)] == list(range(length))
        assert all(b - a <= 3 for a, b in cuts)
