"""Residual quantisation: against the definition, faiss, and inside a model."""

import itertools

import faiss
import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.variants.opq_fsq import relative_distortion
from sparcode_mini.model.variants.residual import ResidualQuantizer


def vectors(n, width, seed=0, dtype=torch.float64):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, width))).to(dtype)


def test_codes_by_hand():
    rq = ResidualQuantizer(2, 3, 2, dtype=torch.float64)
    rq.codebooks.data.copy_(
        torch.tensor([[[4.0, 0.0], [0.0, 4.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, -1.0], [0.5, 0.0]]])
    )
    x = torch.tensor([[5.0, 1.0], [0.5, 3.5]]).double()
    assert rq.encode(x).tolist() == [[0, 0], [1, 2]]
    assert rq.decode(rq.encode(x)).tolist() == [[5.0, 1.0], [0.5, 4.0]]


@pytest.mark.parametrize("M", [1, 3])
def test_encode_is_greedy(M):
    x, rq = vectors(60, 5), ResidualQuantizer(M, 6, 5, seed=1, dtype=torch.float64)
    rest, codes = x, []
    for book in rq.codebooks:
        codes.append(torch.cdist(rest, book).argmin(1))
        rest = rest - book[codes[-1]]
    assert torch.equal(rq.encode(x), torch.stack(codes, 1))
    torch.testing.assert_close(rq.decode(rq.encode(x)), x - rest)
    seen = rq.quantised_by_each(x, rq.encode(x))
    torch.testing.assert_close(seen[0], x)
    torch.testing.assert_close(seen[-1] - rq.codebooks[-1][codes[-1]], rest)


def test_one_codebook_is_product_quantisation():
    x = vectors(80, 4)
    pq, rq = (
        cls(1, 8, 4, dtype=torch.float64).fit(x) for cls in (sm.ProductQuantizer, ResidualQuantizer)
    )
    assert torch.equal(pq.codebooks, rq.codebooks) and torch.equal(pq.encode(x), rq.encode(x))


def test_a_beam_of_all_codes_is_exact():
    x, rq = vectors(20, 3), ResidualQuantizer(2, 4, 3, seed=2, dtype=torch.float64)
    codes, distances = rq.nearest(x, probes=16)
    every = torch.tensor(list(itertools.product(range(4), repeat=2)))
    truth = torch.cdist(x, rq.decode(every)).square().sort(dim=1).values
    torch.testing.assert_close(distances, truth)
    torch.testing.assert_close((x[:, None] - rq.decode(codes)).square().sum(-1), distances)
    assert torch.equal(rq.nearest(x, probes=1)[0][:, 0], rq.encode(x))


def test_vectors_equal_those_of_faiss():
    x = vectors(5000, 16, seed=3, dtype=torch.float32)
    rq = ResidualQuantizer(4, 16, 16).fit(x[:1000])
    peer = faiss.ResidualQuantizer(16, 4, 4)
    peer.max_beam_size, peer.is_trained = 1, True
    faiss.copy_array_to_vector(rq.codebooks.numpy().ravel(), peer.codebooks)
    back = peer.decode(peer.compute_codes(x.numpy()))
    same = np.isclose(back, rq.decode(rq.encode(x)).numpy(), atol=1e-4).all(axis=1)
    assert same.mean() > 0.999


def test_fit_is_about_as_good_as_that_of_faiss():
    x = vectors(2000, 8, seed=4, dtype=torch.float32)
    rq = ResidualQuantizer(2, 16, 8).fit(x)
    peer = faiss.ResidualQuantizer(8, 2, 4)
    peer.max_beam_size = 1
    peer.train(x.numpy())
    theirs = torch.from_numpy(peer.decode(peer.compute_codes(x.numpy())))
    assert relative_distortion(x, rq.decode(rq.encode(x))) < 1.05 * relative_distortion(x, theirs)


def test_each_codebook_learns_from_what_is_left_over():
    x = vectors(300, 4)
    rq = ResidualQuantizer(2, 5, 4, restart=0.0, decay=0.0, dtype=torch.float64)
    codes, seen = rq.encode(x), None
    seen = rq.quantised_by_each(x, codes)
    rq.learn(x, codes, np.random.default_rng(0))
    for m in range(2):
        for k in codes[:, m].unique().tolist():
            torch.testing.assert_close(rq.codebooks[m, k], seen[m][codes[:, m] == k].mean(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rq: rq.encode(vectors(2, 3)), "width 3"),
        (lambda rq: rq.encode(vectors(2, 4) * float("nan")), "NaN"),
        (lambda rq: rq.decode(torch.tensor([[0, 9]])), "0 to 4"),
        (lambda rq: rq.nearest(vectors(2, 4), 26), "26"),
        (lambda rq: rq.fit(vectors(3, 4)), "at least as many"),
        (lambda rq: ResidualQuantizer(0, 5, 4), "M = 0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call(ResidualQuantizer(2, 5, 4, dtype=torch.float64))


def test_a_residual_model_trains_is_saved_and_served_exactly(toy_split, tmp_path):
    model = toys.small(sm.SparCode, toy_split, M=2, quantizer="residual", seed=1)
    log = sm.fit(model, toy_split, epochs=6, seed=2, batch=8, warmup=2, lr=2e-2)
    assert log.column("loss")[-1] < log.column("loss")[0]
    index, users = sm.SparseIndex.build(model, codes="all"), toys.known_users(toy_split)
    positions, values = index.search(model.encode(users), k=5)
    best, sums = sm.top_k(model.scores(users).numpy(), 5, positive_only=True)
    assert (positions == best).all() and np.allclose(values, sums)
    model.save(tmp_path / "m.safetensors")
    again = sm.load_model(tmp_path / "m.safetensors", toy_split)
    assert isinstance(again.quantizer, ResidualQuantizer)
    assert torch.equal(again.scores(users), model.scores(users))
    assert index.codebooks is None  # a search can't tell which missing code is nearest
