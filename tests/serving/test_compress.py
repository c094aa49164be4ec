"""Smaller item sides: by hand, against numpy, and against faiss."""

import faiss
import numpy as np
import pytest

from sparcode_mini.serving import compress
from sparcode_mini.tools.top_k import top_k


def vectors(seed=0, items=200, queries=500, width=8):
    rng = np.random.default_rng(seed)
    spread = np.array([3.0, 2.0, 1.0, 0.5, 0.3, 0.1, 0.1, 0.05])[:width]
    use = np.roll(spread, 3)  # queries are wide where items are narrow
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    items = rng.normal(size=(items, width)) * spread @ turn
    return items, rng.normal(size=(queries, width)) * use @ turn


def error(items, queries, stored, turn):
    return float(np.square(queries @ items.T - queries @ turn @ stored.T).mean())


def test_directions_are_the_best_for_the_queries():
    items, queries = vectors()
    for rank in (1, 3, 5):
        stored, turn = compress.directions(items, queries, rank)
        s = np.linalg.svd(queries @ items.T, compute_uv=False)
        best = np.square(s[rank:]).sum() / (len(queries) * len(items))
        assert error(items, queries, stored, turn) == pytest.approx(best)  # Eckart and Young
        plain = compress.directions(items, None, rank)
        assert error(items, queries, *plain) > 1.2 * best
    assert error(items, queries, *compress.directions(items, queries, 8)) < 1e-20
    spreads = compress.directions(items, queries, 8).items.std(axis=0)
    assert (np.diff(spreads) < 0).all()


def test_a_direction_without_queries_is_no_trouble():
    items, queries = vectors()
    queries[:, 0] = 0.0
    stored, turn = compress.directions(items, queries, 7)
    assert error(items, queries, stored, turn) < 1e-8


@pytest.mark.parametrize(
    ("precision", "size", "share"),
    [("float16", 2 * 300, 1e-3), ("int8", 300 + 24, 1 / 250), ("int4", 150 + 24, 1 / 14)],
)
def test_rounding_is_close_and_counts_its_bytes(precision, size, share):
    matrix = np.random.default_rng(0).normal(size=(50, 6)) * np.array([1, 9, 1e-3, 0, 1, 1])
    back, stored = compress.rounded(matrix, precision)
    assert stored == size
    assert (np.abs(back - matrix).max(axis=0) <= share * np.abs(matrix).max(axis=0) + 1e-12).all()
    bits = {"float16": 16, "int8": 8, "int4": 4}[precision]
    assert max(len(np.unique(column)) for column in back.T) <= 2**bits


def test_what_a_precision_can_not_hold_is_refused():
    for precision in ("int16", "uint8", "float"):
        with pytest.raises(ValueError, match=f"precision = '{precision}'; choose one of"):
            compress.rounded(np.ones((2, 2)), precision)
    with pytest.raises(ValueError, match=r"matrix in float16\[\(0, 0\)\] is inf"):
        compress.rounded(np.full((2, 2), 1e6), "float16")
    with pytest.raises(ValueError, match=r"matrix\[\(0, 1\)\] is nan"):
        compress.rounded(np.array([[1.0, np.nan]]), "int8")
    for rank in (0, 3):
        with pytest.raises(ValueError, match=f"rank = {rank}; give a whole number, 1 to 2"):
            compress.directions(np.ones((2, 2)), None, rank)
    with pytest.raises(ValueError, match="M = 3 does not divide 8"):
        compress.coded(np.ones((9, 8)), 3, 2)


def test_coordinates_are_dealt_evenly():
    spreads = np.array([8.0, 4.0, 2.0, 1.0])
    assert compress.balanced(spreads, 2) == [[0, 3], [1, 2]]
    assert compress.balanced(spreads, 1) == [[0, 1, 2, 3]]
    assert compress.balanced(spreads / 100, 2) == [[0, 3], [1, 2]]  # a scale changes nothing


def test_codes_lose_no_more_than_those_of_opq():
    """The turn and the deal are OPQ's start; faiss goes on from a random one."""
    items, queries = vectors(items=2000)
    weighted, turn = compress.directions(items, queries, 8)
    back, stored = compress.coded(weighted, 4, 16)
    assert stored == 2000 * 4 // 2 + 2 * 16 * 8
    x = np.ascontiguousarray(weighted, np.float32)
    opq = faiss.IndexPreTransform(faiss.OPQMatrix(8, 4), faiss.IndexPQ(8, 4, 4))
    opq.train(x)
    theirs = opq.sa_decode(opq.sa_encode(x))
    ours = error(items, queries, back, turn)
    assert ours < 1.1 * error(items, queries, theirs.astype(float), turn)
    plain, _ = compress.coded(items, 4, 16)
    assert ours < 0.8 * error(items, queries, plain, np.eye(8))


def test_items_that_are_not_kept_are_no_candidates():
    stored = compress.with_bias(np.eye(3), np.zeros(3), kept=np.array([0, 2]))
    y = np.ones((1, 3)) @ stored[:, :-1].T + stored[:, -1]
    assert top_k(y, 3)[0].tolist() == [[0, 2, -1]]
