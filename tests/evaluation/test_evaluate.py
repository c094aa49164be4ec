"""Evaluation by hand, and the served ranking against the model's own."""

import importlib

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

import sparcode_mini as sm
import toys


class Fixed:
    """A model whose scores are given."""

    nonnegative = False

    def __init__(self, rows):
        self.rows, self.asked = torch.tensor(rows, dtype=torch.float64), []

    def scores(self, users, history="train+validation"):
        self.asked.append((list(users), history))
        return self.rows[: len(users)]


@pytest.fixture(scope="module")
def two_users():
    """User 1: items 10 11 12 | 13 | 14; user 2: 14 13 12 | 11 | 10; user 3: a single item."""
    rows = [(1, 10 + t, t) for t in range(5)] + [(2, 14 - t, t) for t in range(5)] + [(3, 10, 0)]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return sm.data.from_frames(table).split(test=0.2, validation=0.2)


def test_by_hand(two_users):
    # the masked items have the best scores; user 1 must get item 14 (position 4), user 2 item 10
    model = Fixed([[9.0, 9, 9, 9, 1], [2, 9, 9, 9, 9], [0, 0, 0, 0, 0]])
    scores = sm.evaluate(model, two_users, on="test", k=(1, 2))
    assert scores == {
        "precision@1": 1.0,
        "recall@1": 1.0,
        "ndcg@1": 1.0,
        "hit_rate@1": 1.0,
        "coverage@1": 2 / 5,
        "precision@2": 0.5,
        "recall@2": 1.0,
        "ndcg@2": 1.0,
        "hit_rate@2": 1.0,
        "coverage@2": 2 / 5,
    }
    assert model.asked == [([1, 2], "train+validation")]  # user 3 has nothing to find


def test_validation_by_hand(two_users):
    # seen: 10 11 12 and 14 13 12; user 1 gets 14 (wrong) then 13, user 2 gets 11 at once
    model = Fixed([[9.0, 9, 9, 1, 2], [0, 5, 9, 9, 9]])
    scores = sm.evaluate(model, two_users, on="validation", k=(1, 2))
    assert model.asked == [([1, 2], "train")]
    assert scores["recall@1"] == 0.5
    assert scores["ndcg@2"] == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert scores["coverage@1"] == 2 / 5
    assert scores["coverage@2"] == 4 / 5


def test_scores_of_zero_are_no_results_for_a_nonnegative_model(two_users):
    model = Fixed([[0.0] * 5] * 2)
    assert sm.evaluate(model, two_users, k=(1,))["recall@1"] == 1.0  # the only items left
    model.nonnegative = True
    assert sm.evaluate(model, two_users, k=(1,))["recall@1"] == 0.0
    assert sm.evaluate(model, two_users, k=(1,))["coverage@1"] == 0.0


def test_more_places_than_items(two_users):
    model = Fixed([[9.0, 9, 9, 9, 1], [2, 9, 9, 9, 9]])
    scores = sm.evaluate(model, two_users, k=(2, 50))
    assert scores["recall@50"] == scores["recall@2"] == 1.0
    assert scores["precision@50"] == 1 / 50


@pytest.mark.parametrize("on", ["validation", "test"])
def test_an_index_serves_what_the_model_ranks(trained, trained_index, toy_split, on):
    own = sm.evaluate(trained, toy_split, on=on, k=(5, 50))
    served = sm.evaluate(trained, toy_split, on=on, k=(5, 50), index=trained_index)
    assert served == own
    assert 0.0 < own["recall@5"] < own["recall@50"] <= 1.0


def test_several_probes(trained, toy_split):
    index = sm.SparseIndex.build(trained, codes="all")
    own = sm.evaluate(trained, toy_split, k=(10,), probes=3)
    assert own != sm.evaluate(trained, toy_split, k=(10,))
    assert own == pytest.approx(sm.evaluate(trained, toy_split, k=(10,), probes=3, index=index))
    few = sm.SparseIndex.build(trained, codes=index.codes[:1])
    with pytest.raises(KeyError, match="has no list"):
        sm.evaluate(trained, toy_split, k=(10,), probes=3, index=few)
    with pytest.raises(ValueError, match="TwoTower has no codes"):
        sm.evaluate(toys.small(sm.TwoTower, toy_split), toy_split, probes=3)


@pytest.mark.parametrize("with_index", [False, True])
@pytest.mark.parametrize("on", ["validation", "test"])
def test_seen_items_are_never_recommended(
    trained, trained_index, toy_split, monkeypatch, on, with_index
):
    seen_by_metrics = []

    def spy(ranked, relevant, n_items, ks):
        seen_by_metrics.append((ranked, relevant))
        return {}

    module = importlib.import_module(
        "sparcode_mini.evaluation.evaluate"
    )  # sm.evaluate is the function
    monkeypatch.setattr(module, "all_metrics", spy)
    sm.evaluate(trained, toy_split, on=on, k=(50,), index=trained_index if with_index else None)
    ((ranked, relevant),) = seen_by_metrics
    part = {"validation": "train", "test": "train+validation"}[on]
    users = toys.known_users(toy_split)
    for row, found, seen, wanted in zip(
        ranked, relevant, toy_split.history(users, part), toy_split.history(users, on), strict=True
    ):
        assert not set(row.tolist()) & set(seen.tolist())
        assert found.tolist() == wanted.tolist()
        assert (row >= 0).sum() > 5


def test_popularity_by_hand():
    rows = [
        (u, i, t)
        for u, items in enumerate([[1, 2, 3, 9], [1, 2, 9, 3]])
        for t, i in enumerate(items)
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    split = sm.data.from_frames(table).split(test=0.25, validation=0.25)
    model = sm.Popularity(split)
    assert model.scores([0, 1], "train").tolist() == [[2, 2, 0, 0]] * 2
    assert sm.evaluate(model, split, k=(1,))["recall@1"] == 1.0


def test_popularity_on_movielens(movielens_split):
    # an earlier measurement, other tie-breaking: 15.24, 7.03 and 6.68 percent
    scores = sm.evaluate(sm.Popularity(movielens_split), movielens_split, k=(10, 50))
    assert scores["ndcg@50"] == pytest.approx(0.1524, abs=0.003)
    assert scores["precision@50"] == pytest.approx(0.0703, abs=0.003)
    assert scores["recall@10"] == pytest.approx(0.0668, abs=0.003)


def test_errors(trained, toy_split):
    with pytest.raises(ValueError, match="on = 'train'; evaluate on 'test' or 'validation'"):
        sm.evaluate(trained, toy_split, on="train")
    empty = toys.toy_ratings().split(test=0.2, validation=0.0)
    with pytest.raises(ValueError, match="the validation part is empty"):
        sm.evaluate(sm.Popularity(empty), empty, on="validation")
    with toys.as_users_call():
        for k in (
            (),
            (0,),
            (-1, 5),
            True,
            (True,),
            2.0,
            (5, 2.0),
            "5",
            None,
            [[5]],
            np.array([5.0]),
        ):
            with pytest.raises(ValueError, match=r"\Ak = [^\n]+\Z"):
                sm.evaluate(trained, toy_split, k=k)
        for wrong in toys.NO_COUNTS[:-1]:
            if wrong is not None:
                with pytest.raises(ValueError, match=r"\Aprobes = [^\n]+\Z"):
                    sm.evaluate(trained, toy_split, k=5, probes=wrong)
        expected = sm.evaluate(trained, toy_split, k=2)
        for two in (*toys.COUNTS_OF_TWO, [np.int64(2)], np.array([2])):
            assert sm.evaluate(trained, toy_split, k=two) == expected


def test_one_user_of_popularity_is_one_row(toy_split):
    assert sm.Popularity(toy_split).scores("u01").shape == (1, toy_split.n_items)


def test_a_model_of_another_split_is_refused(trained):
    # its histories would be those of its own split, and could hold what is to be found
    other = toys.toy_ratings().split(test=0.4, validation=0.1)
    with pytest.raises(ValueError, match="another split"):
        sm.evaluate(trained, other)
    same = toys.toy_ratings().split(test=0.2, validation=0.2)
    assert sm.evaluate(trained, same) == sm.evaluate(trained, trained.split)


def test_an_index_of_other_items_and_models_without_codes_are_refused(
    toy_split, trained, trained_index
):
    other = sm.SparseIndex.from_csr(scipy.sparse.csr_matrix(np.ones((8, 5))))
    with pytest.raises(ValueError, match="lists 5 items, the split has 60"):
        sm.evaluate(trained, toy_split, index=other)
    two_tower = toys.small(sm.TwoTower, toy_split, seed=0)
    for model in (two_tower, sm.Popularity(toy_split)):
        for options in ({"index": trained_index}, {"probes": 4}):
            with pytest.raises(ValueError, match=f"{type(model).__name__} has no codes"):
                sm.evaluate(model, toy_split, **options)
    with pytest.raises(ValueError, match="TwoTower has no codes"):
        sm.SparseIndex.build(two_tower)
    one = sm.evaluate(two_tower, toy_split, k=5)
    assert one == sm.evaluate(two_tower, toy_split, k=(5,))


def test_other_things_than_models_splits_and_indexes_are_named(toy_split):
    popular = sm.Popularity(toy_split)
    with toys.as_users_call():
        with pytest.raises(ValueError, match="model and split are str and Split; give a model"):
            sm.evaluate("model.safetensors", toy_split)
        with pytest.raises(ValueError, match="model and split are Popularity and NoneType"):
            sm.evaluate(popular, None)
        with pytest.raises(ValueError, match=r"index = 'i'; give a SparseIndex: load\(path\)"):
            sm.evaluate(popular, toy_split, index="i")
        with pytest.raises(ValueError, match=r"on = \['test'\]; evaluate on"):
            sm.evaluate(popular, toy_split, on=["test"])
        with pytest.raises(ValueError, match="model and split are str and NoneType; give"):
            sm.fit("model", None)
