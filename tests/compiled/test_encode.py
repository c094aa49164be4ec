"""The compiled encoder; that its tokens are those of the model is in serving/test_query_encoder."""

import numpy as np
import pytest

from sparcode_mini.compiled.encode import nearest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_nearest_codeword_of_each_part_and_the_first_of_equals(dtype):
    rng = np.random.default_rng(0)
    codebooks = rng.integers(-3, 4, size=(3, 40, 2)).astype(dtype)  # (M, N, d), with repetitions
    tokens = rng.integers(-3, 4, size=(50, 6)).astype(dtype)  # (K_u, D_T); all sums are exact
    codes = np.empty((50, 3), np.int64)
    nearest(tokens, codebooks.transpose(0, 2, 1).copy(), np.square(codebooks).sum(axis=2), codes)
    parts = tokens.reshape(50, 3, 1, 2)
    distances = np.square(parts - codebooks).sum(axis=3)  # (K_u, M, N)
    assert np.array_equal(codes, distances.argmin(axis=2))
    equals = (distances == distances.min(axis=2, keepdims=True)).sum(axis=2)
    assert (equals > 1).any()
