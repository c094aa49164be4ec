"""The walk over a grid, and the penalty that is chosen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparcode_mini.studies import tuning


@given(seed=st.integers(0, 2**32 - 1), sizes=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_the_walk_ends_where_no_neighbour_is_better(seed, sizes):
    rng = np.random.default_rng(seed)
    scores, asked = rng.random(sizes), []
    start = tuple(int(rng.integers(size)) for size in sizes)

    def score(place):
        asked.append(place)
        return float(scores[place])

    chosen, known = tuning.climb(start, sizes, score)
    assert len(asked) == len(set(asked)) and set(asked) == set(known)
    around = tuning.neighbours(chosen, sizes)
    assert all(scores[chosen] >= scores[place] for place in around)
    assert set(around) <= set(known)
    assert scores[chosen] >= scores[start]


def test_neighbours_stay_on_the_grid():
    assert tuning.neighbours((0, 2), (3, 3)) == [(1, 2), (0, 1)]
    assert tuning.neighbours((0,), (1,)) == []


def test_the_best_sparse_penalty_is_chosen():
    points = [
        {"sparsity": 4.0, "density": 0.3, "validation ndcg@50 probes=4": 0.9},
        {"sparsity": 8.0, "density": 0.1, "validation ndcg@50 probes=4": 0.5},
        {"sparsity": 16.0, "density": 0.05, "validation ndcg@50 probes=4": 0.4},
    ]
    assert tuning.best_sparse(points) == 8.0
    with pytest.raises(ValueError, match="keeps at most 10%"):
        tuning.best_sparse(points[:1])
