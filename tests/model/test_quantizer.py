"""Codes are held against faiss and nanopq, learning against plain numpy and other libraries."""

import itertools
import math

import faiss
import nanopq
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vector_quantize_pytorch import VectorQuantize

from sparcode_mini.model.codes import distinct_codes
from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.quantizer import ProductQuantizer, straight_through
from sparcode_mini.worlds.fields import clusters_2d


def vectors(n, width, seed=0, dtype=torch.float32):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, width))).to(dtype)


def with_books(books, **options):
    """A quantiser with these codebooks, (M, N, d)."""
    books = torch.as_tensor(books)
    M, N, d = books.shape
    pq = ProductQuantizer(M=M, N=N, token_dim=M * d, dtype=books.dtype, **options)
    pq.codebooks.data.copy_(books)
    return pq


# M = 2 codebooks of N = 3 codewords of width 2
SMALL_BOOKS = [[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], [[1.0, 1.0], [-1.0, 1.0], [5.0, 5.0]]]


# --- codes --------------------------------------------------------------------------------------


def test_codes_by_hand():
    pq = with_books(SMALL_BOOKS)
    x = torch.tensor([[1.2, 0.3, 0.0, 0.9], [0.2, 0.3, -0.6, 0.0], [-3.0, 9.0, 4.0, 4.0]])
    codes = pq.encode(x)
    assert codes.dtype == torch.int64
    assert codes.tolist() == [[1, 0], [0, 1], [2, 2]]
    assert pq.decode(codes).tolist() == [[2, 0, 1, 1], [0, 0, -1, 1], [0, 2, 5, 5]]


def test_nearest_is_by_distance_not_by_product():
    # The longer codeword has the larger product, and wins with any other factor than the 2 of
    # ||x||^2 - 2 x.c + ||c||^2: with 1 the origin is chosen, with 4 or more the far one.
    pq = with_books([[[0.0], [1.0], [3.0]]])
    assert pq.encode(torch.tensor([[0.9]])).tolist() == [[1]]
    assert squared_distances(torch.tensor([[0.5], [-2.0]]), pq.codebooks[0]).tolist() == [
        [0.25, 0.25, 6.25],
        [4.0, 9.0, 25.0],
    ]


def faiss_codes(books, x):
    M, N, d = books.shape
    pq = faiss.ProductQuantizer(M * d, M, int(math.log2(N)))
    faiss.copy_array_to_vector(np.ascontiguousarray(books, dtype=np.float32).ravel(), pq.centroids)
    return pq.compute_codes(x).astype(np.int64)


def squared_gaps(books, x, codes):
    """Squared distance of each part to the codeword that the code names, in float64: (n, M)."""
    M, _, d = books.shape
    parts = x.astype(np.float64).reshape(len(x), M, d)
    chosen = books.astype(np.float64)[np.arange(M), codes]  # (n, M, d)
    return ((parts - chosen) ** 2).sum(axis=2)


@pytest.mark.numeric
@pytest.mark.parametrize("codebooks", ["random", "learnt"])
def test_codes_equal_those_of_faiss_on_100_000_vectors(codebooks, record_property):
    x = vectors(100_000, 64, seed=1)
    pq = ProductQuantizer(M=8, N=256, token_dim=64, seed=2)
    if codebooks == "learnt":
        pq.fit(x[:2000], iterations=3)
    ours, theirs = pq.encode(x).numpy(), faiss_codes(pq.codebooks.numpy(), x.numpy())
    differs = ours != theirs
    record_property("codes that differ from faiss", int(differs.sum()))
    print(f"{differs.sum()} of {differs.size} indices differ from those of faiss")
    # Where they differ, both codewords are as near as float32 can tell.
    a, b = (
        squared_gaps(pq.codebooks.numpy(), x.numpy(), codes)[differs] for codes in (ours, theirs)
    )
    assert (np.abs(a - b) < 1e-5 * np.maximum(a, b)).all()
    assert differs.sum() <= 10  # such pairs are rare: this is no blank cheque


@pytest.mark.numeric
def test_codes_and_vectors_equal_those_of_nanopq():
    x = vectors(5_000, 64, seed=3)
    pq = ProductQuantizer(M=8, N=256, token_dim=64, seed=4)
    theirs = nanopq.PQ(M=8, Ks=256, verbose=False)
    theirs.codewords, theirs.Ds = pq.codebooks.numpy(), 8
    codes = theirs.encode(x.numpy())
    np.testing.assert_array_equal(pq.encode(x).numpy(), codes)
    np.testing.assert_array_equal(pq.decode(pq.encode(x)).numpy(), theirs.decode(codes))


def test_any_number_of_leading_dimensions():
    pq = ProductQuantizer(M=2, N=5, token_dim=6)
    x = vectors(24, 6)
    codes = pq.encode(x)
    shaped = pq.encode(x.reshape(2, 3, 4, 6))
    assert shaped.shape == (2, 3, 4, 2)
    assert torch.equal(shaped.reshape(24, 2), codes)
    assert pq.decode(shaped).shape == (2, 3, 4, 6)
    assert pq.encode(x[0]).shape == (2,)
    assert pq.encode(x[:0]).shape == (0, 2)
    assert pq.decode(codes[:0]).shape == (0, 6)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 7, 3), (2, 4, 6), (4, 3, 4), (3, 1, 3)]))
def test_codewords_decode_and_encode_to_themselves(seed, shape):
    M, N, token_dim = shape
    pq = ProductQuantizer(M=M, N=N, token_dim=token_dim, seed=seed, dtype=torch.float64)
    codes = torch.from_numpy(np.random.default_rng(seed).integers(N, size=(20, M)))
    assert torch.equal(pq.encode(pq.decode(codes)), codes)


# --- several probes -----------------------------------------------------------------------------


@st.composite
def probe_problems(draw):
    M, N, d = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 2))
    # Small whole numbers give exact ties; the others give none.
    entry = draw(st.sampled_from([st.integers(-2, 2), st.floats(-5, 5, width=16)]))
    books = draw(st.lists(entry, min_size=M * N * d, max_size=M * N * d))
    x = draw(st.lists(entry, min_size=2 * M * d, max_size=2 * M * d))
    probes = draw(st.integers(1, N**M))
    books = torch.tensor(books, dtype=torch.float64).reshape(M, N, d)
    return books, torch.tensor(x, dtype=torch.float64).reshape(2, M * d), probes


@given(probe_problems())
def test_nearest_equals_brute_force_over_all_codes(problem):
    books, x, probes = problem
    pq = with_books(books)
    everything = torch.tensor(list(itertools.product(range(pq.N), repeat=pq.M)))  # (N^M, M)
    all_distances = (x[:, None] - pq.decode(everything)).square().sum(dim=2)  # (n, N^M)
    codes, distances = pq.nearest(x, probes)
    assert codes.shape == (len(x), probes, pq.M) and codes.dtype == torch.int64
    torch.testing.assert_close(distances, all_distances.sort(dim=1).values[:, :probes])
    torch.testing.assert_close(distances, (x[:, None] - pq.decode(codes)).square().sum(dim=2))
    for own in codes.tolist():
        assert len(set(map(tuple, own))) == probes  # no code twice, ties or not
    assert torch.equal(codes[:, 0], pq.encode(x))


def test_first_probe_is_the_code_even_where_float32_is_coarse():
    # ||x||^2 is 10^6 times the distances: added early, it would round their differences away.
    pq = ProductQuantizer(M=2, N=64, token_dim=4, seed=1)
    pq.codebooks.data += 1000.0
    x = vectors(2000, 4, seed=2) + 1000.0
    assert torch.equal(pq.nearest(x, 3)[0][:, 0], pq.encode(x))
    assert (pq.nearest(x, 3)[1] >= 0).all()


def test_nearest_by_hand():
    codes, distances = with_books(SMALL_BOOKS).nearest(torch.tensor([[0.5, 0.0, 1.0, 1.0]]), 3)
    assert codes.tolist() == [[[0, 0], [1, 0], [0, 1]]]
    assert distances.tolist() == [[0.25, 2.25, 4.25]]


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"M": 5, "token_dim": 64}, r"M = 5 does not divide token_dim = 64; .* \[1, 2, 4, 8, 16,"),
        ({"M": 0, "token_dim": 4}, "M = 0; give a whole number, 1 or more"),
        ({"N": 0}, "N = 0; give a whole number, 1 or more"),
        ({"update": "sgd"}, "update = 'sgd'; choose 'ema' or 'gradient'"),
    ],
)
def test_settings_that_make_no_quantiser(options, message):
    with pytest.raises(ValueError, match=message):
        ProductQuantizer(**options)


def test_more_codewords_than_vectors():
    pq = ProductQuantizer(N=9, token_dim=2)
    with pytest.raises(ValueError, match="N = 9 codewords need at least as many vectors; got 8"):
        pq.fit(vectors(8, 2))
    pq.fit(vectors(9, 2))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("method", ["fit", "encode", "nearest", "learn"])
def test_nan_and_infinity_are_refused(method, value):
    pq = ProductQuantizer(M=2, N=2, token_dim=4)
    before = pq.codebooks.clone()
    x = vectors(6, 4)
    x[3, 1] = value
    codes = torch.zeros((6, 2), dtype=torch.int64)
    rng = np.random.default_rng(0)
    calls = {
        "fit": lambda: pq.fit(x),
        "encode": lambda: pq.encode(x),
        "nearest": lambda: pq.nearest(x, 1),
        "learn": lambda: pq.learn(x, codes, rng),
    }
    with pytest.raises(ValueError, match="vector 3 holds NaN or infinity"):
        calls[method]()
    assert torch.equal(pq.codebooks, before)


@pytest.mark.parametrize("bad", [-1, 3])
def test_codes_out_of_range(bad):
    pq = with_books(SMALL_BOOKS)
    with pytest.raises(ValueError, match=f"codes has the value {bad}; give codes from 0 to 2"):
        pq.decode(torch.tensor([[1, 1], [1, bad]]))


@pytest.mark.parametrize("probes", [-1, 0, 10])
def test_probes_out_of_range(probes):
    pq = with_books(SMALL_BOOKS)
    with pytest.raises(ValueError, match=f"probes = {probes}; give a whole number, 1 to 9"):
        pq.nearest(vectors(1, 4), probes)


def test_vectors_of_another_width():
    with pytest.raises(ValueError, match="vectors have width 6, the quantiser 4"):
        with_books(SMALL_BOOKS).encode(vectors(1, 6))


# --- gradients ----------------------------------------------------------------------------------


def test_straight_through_has_the_value_of_one_and_the_gradient_of_the_other():
    T = torch.tensor([1.0, -2.0], requires_grad=True)
    T_q = torch.tensor([3.0, 5.0], requires_grad=True)
    out = straight_through(T, T_q)
    assert out.tolist() == [3.0, 5.0]
    out.backward(torch.tensor([0.25, -7.0]))
    assert T.grad.tolist() == [0.25, -7.0]
    assert T_q.grad is None


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_forward_gives_codewords_and_passes_gradients_on_to_the_tokens_only(update):
    pq = ProductQuantizer(M=2, N=7, token_dim=6, update=update, dtype=torch.float64)
    T = vectors(15, 6, dtype=torch.float64).reshape(5, 3, 6).requires_grad_()
    upstream = vectors(15, 6, seed=1, dtype=torch.float64).reshape(5, 3, 6)
    out, codes = pq(T)
    assert torch.equal(codes, pq.encode(T))
    torch.testing.assert_close(out, pq.decode(codes), rtol=0, atol=1e-14)
    (out * upstream).sum().backward()
    assert torch.equal(T.grad, upstream)
    assert pq.codebooks.grad is None


def losses_by_hand(pq, T):
    T_q = pq.decode(pq.encode(T)).detach().numpy()
    return float(((T.detach().numpy() - T_q) ** 2).mean()), T_q


def test_codebook_loss_moves_codebooks_and_commitment_moves_tokens():
    pq = ProductQuantizer(M=2, N=5, token_dim=4, update="gradient", dtype=torch.float64)
    T = vectors(30, 4, seed=5, dtype=torch.float64).requires_grad_()
    codes = pq.encode(T)
    value, T_q = losses_by_hand(pq, T)
    codebook, commitment = pq.losses(T, codes)
    assert [codebook.item(), commitment.item()] == pytest.approx([value, value])

    codebook.backward(retain_graph=True)
    assert T.grad is None
    expected = np.zeros((2, 5, 2))
    pull = 2 * (T_q - T.detach().numpy()) / T.numel()
    for m in range(2):
        np.add.at(expected[m], codes[:, m].numpy(), pull[:, 2 * m : 2 * m + 2])
    np.testing.assert_allclose(pq.codebooks.grad.numpy(), expected, atol=1e-14)

    pq.codebooks.grad = None
    commitment.backward()
    assert pq.codebooks.grad is None
    np.testing.assert_allclose(T.grad.numpy(), -pull, atol=1e-14)


def test_ema_has_no_codebook_loss():
    pq = ProductQuantizer(M=2, N=5, token_dim=4)
    T = vectors(30, 4).requires_grad_()
    codebook, commitment = pq.losses(T, pq.encode(T))
    assert float(codebook) == 0.0 and not codebook.requires_grad
    assert commitment.item() == pytest.approx(losses_by_hand(pq, T)[0])
    assert not pq.codebooks.requires_grad


def test_gradient_steps_on_the_codebook_loss_are_left_alone_by_learn():
    pq = ProductQuantizer(M=1, N=4, token_dim=2, update="gradient", restart=0.0)
    before = pq.codebooks.detach().clone()
    x = vectors(20, 2)
    assert pq.learn(x, pq.encode(x), np.random.default_rng(0)) == 0
    assert torch.equal(pq.codebooks, before)


# --- learning by moving averages ----------------------------------------------------------------


def numpy_ema(books, batches, codes, decay):
    """EMA of counts and sums with Adam's bias correction, one codebook and codeword at a time."""
    M, N, d = books.shape
    books = books.copy()
    n, s = np.zeros((M, N)), np.zeros((M, N, d))
    for t, (x, code) in enumerate(zip(batches, codes, strict=True), start=1):
        for m in range(M):
            part = x[:, m * d : (m + 1) * d]
            for k in range(N):
                mine = part[code[:, m] == k]
                n[m, k] = decay * n[m, k] + (1 - decay) * len(mine) / len(x)
                s[m, k] = decay * s[m, k] + (1 - decay) * mine.sum(axis=0) / len(x)
                n_hat, s_hat = n[m, k] / (1 - decay**t), s[m, k] / (1 - decay**t)
                if n_hat > 0:
                    books[m, k] = s_hat / n_hat
    return books, n / (1 - decay**t)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.95])
def test_ema_equals_plain_numpy_with_bias_correction(decay):
    pq = ProductQuantizer(M=2, N=6, token_dim=4, decay=decay, restart=0.0, dtype=torch.float64)
    start = pq.codebooks.numpy().copy()
    batches, codes = [], []
    for step, n in enumerate((40, 3, 25, 60)):  # a small batch counts as much as a large one
        x = vectors(n, 4, seed=step, dtype=torch.float64)
        code = pq.encode(x)
        assert pq.learn(x, code, np.random.default_rng(0)) == 0
        batches.append(x.numpy())
        codes.append(code.numpy())
    books, share = numpy_ema(start, batches, codes, decay)
    np.testing.assert_allclose(pq.codebooks.numpy(), books, rtol=1e-12)
    np.testing.assert_allclose((pq.ema_share / pq.ema_weight).numpy(), share, atol=1e-14)
    assert float(pq.ema_weight) == pytest.approx(1 - decay ** len(batches))


def test_first_ema_step_goes_all_the_way_to_the_mean():
    # Without the correction (or with an average that starts from the random codebook) a decay of
    # 0.99 would leave the codeword where it was.
    pq = with_books([[[0.0, 0.0], [9.0, 9.0]]], decay=0.99, restart=0.0)
    x = torch.tensor([[1.0, 0.0], [3.0, 2.0]])
    pq.learn(x, pq.encode(x), np.random.default_rng(0))
    torch.testing.assert_close(pq.codebooks[0], torch.tensor([[2.0, 1.0], [9.0, 9.0]]))


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_ema_equals_that_of_vector_quantize_pytorch(eps):
    n, N, width, decay, steps = 500, 12, 6, 0.9, 4
    theirs = VectorQuantize(
        width,
        N,
        decay=decay,
        eps=eps,
        kmeans_init=False,
        threshold_ema_dead_code=0,
        rotation_trick=False,
    )
    ours = ProductQuantizer(N=N, token_dim=width, decay=decay, restart=0.0, seed=6)
    # That library starts its averages as if each codeword had been chosen once, counts tokens where
    # we take shares, and corrects no bias: the same start is a share of 1/n with full weight.
    theirs._codebook.embed.copy_(ours.codebooks)
    theirs._codebook.embed_avg.copy_(ours.codebooks)
    ours.ema_share.fill_(1 / n)
    ours.ema_sum.copy_(ours.codebooks / n)
    ours.ema_weight.fill_(1.0)
    for step in range(steps):
        x = vectors(n, width, seed=10 + step)
        codes = ours.encode(x)
        _, their_codes, _ = theirs(x)
        assert torch.equal(codes[:, 0], their_codes)
        ours.learn(x, codes, np.random.default_rng(0))
    # eps = 0: float32 rounding only. Otherwise theirs smooths a count k of n tokens to
    # (k + eps) n / (n + N eps), which moves a codeword by about eps / k, relatively: 1e-5 at k = 1.
    tolerance = 1e-6 if eps == 0 else 2 * eps
    torch.testing.assert_close(
        ours.codebooks.data[0], theirs.codebook, rtol=tolerance, atol=tolerance
    )


def test_learning_lowers_the_error_and_stays_near_the_start_of_fit():
    points, _ = clusters_2d(n=300, clusters=5, spread=0.1, seed=3)
    x = torch.from_numpy(points)
    pq = ProductQuantizer(N=5, token_dim=2, dtype=torch.float64).fit(x, seed=1)
    fitted = pq.codebooks.detach().clone()
    pq.learn(x, pq.encode(x), np.random.default_rng(0))
    torch.testing.assert_close(pq.codebooks.data, fitted)  # the mean of the same points again


# --- the start: k-means -------------------------------------------------------------------------


def inertia(pq, x):
    return float((x - pq.decode(pq.encode(x))).square().sum())


@pytest.mark.parametrize(("clusters", "spread"), [(5, 0.1), (8, 0.3)])
def test_kmeans_is_about_as_good_as_that_of_faiss(clusters, spread):
    points, _ = clusters_2d(n=600, clusters=clusters, spread=spread, seed=4)
    x = torch.from_numpy(points).float()
    kmeans = faiss.Kmeans(2, clusters, niter=50, nredo=10, seed=1, min_points_per_centroid=1)
    kmeans.train(x.numpy())
    best = min(kmeans.obj)
    ratios = [
        inertia(ProductQuantizer(N=clusters, token_dim=2).fit(x, seed=s), x) / best
        for s in range(9)
    ]
    assert min(ratios) > 0.999  # nothing beats ten tries of the reference
    assert np.median(ratios) < 1.03


def test_kmeans_of_every_part_is_about_as_good_as_that_of_faiss():
    x = vectors(3000, 16, seed=7)
    ours = ProductQuantizer(M=4, N=32, token_dim=16).fit(x, iterations=25)
    theirs = faiss.ProductQuantizer(16, 4, 5)
    theirs.train(x.numpy())
    rebuilt = torch.from_numpy(theirs.decode(theirs.compute_codes(x.numpy())))
    assert inertia(ours, x) < 1.03 * float((x - rebuilt).square().sum())


def test_kmeans_start_reaches_every_cluster():
    # A uniform choice of 8 starting points out of 8 tight clusters hits them all in 8!/8^8, 0.24 %.
    points, labels = clusters_2d(n=400, clusters=8, spread=1e-4, seed=5)
    x = torch.from_numpy(points)
    for seed in range(10):
        pq = ProductQuantizer(N=8, token_dim=2, dtype=torch.float64)
        codes = pq.fit(x, iterations=0, seed=seed).encode(x)[:, 0]
        pairs = set(zip(labels.tolist(), codes.tolist(), strict=True))
        assert len(pairs) == 8


def test_lloyd_ends_in_means_and_keeps_codewords_without_vectors():
    x = torch.tensor([[0.0], [0.0], [1.0], [9.0], [11.0], [0.0]])  # 4 distinct values
    pq = ProductQuantizer(N=6, token_dim=1).fit(x)
    assert torch.isfinite(pq.codebooks).all()
    assert set(pq.codebooks.flatten().tolist()) == {0.0, 1.0, 9.0, 11.0}
    pq = ProductQuantizer(N=3, token_dim=1).fit(x)
    codes = pq.encode(x)[:, 0]
    for k in range(3):
        torch.testing.assert_close(pq.codebooks[0, k], x[codes == k].mean(dim=0))


def test_fit_leaves_averages_that_go_with_the_codebooks():
    x = vectors(200, 4, seed=8)
    pq = ProductQuantizer(M=2, N=8, token_dim=4).fit(x)
    codes = pq.encode(x)
    for m in range(2):
        share = torch.bincount(codes[:, m], minlength=8) / 200
        torch.testing.assert_close(pq.ema_share[m], share)
    torch.testing.assert_close(pq.ema_sum, pq.ema_share[..., None] * pq.codebooks)
    assert float(pq.ema_weight) == 1.0


# --- restart ------------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_dead_codewords_restart_from_tokens_and_the_others_stay(update):
    pq = with_books(
        [[[0.0, 0.0], [9.0, 9.0], [50.0, 0.0], [0.0, 70.0]]], restart=0.05, update=update
    )
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [8.0, 9.0], [9.0, 8.0]])
    codes = pq.encode(x)
    assert sorted(set(codes.flatten().tolist())) == [0, 1]
    assert pq.learn(x, codes, np.random.default_rng(0)) == 2
    means = [[0.5, 0.5], [8.5, 8.5]] if update == "ema" else [[0.0, 0.0], [9.0, 9.0]]
    assert pq.codebooks[0, :2].tolist() == pytest.approx(np.array(means))
    for revived in pq.codebooks[0, 2:].tolist():
        assert revived in x.tolist()
    # Each counts as used like the mean codeword now, and its average stands where it stands.
    torch.testing.assert_close(pq.ema_share[0, 2:] / pq.ema_weight, torch.full((2,), 0.25))
    torch.testing.assert_close(
        pq.ema_sum[0, 2:] / pq.ema_share[0, 2:, None], pq.codebooks.data[0, 2:]
    )


def test_no_restart_when_switched_off_or_when_all_are_used():
    far = with_books([[[0.0], [99.0]]], restart=0.0)
    x = torch.tensor([[0.0], [1.0]])
    assert far.learn(x, far.encode(x), np.random.default_rng(0)) == 0
    assert far.codebooks[0, 1].tolist() == [99.0]
    near = with_books([[[0.0], [1.0]]], restart=0.05)
    assert near.learn(x, near.encode(x), np.random.default_rng(0)) == 0


def test_restart_threshold_is_a_share_of_the_mean_usage():
    # 1 token of 40 on the second of two codewords: 5 % of the mean usage of 20.
    x = torch.cat([torch.zeros(39, 1), torch.ones(1, 1)])
    for restart, expected in ((0.04, 0), (0.06, 1)):
        pq = with_books([[[0.0], [1.0]]], restart=restart)
        assert pq.learn(x, pq.encode(x), np.random.default_rng(0)) == expected


def test_a_collapsed_codebook_comes_back_to_life():
    points, _ = clusters_2d(n=300, clusters=6, spread=0.1, seed=6)
    x = torch.from_numpy(points)
    far = torch.full((1, 6, 2), 100.0, dtype=torch.float64) + torch.arange(6.0)[:, None]

    def used(restart):
        pq = with_books(far, restart=restart, decay=0.8)
        rng = np.random.default_rng(1)
        for _ in range(30):
            pq.learn(x, pq.encode(x), rng)
        return pq.usage(pq.encode(x)).used

    assert used(restart=0.0) == [1]
    assert used(restart=0.2) == [6]


# --- usage and distinct codes -------------------------------------------------------------------


def test_usage_by_hand():
    pq = ProductQuantizer(M=3, N=4, token_dim=6)
    codes = torch.tensor([[0, 2, 0], [1, 2, 0], [2, 2, 0], [3, 2, 1]]).reshape(2, 2, 3)
    used, perplexity = pq.usage(codes)
    assert used == [4, 1, 2]
    # shares 3/4 and 1/4: exp(-(3/4) ln(3/4) - (1/4) ln(1/4)) = 4 / 3^(3/4)
    assert perplexity == pytest.approx([4.0, 1.0, 4 / 3**0.75])


def check_distinct(codes):
    distinct, which = distinct_codes(codes)
    expected, inverse = np.unique(codes.numpy(), axis=0, return_inverse=True)
    np.testing.assert_array_equal(distinct.numpy(), expected)
    np.testing.assert_array_equal(which.numpy(), inverse.ravel())
    assert distinct.dtype == which.dtype == torch.int64


@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.integers(0, 30))
def test_distinct_codes_equal_numpy_unique(data, M, N, n):
    flat = data.draw(st.lists(st.integers(0, N - 1), min_size=n * M, max_size=n * M))
    check_distinct(torch.tensor(flat, dtype=torch.int64).reshape(n, M))


@given(st.lists(st.lists(st.sampled_from([0, 1, 128, 255]), min_size=8, max_size=8), min_size=1))
def test_distinct_codes_do_not_overflow_with_2_to_the_64_codes(codes):
    check_distinct(torch.tensor(codes))


def test_codes_that_one_int64_key_would_mix_up_stay_apart():
    # As a number of 9 digits to the base 256 the first is 2^71, which is 0 modulo 2^64; and the
    # third, 2^63, is the smallest int64, not the largest.
    codes = torch.tensor([[128] + [0] * 8, [0] * 9, [0, 128] + [0] * 7, [0] * 9])
    check_distinct(codes)


# --- seeds and precision ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_seed_decides_everything_and_the_global_one_nothing(dtype):
    def run(seed, fit_seed, global_seed):
        torch.manual_seed(global_seed)
        pq = ProductQuantizer(M=2, N=16, token_dim=4, seed=seed, restart=0.5, dtype=dtype)
        drawn = pq.codebooks.detach().clone()
        x = vectors(100, 4, dtype=dtype)
        pq.fit(x, seed=fit_seed)
        pq.learn(x, pq.encode(x), np.random.default_rng(fit_seed))
        return drawn, pq.codebooks.detach().clone()

    first, again, other = run(1, 2, 3), run(1, 2, 4), run(5, 6, 3)
    assert first[0].dtype == first[1].dtype == dtype
    for a, b, c in zip(first, again, other, strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_float64_stays_float64_all_the_way():
    pq = ProductQuantizer(M=2, N=5, token_dim=4, dtype=torch.float64)
    x = vectors(50, 4, dtype=torch.float64)
    pq.fit(x)
    pq.learn(x, pq.encode(x), np.random.default_rng(0))
    out, codes = pq(x)
    assert {t.dtype for t in (out, pq.nearest(x, 2)[1], *pq.losses(x, codes))} == {torch.float64}
    assert {b.dtype for b in pq.state_dict().values()} == {torch.float64}


@pytest.mark.numeric
def test_the_same_codebooks_on_every_machine():
    pq = ProductQuantizer(M=2, N=2, token_dim=4, seed=0, dtype=torch.float64)
    assert [round(v, 6) for v in pq.codebooks.flatten().tolist()] == [
        *(0.12573, -0.132105, 0.640423, 0.1049),
        *(-0.535669, 0.361595, 1.304, 0.947081),
    ]
    points, _ = clusters_2d(n=90, clusters=3, seed=0)
    learnt = ProductQuantizer(N=3, token_dim=2, dtype=torch.float64).fit(torch.from_numpy(points))
    assert inertia(learnt, torch.from_numpy(points)) == pytest.approx(17.505104815305, rel=1e-9)


def test_fit_starts_from_the_seed_of_the_quantizer():
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(60, 4))).float()
    first, second = (ProductQuantizer(2, 5, 4, seed=seed).fit(x).codebooks for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(ProductQuantizer(2, 5, 4, seed=1).fit(x, seed=0).codebooks, first)


def test_codes_of_another_width_and_vectors_of_another_dtype_are_refused():
    pq = ProductQuantizer(M=2, N=4, token_dim=4)
    with pytest.raises(ValueError, match=r"codes have shape \(1, 3\); give M = 2 columns"):
        pq.decode(torch.zeros((1, 3), dtype=torch.int64))
    with pytest.raises(ValueError, match=r"float64.*float32"):
        pq.encode(torch.zeros((1, 4), dtype=torch.float64))


@pytest.mark.parametrize("wrong", [{"decay": 1.5}, {"decay": -0.1}, {"restart": 5.0}])
def test_shares_outside_their_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ProductQuantizer(M=2, N=4, token_dim=4, **wrong)
