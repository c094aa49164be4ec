"""The paired comparison: by hand, against theory, and on a trained model."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation import paired


def test_per_user_is_what_evaluate_averages(trained, trained_index, toy_split):
    for args in ({}, {"probes": 3}, {"index": trained_index}):
        each = paired.per_user(trained, toy_split, k=10, **args)
        assert each.shape == (sum(len(h) > 0 for h in toy_split.histories("test")),)
        assert each.mean() == sm.evaluate(trained, toy_split, k=10, **args)["ndcg@10"]
    each = paired.per_user(trained, toy_split, on="validation")
    assert each.mean() == sm.evaluate(trained, toy_split, on="validation")["ndcg@50"]


def test_per_user_keeps_the_order_of_people(toy_split):
    known = toy_split.user_ids[7]

    class KnowsOne:  # what this person watches is on top; for all others it is at the bottom
        nonnegative = False

        def scores(self, users, history):
            y = torch.zeros(len(users), toy_split.n_items)
            for row, user in enumerate(users):
                y[row, toy_split.histories("test")[np.searchsorted(toy_split.user_ids, user)]] = (
                    1.0 if user == known else -1.0
                )
            return y

    each = paired.per_user(KnowsOne(), toy_split, k=5)
    people = [u for u, films in enumerate(toy_split.histories("test")) if len(films)]
    assert np.flatnonzero(each).tolist() == [people.index(7)]
    assert each.max() == 1.0


def test_two_people_by_hand():
    found = paired.compare(np.array([3.0, -1.0]), np.zeros(2))
    assert found["difference"] == 1.0
    assert (found["low"], found["high"]) == (-1.0, 3.0)  # each is drawn twice in a quarter
    assert found["p"] == pytest.approx(2 * 1 / 4, abs=0.03)


def test_seeds_and_people_add_up_as_theory_has_them():
    """The variance of the mean of d[s, u] = seed[s] + person[u] has a part of each."""
    rng = np.random.default_rng(3)
    seeds, people = rng.normal(size=8), rng.normal(size=500)
    a = 1.0 + 0.02 * seeds[:, None] + 0.3 * people  # (8, 500)
    found = paired.compare(a, np.zeros(500), seed=1)
    error = np.sqrt((0.02 * seeds).var() / 8 + (0.3 * people).var() / 500)
    width = (found["high"] - found["low"]) / (2 * 1.96)
    assert width == pytest.approx(error, rel=0.05)
    alone = paired.compare(a.mean(axis=0), np.zeros(500), seed=1)
    assert width > 1.05 * (alone["high"] - alone["low"]) / (2 * 1.96)


def test_seeds_that_belong_together_are_drawn_together():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 1)) + rng.normal(size=(5, 40))
    found = paired.compare(a + 0.1, a, same_seeds=True)
    assert found["low"] == pytest.approx(0.1) and found["high"] == pytest.approx(0.1)
    loose = paired.compare(a + 0.1, a)
    assert loose["low"] < -0.3 and loose["high"] > 0.5
    with pytest.raises(ValueError, match="a has 5 seeds, b has 4"):
        paired.compare(a, a[1:], same_seeds=True)


def test_interval_and_p_as_theory_has_them():
    rng = np.random.default_rng(5)
    base = rng.random(900)
    d = rng.normal(0.01, 0.1, 900)
    found = paired.compare(base + d, base, seed=1)
    error = d.std() / 30
    assert found["low"] == pytest.approx(d.mean() - 1.96 * error, abs=0.1 * error)
    assert found["high"] == pytest.approx(d.mean() + 1.96 * error, abs=0.1 * error)
    other = paired.compare(base, base + d, seed=1)
    assert other["difference"] == pytest.approx(-found["difference"])
    assert other["low"] == pytest.approx(-found["high"], abs=0.1 * error)
    assert found == paired.compare(base + d, base, seed=1)
    assert found != paired.compare(base + d, base, seed=2)


def test_under_no_difference_p_is_uniform():
    rng = np.random.default_rng(0)
    p = [paired.compare(rng.normal(size=40), np.zeros(40), seed=s)["p"] for s in range(200)]
    assert 0.02 < np.mean(np.array(p) < 0.1) < 0.19
    assert 0.4 < np.mean(p) < 0.6


@pytest.mark.parametrize("n", [2, 41])
def test_blocks_draw_what_one_large_draw_would(n, monkeypatch):
    a = np.random.default_rng(n).random(n)
    found = paired.compare(a, a[::-1] ** 2, seed=4)
    monkeypatch.setattr(paired, "DRAWS_AT_ONCE", paired.DRAWS)
    assert found == paired.compare(a, a[::-1] ** 2, seed=4)


def test_memory_does_not_grow_with_the_number_of_draws():
    a = np.random.default_rng(0).random(1000)
    tracemalloc.start()
    paired.compare(a, a[::-1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6  # all draws at once are two tables of 80 MB


def test_the_difference_is_that_of_the_means():
    a = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    found = paired.compare(a, np.full((3, 3), 0.5))
    assert found["difference"] == 0.0 and found["low"] == pytest.approx(-found["high"])


def test_refuses_what_does_not_fit(trained, toy_split):
    with pytest.raises(ValueError, match="same people"):
        paired.compare(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match=r"a has shape \(1,\)"):
        paired.compare(np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match=r"b has shape \(2, 2, 2\)"):
        paired.compare(np.zeros(2), np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="no finite number"):
        paired.compare(np.array([0.0, np.nan]), np.zeros(2))
    with pytest.raises(ValueError, match="k = 0"):
        paired.per_user(trained, toy_split, k=0)


@given(toys.real_numbers(4))
def test_values_of_people_mean_the_same_in_any_type(numbers):
    array, meaning = numbers
    with toys.as_users_call():
        if meaning is None:
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                paired._table(array, "a")
        else:
            assert paired._table(array, "a")[0].tolist() == meaning.tolist()
    for wrong in (["0.5", "0.1"], [0.5j, 0.1], np.array([0.5, None])):
        with toys.as_users_call(), pytest.raises(ValueError, match="p has values of type"):
            paired.holm(wrong)


def test_holm_by_hand():
    assert paired.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert paired.holm([0.5, 0.9]) == [1.0, 1.0]
    assert paired.holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        paired.holm([1.5])
