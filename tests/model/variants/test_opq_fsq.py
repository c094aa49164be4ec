"""OPQ against faiss and nanopq, FSQ against vector-quantize-pytorch, and the comparison of all."""

import faiss
import nanopq
import numpy as np
import pytest
import torch
from vector_quantize_pytorch import FSQ

import sparcode_mini as sm
from sparcode_mini.model.variants.opq_fsq import (
    equal_bits,
    finite_scalar,
    fit_finite_scalar,
    opq_rotation,
    relative_distortion,
    toy_tokens,
)


def pq_error(x, M=2, N=16):
    pq = sm.ProductQuantizer(M, N, x.shape[1], dtype=x.dtype).fit(x)
    return relative_distortion(x, pq.decode(pq.encode(x)))


def test_turning_changes_no_distance_but_hurts_product_quantisation():
    straight, turned = toy_tokens(500), toy_tokens(500, mixed=True)
    torch.testing.assert_close(straight @ straight.T, turned @ turned.T)
    assert pq_error(turned, M=1) == pytest.approx(pq_error(straight, M=1), rel=0.05)
    assert pq_error(turned) > 2 * pq_error(straight)
    with pytest.raises(ValueError, match="width = 3"):
        toy_tokens(width=3)


def test_distortion_of_the_mean_is_one():
    x = toy_tokens(50)
    assert relative_distortion(x, x.mean(0).expand_as(x)) == pytest.approx(1.0)
    assert relative_distortion(x, x) == 0.0


def test_opq_is_a_rotation_and_about_as_good_as_two_peers():
    x = toy_tokens(1000, mixed=True)
    R = opq_rotation(x, 2, 16)
    torch.testing.assert_close(R.T @ R, torch.eye(8).double())
    ours, single = pq_error(x @ R), x.numpy().astype(np.float32)
    matrix = faiss.OPQMatrix(8, 2)
    matrix.pq = faiss.ProductQuantizer(8, 2, 4)
    matrix.train(single)
    theirs = pq_error(torch.from_numpy(matrix.apply(single)))
    nano = nanopq.OPQ(M=2, Ks=16, verbose=False)
    nano.fit(single, seed=0)
    nanos = pq_error(torch.from_numpy(nano.rotate(single)))
    print(f"distortion: ours {ours:.4f}, faiss {theirs:.4f}, nanopq {nanos:.4f}")
    assert ours < 0.7 * pq_error(x)
    assert ours < 1.2 * min(theirs, nanos)


@pytest.mark.parametrize("levels", [(5, 5, 5), (8, 6, 3), (4, 4, 4)])
def test_fsq_equals_that_of_vector_quantize_pytorch(levels):
    z = torch.from_numpy(np.random.default_rng(0).normal(0, 1.5, (400, 3))).float()
    theirs, ids = (out[0] for out in FSQ(list(levels))(z[None]))
    ours = finite_scalar(z, levels)
    torch.testing.assert_close(ours.values, theirs)
    basis = torch.tensor([1, levels[0], levels[0] * levels[1]])
    assert torch.equal((ours.codes * basis).sum(1), ids.long())


def test_fsq_by_hand_and_its_gradient():
    z = torch.tensor([[-9.0, 0.1, 9.0]], dtype=torch.float64, requires_grad=True)
    values, codes = finite_scalar(z, (5, 5, 5))
    assert codes.tolist() == [[0, 2, 4]] and values.tolist() == [[-1.0, 0.0, 1.0]]
    values.sum().backward()
    slope = (1 - torch.tanh(torch.tensor(0.1).double()) ** 2) * 1.001  # half a level is 1
    assert float(z.grad[0, 1]) == pytest.approx(float(slope))
    for levels in ((5, 5), (5, 5, 2)):
        with pytest.raises(ValueError, match="at least 3"):
            finite_scalar(z, levels)


def test_learnt_maps_around_fsq_lower_the_error():
    x = toy_tokens(400)
    errors = [relative_distortion(x, fit_finite_scalar(x, (4,) * 4, steps=s)(x)) for s in (1, 200)]
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.numeric
def test_the_comparison_at_equal_bits():
    x = toy_tokens(900, mixed=True)
    table = equal_bits(x[:600], x[600:])
    assert list(table["one codebook"]) == [4, 8] and list(table["product"]) == [4, 8, 12]
    assert table["product + OPQ"][8] < table["product"][8]
    for name in ("product", "product + OPQ", "residual", "FSQ"):
        assert table[name][4] > table[name][8] > table[name][12]
