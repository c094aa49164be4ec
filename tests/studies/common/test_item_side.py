"""What is stored for the items: counted, read back, and measured as `evaluate` does."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation.paired import per_user
from sparcode_mini.index.gaps import packed
from sparcode_mini.studies.common import item_side

A = np.array([[0.0, 3.0, 1.5, 0.02], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.5, 0.0]])


@pytest.mark.parametrize("on", item_side.PARTS)
def test_readers_find_what_evaluate_finds(trained, toy_split, on):
    index = sm.SparseIndex.build(trained, codes="all").cut(best=4)
    readers = item_side.Readers(trained, toy_split, (1, 3))
    for R in (1, 3):
        ours = readers.per_user(index, R, on)
        assert ours == pytest.approx(per_user(trained, toy_split, on, probes=R, index=index))


def test_lists_in_few_bits_by_hand():
    index = toys.index_of(A, np.arange(3)[:, None])
    kept, size = item_side.stored_lists(index, "int4")
    assert kept.posting_list([0])[0].tolist() == [1, 2]  # .02 of 3 rounds to 0 of 15
    assert kept.posting_list([0])[1] == pytest.approx(
        [3.0, 8 * 3 / 15], rel=1e-3
    )  # a scale of 16 bits
    assert size["bytes"] == 2 + 3 * (2 + 2) + 4  # 4 entries: half a byte, a gap of one byte
    assert size["plain bytes"] == 2 + 3 * (2 + 2) + 4 * 4
    _, size = item_side.stored_lists(index, "float16")
    assert size["bytes"] == 5 * 2 + 3 * 2 + len(packed(index.lists)) == 5 * 3 + 6
    kept, size = item_side.stored_lists(index, "int8")
    assert size["plain bytes"] == 5 * (4 + 1) + 3 * (2 + 2)
    assert np.allclose(kept.values, index.values, rtol=2e-3, atol=3 / 255 / 2)


def test_films_that_are_not_kept_are_no_candidates(toy_split):
    matrix = np.random.default_rng(0).normal(size=(toy_split.n_items, 4))
    counts = np.bincount(np.concatenate(toy_split.histories("train")), minlength=len(matrix))
    ways = list(item_side.rounded_ways(matrix, toy_split, ("int8", "int4"), (20, None)))
    assert [name for name, *_ in ways][:2] == ["D = 3, int8, 20 films", "D = 3, int8"]
    for name, size, stored in ways:
        served = np.isfinite(stored[:, -1])
        rows, bits = served.sum(), 8 if "int8" in name else 4
        assert size == rows * 4 * bits // 8 + 4 * 4 + (2 * 20 if "20 films" in name else 0)
        assert np.abs(stored - matrix)[served].max() < np.abs(matrix).max() / (2**bits - 3)
        assert rows == (20 if "20 films" in name else len(matrix))
        assert rows == len(matrix) or counts[served].min() >= counts[~served].max()


def test_codes_are_made_for_their_number_of_columns():
    matrix = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    ((name, size, back),) = item_side.coded_ways(matrix, [(2, 4, 4), (2, 4, 8)])
    assert (name, size) == ("codes M = 2, N = 4", 60 * 2 * 2 // 8 + 2 * 2 * 4 * 2 + 2 * 60)
    assert back.shape == matrix.shape and back[:, -1] == pytest.approx(matrix[:, -1], rel=1e-3)
