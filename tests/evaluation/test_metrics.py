"""Ranking is held against a plain sort, the metrics against trec_eval."""

import functools
import itertools

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini.evaluation.metrics import (
    all_metrics,
    coverage_at,
    hit_rate_at,
    ndcg_at,
    precision_at,
    recall_at,
)
from sparcode_mini.tools.top_k import top_k


def plain_top_k(scores, k, exclude, positive_only):
    positions, values = [], []
    for row, banned in zip(scores, exclude, strict=True):
        allowed = [
            c for c, score in enumerate(row) if c not in banned and (score > 0 or not positive_only)
        ]
        best = sorted(allowed, key=lambda c: (-row[c], c))[:k]
        positions.append(best + [-1] * (k - len(best)))
        values.append([row[c] for c in best] + [0] * (k - len(best)))
    return np.array(positions), np.array(values)


@st.composite
def ranking_problems(draw):
    n_queries, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    # few distinct scores: ties everywhere; 0.0 and -0.0 are equal
    score = st.sampled_from([-1.5, -0.0, 0.0, 0.5, 2.0, 2.5])
    row = st.lists(score, min_size=n_items, max_size=n_items)
    scores = draw(st.lists(row, min_size=n_queries, max_size=n_queries))
    banned = st.lists(st.integers(-1, n_items - 1), max_size=n_items)
    exclude = draw(st.lists(banned, min_size=n_queries, max_size=n_queries))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    return np.array(scores, dtype=dtype), draw(st.integers(1, n_items)), exclude


@given(ranking_problems(), st.booleans())
def test_top_k_equals_a_plain_sort(problem, positive_only):
    scores, k, exclude = problem
    before = scores.copy()
    positions, values = top_k(scores, k, exclude, positive_only)
    expected_positions, expected_values = plain_top_k(scores, k, exclude, positive_only)
    np.testing.assert_array_equal(positions, expected_positions)
    np.testing.assert_array_equal(values, expected_values)
    assert positions.dtype == np.int64
    assert values.dtype == scores.dtype
    np.testing.assert_array_equal(scores, before)


def test_top_k_on_a_large_sparse_matrix():
    scores = np.maximum(np.random.default_rng(0).normal(size=(50, 1682)) - 1.8, 0).round(1)
    positions, values = top_k(scores, 50)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :50]
    np.testing.assert_array_equal(positions, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, expected, axis=1))


def test_top_k_of_integers_and_minus_infinity():
    positions, values = top_k([[3, 9, 3]], 3)
    assert positions.tolist() == [[1, 0, 2]]
    assert values.dtype == np.float64
    positions, values = top_k(np.array([[-np.inf, -2.0, np.inf]]), 3)
    assert positions.tolist() == [[2, 1, -1]]
    assert values.tolist() == [[np.inf, -2.0, 0.0]]


def test_top_k_without_queries():
    positions, values = top_k(np.empty((0, 4)), 2, exclude=[])
    assert positions.shape == values.shape == (0, 2)


@pytest.mark.parametrize(
    ("scores", "k", "exclude", "message"),
    [
        (np.zeros((1, 3)), 0, None, "k = 0; give a whole number, 1 to 3"),
        (np.zeros((1, 3)), 4, None, "k = 4; give a whole number, 1 to 3"),
        (np.zeros(3), 1, None, r"shape \(3,\)"),
        (np.array([[0.0, np.nan]]), 1, None, "query 0 for item 1 is NaN"),
        (np.zeros((2, 3)), 1, [[0]], "1 lists for 2 queries"),
        (
            np.zeros((1, 3)),
            1,
            [[3]],
            "exclude has the value 3; give item positions from -1 to 2, not raw ids",
        ),
        (np.zeros((1, 3)), 1, [[-2]], "exclude has the value -2"),
        (
            np.zeros((1, 3)),
            1,
            [[0.5]],
            "exclude has values of type float64, such as 0.5; give item positions",
        ),
    ],
)
def test_top_k_refuses(scores, k, exclude, message):
    with pytest.raises(ValueError, match=message):
        top_k(scores, k, exclude)


# --- metrics


@pytest.mark.parametrize("seed", range(3))
def test_metrics_equal_trec_eval(seed):
    rng = np.random.default_rng(seed)
    n_queries, n_items, ks = 30, 60, (1, 5, 20)
    ranked, _ = top_k(rng.normal(size=(n_queries, n_items)), 20)
    ranked[::4, 12:] = -1  # short rankings
    sizes = rng.integers(1, 40, size=n_queries)
    relevant = [rng.choice(n_items, size=size, replace=False) for size in sizes]
    judged = {f"q{q}": {f"c{c}": 1 for c in items} for q, items in enumerate(relevant)}
    run = {
        f"q{q}": {f"c{c}": 100.0 - place for place, c in enumerate(row) if c >= 0}
        for q, row in enumerate(ranked)
    }
    names = {"precision": "P", "recall": "recall", "ndcg": "ndcg_cut", "hit_rate": "success"}
    cuts = ",".join(map(str, ks))
    measures = {f"{theirs}.{cuts}" for theirs in names.values()}
    each = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    ours = all_metrics(ranked, relevant, n_items, ks)
    for k, (name, theirs) in itertools.product(ks, names.items()):
        mean = np.mean([one[f"{theirs}_{k}"] for one in each.values()])
        assert ours[f"{name}@{k}"] == pytest.approx(mean, abs=1e-12), (name, k)


def test_a_case_worked_by_hand():
    ranked = np.array([[4, 1, 0], [2, -1, -1]])
    relevant = [[1, 3], [2]]
    assert precision_at(ranked, relevant, 3) == pytest.approx((1 / 3 + 1 / 3) / 2)
    assert recall_at(ranked, relevant, 3) == pytest.approx((1 / 2 + 1) / 2)
    first = (1 / np.log2(3)) / (1 + 1 / np.log2(3))
    assert ndcg_at(ranked, relevant, 3) == pytest.approx((first + 1) / 2)
    assert hit_rate_at(ranked, relevant, 1) == 0.5
    assert coverage_at(ranked, 8, 3) == 4 / 8
    assert coverage_at(ranked, 8, 1) == 2 / 8


def test_all_metrics_names_and_types():
    result = all_metrics(np.array([[0, 1]]), [np.array([1])], 4, (1, 2))
    assert list(result) == [
        f"{name}@{k}"
        for k in (1, 2)
        for name in ("precision", "recall", "ndcg", "hit_rate", "coverage")
    ]
    assert all(type(value) is float for value in result.values())


def test_padding_is_no_hit_and_repetitions_count_once():
    assert recall_at(np.array([[-1, -1]]), [[0, -1]], 2) == 0
    assert recall_at(np.array([[5, 3]]), [[5, 5, 5]], 2) == 1


@pytest.mark.parametrize(
    ("ranked", "relevant", "k", "message"),
    [
        ([[0, 1]], [[]], 1, r"query 0 has no relevant item \(1 of 1 queries\).*drop such queries"),
        ([[0, 1], [1, 0]], [[1], [-1]], 1, "query 1 has no relevant item"),
        ([[0, 1]], [[1], [0]], 1, "2 lists for 1 queries"),
        ([[0, 1]], [[1]], 3, "k is 3, but ranked has 2 places"),
        ([[0, 1]], [[1]], 0, "k = 0"),
        ([[2, 1, 2]], [[1]], 1, "item 2 is ranked twice for query 0"),
        ([[0.0, 1.0]], [[1]], 1, "ranked has values of type float64, such as 0.0"),
        ([0, 1], [[1]], 1, r"shape \(2,\)"),
        (np.empty((0, 2), dtype=np.int64), [], 1, "at least one query"),
        ([[-3, 1]], [[1]], 1, "ranked has the value -3"),
    ],
)
@pytest.mark.parametrize("metric", [precision_at, recall_at, ndcg_at, hit_rate_at])
def test_metrics_refuse(metric, ranked, relevant, k, message):
    with pytest.raises(ValueError, match=message):
        metric(ranked, relevant, k)


@pytest.mark.parametrize("metric", [precision_at, recall_at, ndcg_at, hit_rate_at])
@given(toys.whole_numbers(-1, 2**31 - 2, least=1), toys.whole_numbers(-1, 2**31 - 2, least=1))
def test_rankings_of_any_type_are_measured_alike_or_refused(metric, ranked, relevant):
    (ranking, places), (wanted, items) = ranked, relevant
    with toys.as_users_call():
        twice = places is not None and len({p for p in places if p >= 0}) < len(
            [p for p in places if p >= 0]
        )
        if places is None or twice or items is None or max(items) < 0:
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                metric(ranking[None], [wanted], 1)
        else:
            assert metric(ranking[None], [wanted], 1) == metric([places], [items], 1)


@given(toys.whole_numbers(-1, 6), toys.real_numbers(14))
def test_top_k_means_the_same_in_any_type(exclude, scores):
    (array, positions), (table, meaning) = exclude, scores
    call = functools.partial(top_k, k=3)
    with toys.as_users_call():
        if positions is None or table.dtype.kind not in "iufb" or np.isnan(table).any():
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                call(table.reshape(2, 7), exclude=[array, []])
        elif meaning is not None:
            found = call(table.reshape(2, 7), exclude=[array, []])
            expected = call(meaning.reshape(2, 7), exclude=[positions, []])
            assert found[0].tolist() == expected[0].tolist()
            assert found[1].astype(float).tolist() == expected[1].tolist()


def test_cut_offs_are_whole_numbers():
    with toys.as_users_call():
        for wrong in toys.NO_COUNTS:
            for call in (
                lambda k: precision_at([[0, 1, 2]], [[1]], k),
                lambda k: top_k(np.eye(4), k),
                lambda k: coverage_at([[0, 1, 2]], 4, k),
            ):
                with pytest.raises(ValueError, match=r"\Ak [^\n]+\Z"):
                    call(wrong)
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                coverage_at([[0, 1, 2]], wrong, 2)
        for two in toys.COUNTS_OF_TWO:
            assert precision_at([[0, 1, 2]], [[1]], two) == 0.5


def test_coverage_refuses_raw_ids():
    with pytest.raises(
        ValueError, match="ranked has the value 9; give item positions from -1 to 8, not raw ids"
    ):
        coverage_at([[9]], 9, 1)
