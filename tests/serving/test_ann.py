"""Search over item vectors: exact is exact, approximate is good enough, the bias counts."""

import builtins
import functools
import sys

import numpy as np
import pytest
from hypothesis import given

import toys
from sparcode_mini.serving.ann import (
    ExactIndex,
    FlatIndex,
    HNSWIndex,
    IVFPQIndex,
    VectorIndex,
)

K = 10


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    items, queries = rng.normal(size=(2000, 32)), rng.normal(size=(100, 32))
    return items, rng.normal(size=2000), queries


def recall(found, expected):
    pairs = zip(found, expected, strict=True)
    return np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in pairs])


def ivfpq(items, bias=None, **settings):
    return IVFPQIndex(items, bias, **({"nlist": 16, "M": 16, "nprobe": 8} | settings))


@pytest.mark.parametrize("build", [ExactIndex, FlatIndex])
def test_exact_equals_the_formula(world, build):
    items, bias, queries = world
    positions, values = build(items, bias).search(queries, K)
    scores = queries @ items.T + bias
    np.testing.assert_array_equal(positions, np.argsort(-scores, axis=1)[:, :K])
    np.testing.assert_allclose(values, np.sort(scores, axis=1)[:, : -K - 1 : -1], rtol=1e-5)
    assert positions.dtype == np.int64
    assert values.dtype == np.float32


@pytest.mark.parametrize("bias_scale", [0, 1, 20])
def test_hnsw_finds_nearly_all(world, bias_scale):
    """Measured: 0.996, 0.994 and 1.0 (0.93 for 20 without balancing the bias)."""
    items, bias, queries = world
    bias = bias_scale * bias if bias_scale else None
    expected, exact_values = ExactIndex(items, bias).search(queries, K)
    positions, values = HNSWIndex(items, bias).search(queries, K)
    assert recall(positions, expected) > 0.98
    # the vectors are kept in full, so whatever is found has its exact value
    same = positions == expected
    np.testing.assert_allclose(values[same], exact_values[same], rtol=1e-4)
    assert same.mean() > 0.9


@pytest.mark.parametrize(("bias_scale", "floor"), [(0, 0.7), (1, 0.6)])
def test_ivfpq_finds_most(world, bias_scale, floor):
    """Measured 0.79 and 0.71; ten of 2,000 items at random would be 0.005."""
    items, bias, queries = world
    bias = bias_scale * bias if bias_scale else None
    expected, _ = ExactIndex(items, bias).search(queries, K)
    positions, _ = ivfpq(items, bias).search(queries, K)
    assert recall(positions, expected) > floor


def test_more_effort_finds_more(world):
    items, bias, queries = world
    expected, _ = ExactIndex(items, bias).search(queries, K)
    few = recall(HNSWIndex(items, bias, m=4, ef_search=K).search(queries, K)[0], expected)
    many = recall(HNSWIndex(items, bias, m=4, ef_search=200).search(queries, K)[0], expected)
    assert few + 0.1 < many
    few = recall(ivfpq(items, bias, nprobe=1).search(queries, K)[0], expected)
    many = recall(ivfpq(items, bias, nprobe=99).search(queries, K)[0], expected)
    assert few + 0.1 < many


def test_a_graph_search_returns_no_more_than_it_keeps(world):
    index = HNSWIndex(world[0], ef_search=K)
    assert (index.search(world[2], K)[0] >= 0).all()
    with pytest.raises(ValueError, match="k = 11 items from ef_search = 10 candidates"):
        index.search(world[2], K + 1)


def test_exact_vectors_put_in_order_what_the_codes_fetch(world):
    """Measured with 4 bytes a code: 0.43 by the codes, 0.92 with ten fetched for each."""
    items, bias, queries = world
    expected, exact_values = ExactIndex(items, bias).search(queries, K)
    codes = {"M": 4, "nprobe": 16}
    plain, fetched = ivfpq(items, bias, **codes), ivfpq(items, bias, **codes, rerank=10)
    positions, values = fetched.search(queries, K)
    assert recall(positions, expected) > recall(plain.search(queries, K)[0], expected) + 0.3
    same = positions == expected
    np.testing.assert_allclose(values[same], exact_values[same], rtol=1e-4)
    assert fetched.nbytes == plain.nbytes + 2000 * 33 * 4
    everything, _ = ivfpq(items, bias, **codes, rerank=200).search(queries, K)
    np.testing.assert_array_equal(everything, expected)  # all fetched: exact search
    one = ivfpq(items, bias, **codes, rerank=1).search(queries, K)[0]
    assert (np.sort(one, axis=1) == np.sort(plain.search(queries, K)[0], axis=1)).all()


def test_padding_stays_padding_when_it_is_put_in_order(world):
    positions, values = ivfpq(world[0], nlist=64, nprobe=1, rerank=2).search(world[2], 500)
    assert (positions == -1).any() and (values[positions == -1] == 0).all()
    assert (np.diff((positions == -1).astype(int), axis=1) >= 0).all()


@pytest.mark.parametrize("build", [HNSWIndex, ivfpq])
def test_the_bias_is_part_of_the_search(world, build):
    items, bias, queries = world
    expected, exact_values = ExactIndex(items, 10 * bias).search(queries, K)
    positions, values = build(items, 10 * bias).search(queries, K)
    without, _ = build(items).search(queries, K)
    assert recall(positions, expected) > 0.7 > 0.3 > recall(without, expected)
    np.testing.assert_allclose(values, exact_values, rtol=0.2)


@pytest.mark.parametrize("build", [ExactIndex, FlatIndex, HNSWIndex, ivfpq])
def test_protocol_shapes_and_repeatability(world, build):
    items, bias, queries = world
    before = items.copy()
    index, again = build(items, bias), build(items, bias)
    assert isinstance(index, VectorIndex)
    first, second = index.search(queries, K), again.search(queries, K)
    for a, b in zip(first, second, strict=True):
        assert a.shape == (100, K)
        np.testing.assert_array_equal(a, b)
    assert first[0].dtype == np.int64
    assert first[1].dtype == np.float32
    assert (np.diff(first[1], axis=1) <= 0).all()
    np.testing.assert_array_equal(items, before)


def test_an_index_keeps_its_own_vectors():
    items = np.eye(3, dtype=np.float32)
    index = ExactIndex(items)
    items[:] = 0
    assert index.search([[0, 1, 0]], 1)[0].tolist() == [[1]]


@pytest.mark.parametrize("build", [ExactIndex, FlatIndex, HNSWIndex])
def test_equal_values_come_in_position_order(build):
    index = build(np.ones((6, 4)), np.zeros(6))
    assert index.search(np.ones((1, 4)), 6)[0].tolist() == [[0, 1, 2, 3, 4, 5]]


def test_places_that_cannot_be_filled_are_padded(world):
    items, _, queries = world
    positions, values = ivfpq(items, nlist=64, nprobe=1).search(queries, 500)
    missing = positions == -1
    assert missing.any()
    assert (values[missing] == 0).all()
    assert (np.diff(missing.astype(int), axis=1) >= 0).all()  # padding only at the end


def test_the_seed_of_ivfpq_counts(world):
    items, _, queries = world
    one, other = (ivfpq(items, seed=seed).search(queries, K)[1] for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_bytes(world):
    items, bias, _ = world
    assert ExactIndex(items).nbytes == 2000 * 32 * 4
    assert ExactIndex(items, bias).nbytes == 2000 * 33 * 4
    links = 2000 * 32 * 4  # 2 * m links of 4 bytes on the lowest level
    assert 2000 * 32 * 4 + links < HNSWIndex(items).nbytes < 1.2 * (2000 * 32 * 4 + links)
    codebooks, codes, ids = 256 * 32 * 4, 2000 * 16, 2000 * 8
    assert codebooks + codes + ids < ivfpq(items).nbytes < 1.2 * (codebooks + codes + ids)


def test_the_number_of_threads_is_restored(world):
    faiss = pytest.importorskip("faiss")
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    try:
        HNSWIndex(world[0][:50]).search(world[2], 1)
        assert faiss.omp_get_max_threads() == 2
    finally:
        faiss.omp_set_num_threads(before)


def test_a_small_catalogue_prints_no_warning(world, capfd):
    ivfpq(world[0][:300])
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("build", [HNSWIndex, IVFPQIndex])
def test_without_faiss_the_message_says_what_to_install(world, build, monkeypatch):
    real = builtins.__import__

    def no_faiss(name, *args, **kwargs):
        if name == "faiss":
            raise ImportError("no module named faiss")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(builtins, "__import__", no_faiss)
    with pytest.raises(ImportError, match=r'pip install "sparcode-mini\[lab\]"'):
        build(world[0])
    assert ExactIndex(world[0]).search(world[2], 1)[0].shape == (100, 1)


@pytest.mark.parametrize(
    ("items", "bias", "message"),
    [
        (np.zeros(3), None, r"items have shape \(3,\)"),
        (np.zeros((0, 3)), None, r"items have shape \(0, 3\)"),
        (np.array([[0.0], [np.nan]]), None, "row 1 of items"),
        (np.zeros((3, 2)), np.zeros(2), r"bias has shape \(2,\)"),
        (np.zeros((2, 2)), np.array([0, np.inf]), "row 1 of items with their bias"),
    ],
)
@pytest.mark.parametrize("build", [ExactIndex, FlatIndex, HNSWIndex, IVFPQIndex])
def test_bad_vectors(build, items, bias, message):
    with pytest.raises(ValueError, match=message):
        build(items, bias)


@pytest.mark.parametrize("build", [ExactIndex, FlatIndex, HNSWIndex, ivfpq])
@pytest.mark.parametrize("bias", [None, np.ones(300)])
def test_bad_searches(world, build, bias):
    index = build(world[0][:300], bias)
    with pytest.raises(ValueError, match="queries have width 31, the items have 32"):
        index.search(np.zeros((1, 31)), 1)
    for k in (0, 301):
        with pytest.raises(ValueError, match=f"k = {k}"):
            index.search(np.zeros((1, 32)), k)


@pytest.mark.parametrize("build", [ExactIndex, functools.partial(HNSWIndex, m=4)])
@given(numbers=toys.real_numbers(24))
def test_vectors_mean_the_same_in_any_type(build, numbers):
    array, meaning = numbers
    fits = meaning is not None and meaning.max() <= 1e17
    with toys.as_users_call():
        if not fits:
            for items, bias in ((array.reshape(6, 4), None), (np.eye(24), array)):
                with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                    build(items, bias)
            with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
                build(np.eye(4)).search(array.reshape(6, 4), 2)
            return
        for items, bias in ((array.reshape(6, 4), None), (np.eye(24), array)):
            plain = meaning.reshape(6, 4) if bias is None else items
            query = np.eye(plain.shape[1])
            found = build(items, bias).search(query, 2)
            expected = build(plain, None if bias is None else meaning).search(query, 2)
            assert found[0].tolist() == expected[0].tolist()


@pytest.mark.parametrize("build", [ExactIndex, FlatIndex, HNSWIndex, ivfpq])
def test_counts_of_an_index_are_whole_numbers(world, build):
    index = build(world[0][:300])
    with toys.as_users_call():
        for wrong in toys.NO_COUNTS:
            with pytest.raises(ValueError, match=r"\Ak = [^\n]+\Z"):
                index.search(world[2], wrong)
        for two in toys.COUNTS_OF_TWO:
            assert index.search(world[2][:1], two)[0].shape == (1, 2)
        for kind, names in ((HNSWIndex, ("m", "ef_search")), (IVFPQIndex, ("nlist", "M", "seed"))):
            for name in names:
                for wrong in toys.NO_COUNTS:
                    with pytest.raises(ValueError, match=rf"\A{name} = [^\n]+\Z"):
                        kind(world[0], **{name: wrong})


@pytest.mark.parametrize(
    ("build", "settings", "message"),
    [
        (HNSWIndex, {"m": 1}, "m = 1"),
        (HNSWIndex, {"ef_search": 0}, "ef_search = 0"),
        (IVFPQIndex, {"nprobe": 0}, "nprobe = 0"),
        (IVFPQIndex, {"rerank": -1}, "rerank = -1"),
        (IVFPQIndex, {"nbits": 3}, "nbits = 3"),
        (IVFPQIndex, {"nbits": 12}, "2.nbits = 4096 codewords .* there are 2000"),
        (IVFPQIndex, {"nlist": 2001}, "nlist = 2001"),
    ],
)
def test_bad_settings(world, build, settings, message):
    with pytest.raises(ValueError, match=message):
        build(world[0], **settings)
