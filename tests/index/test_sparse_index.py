"""The index is held against a dense table, the build against the model."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.index.lists import largest_first
from sparcode_mini.model.codebook_tables import ENGINES
from sparcode_mini.model.codes import Codes
from sparcode_mini.tools.top_k import top_k

# --- search against a dense reference -----------------------------------------------------------


def weighted(keys, weights):
    return Codes(torch.from_numpy(keys), torch.from_numpy(weights))


def dense_search(table, listed, keys, weights, k, exclude, on_missing, codebooks):
    """What search must return, code by code: (positions, values, missing)."""

    def vector(code):
        return np.concatenate([codebooks[m][c] for m, c in enumerate(code)])

    where = {code: row for row, code in enumerate(map(tuple, listed.tolist()))}
    y, missing = np.zeros((len(keys), table.shape[1])), np.zeros(len(keys), dtype=int)
    flat = [query.reshape(-1, keys.shape[-1]).tolist() for query in keys]
    for b, query in enumerate(flat):
        for code, weight in zip(map(tuple, query), weights[b].ravel(), strict=True):
            row = where.get(code)
            if row is None:
                missing[b] += 1
                if on_missing == "empty":
                    continue
                far = [np.square(vector(code) - vector(other)).sum() for other in listed.tolist()]
                row = int(np.argmin(far))
            y[b] += weight * table[row]
    return *toys.plain_top_k(y, k, exclude), missing


@st.composite
def problems(draw):
    """Few integers, so that ties, empty lists, repeated and missing codes are the rule."""
    M, N, n_items = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    everything = np.array(list(itertools.product(range(N), repeat=M)))  # (N^M, M)
    listed = rng.permutation(everything)[: draw(st.integers(1, len(everything)))]
    density = draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    table = rng.integers(1, 4, (len(listed), n_items)) * (
        rng.random((len(listed), n_items)) < density
    )
    B, K_u, R = draw(st.integers(0, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    keys = everything[rng.integers(len(everything), size=(B, K_u, R))]  # (B, K_u, R, M)
    weights = rng.integers(1, 5, (B, K_u, R)) / 4.0  # exact in binary, and so are their sums
    exclude = None
    if draw(st.booleans()):
        sizes = rng.integers(0, n_items + 1, B)
        exclude = [rng.permutation(n_items)[:size] for size in sizes]
    codebooks = rng.integers(-3, 4, (M, N, 2)).astype(np.float32)
    index = toys.index_of(table.astype(np.float32), listed, codebooks)
    k = draw(st.integers(1, n_items))
    return index, table, listed, keys, weights, k, exclude, codebooks


@pytest.mark.parametrize("engine", ENGINES)
@given(problems(), st.sampled_from(["empty", "nearest"]))
def test_search_equals_a_dense_reference(engine, problem, on_missing):
    index, table, listed, keys, weights, k, exclude, codebooks = problem
    found = index.search(weighted(keys, weights), k, exclude, on_missing, engine)
    positions, values, missing = dense_search(
        table, listed, keys, weights, k, exclude, on_missing, codebooks
    )
    np.testing.assert_array_equal(found[0], positions)
    np.testing.assert_array_equal(found[1], values)
    np.testing.assert_array_equal(found.missing, missing)
    assert (found[0].dtype, found[1].dtype) == (np.int64, np.float64)


@given(problems())
def test_an_array_is_one_probe_of_weight_one(problem):
    index, _, listed, keys, _, k, exclude, _ = problem
    lists = listed[np.random.default_rng(0).integers(len(listed), size=keys.shape[:2])]
    expected = index.search(
        weighted(lists[:, :, None], np.ones(lists.shape[:2])[..., None]), k, exclude
    )
    for codes in (lists, lists.astype(np.uint8), torch.from_numpy(lists)):
        found = index.search(codes, k, exclude)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
        assert found.missing.tolist() == [0] * len(lists)


@given(problems())
def test_a_missing_list_raises_and_names_the_code(problem):
    index, _, listed, keys, weights, k, *_ = problem
    known = set(map(tuple, listed.tolist()))
    lost = [
        code for code in map(tuple, keys.reshape(-1, keys.shape[-1]).tolist()) if code not in known
    ]
    if not lost:
        index.search(weighted(keys, weights), k)
        return
    with pytest.raises(KeyError) as caught:
        index.search(weighted(keys, weights), k)
    assert f"code {lost[0]} has no list ({len(lost)} such" in str(caught.value)


TABLE = np.array([[3, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
HAND = toys.index_of(
    TABLE, np.array([[0], [1], [5]]), np.arange(6.0, dtype=np.float32)[None, :, None]
)


def test_search_by_hand():
    positions, values = HAND.search(np.array([[[0], [1]], [[1], [1]], [[5], [5]]]), k=4)
    assert positions.tolist() == [[0, 2, 1, -1], [0, 1, 2, -1], [-1, -1, -1, -1]]
    assert values.tolist() == [[4, 2, 1, 0], [2, 2, 2, 0], [0, 0, 0, 0]]


def test_the_three_ways_with_a_missing_list():
    codes = np.array([[[0], [2]], [[4], [1]], [[0], [0]]])
    with pytest.raises(KeyError, match=r"code \(2,\) has no list \(2 such in this search\)"):
        HAND.search(codes, k=2)
    empty = HAND.search(codes, k=2, on_missing="empty")
    assert empty[1].tolist() == [[3, 1], [1, 1], [6, 2]]
    nearest = HAND.search(codes, k=2, on_missing="nearest")  # 2 -> list 1, 4 -> list 5
    assert nearest[1].tolist() == [[4, 2], [1, 1], [6, 2]]
    assert empty.missing.tolist() == nearest.missing.tolist() == [1, 1, 0]


def test_many_queries_are_searched_in_parts():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (6, 11)).astype(np.float32)
    index = toys.index_of(table, np.arange(6)[:, None])
    codes = rng.integers(0, 6, (600, 3, 1))
    exclude = [rng.integers(0, 11, 3) for _ in range(600)]
    positions, values = index.search(codes, k=5, exclude=exclude)
    expected = toys.plain_top_k(table[codes[..., 0]].sum(axis=1), 5, exclude)
    np.testing.assert_array_equal(positions, expected[0])
    np.testing.assert_array_equal(values, expected[1])


@pytest.mark.parametrize("k", [-1, 0, 5])
def test_search_refuses_k(k):
    with pytest.raises(ValueError, match=f"k = {k}; ask for 1 to 4 items"):
        HAND.search(np.zeros((1, 1, 1), dtype=np.int64), k=k)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 1), dtype=np.int64), r"shape \(2, 1\)"),
        (np.zeros((1, 1, 1, 1), dtype=np.int64), r"shape \(1, 1, 1, 1\)"),
        (np.zeros((1, 1, 1)), "type float64"),
        (np.zeros((1, 1, 1), dtype=bool), "type bool"),
        (np.zeros((1, 1, 2), dtype=np.int64), "codes have M = 2, the index M = 1"),
        (weighted(np.zeros((1, 1, 1, 3), dtype=np.int64), np.ones((1, 1, 1))), "codes have M = 3"),
        (np.full((1, 1, 1), 2**32), "4294967296"),  # would be code 0 in 32 bits
        (np.full((1, 1, 1), -1), "-1"),
    ],
)
def test_search_refuses_codes_of_another_form(codes, message):
    with pytest.raises(ValueError, match=message):
        HAND.search(codes, k=1, on_missing="empty")


def test_search_refuses_an_unknown_way_even_if_nothing_is_missing():
    for code in (0, 2):
        with pytest.raises(ValueError, match=r"on_missing = 'zero'.*'nearest' or 'empty'"):
            HAND.search(np.full((1, 1, 1), code), k=1, on_missing="zero")


def test_nearest_needs_codewords_and_codes_that_exist():
    bare = toys.index_of(TABLE, np.array([[0], [1], [5]]))
    with pytest.raises(ValueError, match="knows no codewords"):
        bare.search(np.full((1, 1, 1), 2), k=1, on_missing="nearest")
    with pytest.raises(ValueError, match=r"codes span 9\.\.9; N = 6"):
        HAND.search(np.full((1, 1, 1), 9), k=1, on_missing="nearest")


@pytest.mark.parametrize("queries", [1, 256])
def test_search_refuses_exclude_of_another_length(queries):
    exclude = [np.array([0])] * (queries + 1)
    with pytest.raises(ValueError, match=f"{queries + 1} lists for {queries} queries"):
        HAND.search(np.zeros((queries, 1, 1), dtype=np.int64), k=1, exclude=exclude)


@pytest.mark.parametrize("M", [8, 9])
def test_codes_whose_integer_keys_would_overflow(M):
    # N = 256: keys to base 256 reach 2^64 (M = 8) or repeat modulo it (M = 9); as float64 keys,
    # codes that differ in the last place only would be one.
    codes = np.zeros((6, M), dtype=np.int64)
    codes[1, 0] = 1
    codes[2, 0], codes[3, 0] = 128, 255
    codes[4], codes[5, 0], codes[5, -1] = 255, 128, 1
    table = np.eye(6, dtype=np.float32) * np.arange(1, 7)
    index = toys.index_of(table, codes)
    positions, values = index.search(codes[:, None], k=1)
    assert positions[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert values[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    absent = codes[:1].copy()
    absent[0, 1] = 1
    with pytest.raises(KeyError, match="has no list"):
        index.search(absent[:, None], k=1)


# --- the parts of an index ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"codes": [0, 1]}, r"codes have shape \(2,\)"),
        ({"offsets": [0, 2]}, r"offsets \(2,\)"),
        ({"offsets": [1, 2, 3]}, "start at 0"),
        ({"offsets": [0, 4, 3]}, "never fall"),
        ({"offsets": [0, 2, 2]}, "offsets end at 2, with 3 items"),
        ({"values": [1.0, 1.0]}, "3 items and 2 values"),
        ({"items": [0, 4, 1]}, r"items span 0\.\.4; n_items = 4"),
        ({"items": [0, -1, 1]}, r"items span -1\.\.1"),
        ({"values": [1.0, 0.0, 1.0]}, "finite number > 0"),
        ({"values": [1.0, -1.0, 1.0]}, "finite number > 0"),
        ({"values": [1.0, np.nan, 1.0]}, "finite number > 0"),
        ({"values": [1.0, np.inf, 1.0]}, "finite number > 0"),
        ({"codes": [[3], [3]]}, "1 codes have two lists"),
        ({"codes": [[0], [2**32]]}, "4294967296"),
    ],
)
def test_inconsistent_parts_are_refused(parts, message):
    whole = {
        "codes": [[0], [1]],
        "offsets": [0, 2, 3],
        "items": [0, 1, 1],
        "values": [2.0, 1.0, 1.0],
    }
    sm.SparseIndex(**{name: np.array(part) for name, part in whole.items()}, n_items=4)
    with pytest.raises(ValueError, match=message):
        sm.SparseIndex(
            **{name: np.array(part) for name, part in (whole | parts).items()}, n_items=4
        )


def test_posting_list_and_length():
    items, values = HAND.posting_list([0])
    assert (items.tolist(), values.tolist()) == ([0, 2], [3, 1])
    assert [len(part) for part in HAND.posting_list([5])] == [0, 0]
    assert len(HAND) == 3
    with pytest.raises(KeyError, match=r"code \(2,\) has no list"):
        HAND.posting_list([2])


def test_stats_by_hand():
    assert HAND.stats() == {
        "lists": 3,
        "entries": 5,
        "density": 5 / 12,
        "longest": 3,
        "empty": 1,
        "entry_bytes": 5 * (4 + 4),
        "entry_bytes_fp16": 30,
        "other_bytes": 3 * 4 + 4 * 8 + 6 * 4,  # codes, offsets, codebooks
    }
    bare = toys.index_of(TABLE.astype(np.float64), np.array([[0], [1], [5]])).stats()
    assert (bare["entry_bytes"], bare["other_bytes"]) == (5 * 12, 3 * 4 + 4 * 8)


# --- from a sparse matrix -----------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_from_csr_equals_the_matrix_product(n_codes, n_items, seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 3, (n_codes, n_items)).astype(np.float64)
    matrix = scipy.sparse.csr_matrix(table)
    queries = rng.integers(0, n_codes, (3, 4, 1))
    counts = np.stack([np.bincount(query, minlength=n_codes) for query in queries[..., 0]])
    positions, values = sm.SparseIndex.from_csr(matrix).search(queries, k=n_items)
    expected = toys.plain_top_k(counts @ table, n_items, None)
    np.testing.assert_array_equal(positions, expected[0])
    np.testing.assert_array_equal(values, expected[1])


def test_from_csr_mends_the_matrix_and_leaves_it_alone():
    # entry (0, 1) twice, a stored zero, columns out of order
    matrix = scipy.sparse.csr_matrix(
        (np.array([1.0, 5.0, 2.0, 0.0]), np.array([1, 0, 1, 2]), np.array([0, 3, 4])), shape=(2, 3)
    )
    index = sm.SparseIndex.from_csr(matrix)
    assert [part.tolist() for part in index.posting_list([0])] == [[0, 1], [5, 3]]
    assert [part.tolist() for part in index.posting_list([1])] == [[], []]
    assert matrix.nnz == 4
    assert index.n_items == 3
    with pytest.raises(ValueError, match="knows no codewords"):
        index.search(np.full((1, 1, 1), 2), k=1, on_missing="nearest")


@pytest.mark.parametrize("entry", [-1.0, np.nan, np.inf])
def test_from_csr_refuses(entry):
    with pytest.raises(ValueError, match="finite number > 0"):
        sm.SparseIndex.from_csr(scipy.sparse.csr_matrix(np.array([[1.0, entry]])))


# --- build --------------------------------------------------------------------------------------


def assert_index_is_model(index, y, codes, exclude=None, k=50):
    """The claim of the method: same values, same top k but for ties."""
    y = y.numpy().astype(np.float64)
    near = 1e-5 * max(1.0, float(np.abs(y).max()))
    positions, values = index.search(codes, k=index.n_items)
    served = np.zeros_like(y)
    rows = np.repeat(np.arange(len(y)), (positions >= 0).sum(axis=1))
    served[rows, positions[positions >= 0]] = values[positions >= 0]
    assert np.abs(served - y).max() <= near
    positions, _ = index.search(codes, k=k, exclude=exclude)
    expected, _ = top_k(y, k, exclude, positive_only=True)
    for b, c in np.argwhere(positions != expected):  # only items with nearly the same score
        swapped = [
            y[b, place[b, c]] if place[b, c] >= 0 else 0.0 for place in (positions, expected)
        ]
        assert abs(swapped[0] - swapped[1]) <= near


@pytest.mark.parametrize("part", ["train", "train+validation"])
def test_index_equals_model(trained, trained_index, toy_split, part):
    users = toys.known_users(toy_split)
    y, codes = trained.scores(users, history=part), trained.encode(users, history=part)
    assert 0.05 < float((y > 0).double().mean()) < 1.0  # or the comparison would be idle
    assert_index_is_model(trained_index, y, codes, toy_split.history(users, part))
    assert trained_index.search(codes, k=1).missing.sum() == 0


@pytest.mark.parametrize(
    "options", [{"M": 1}, {"M": 4, "N": 3}, {"scorer": "concatenation"}, {"scorer": "attention"}]
)
def test_index_equals_model_with_several_probes(toy_split, options):
    model = toys.small(sm.SparCode, toy_split, **options)
    users = toys.known_users(toy_split)
    index = sm.SparseIndex.build(model, probes=3)
    codes = model.encode(users, probes=3)
    assert_index_is_model(index, model.scores(users, probes=3), codes)


shapes = st.fixed_dictionaries(
    {
        "M": st.sampled_from([1, 2, 4]), "N": st.integers(1, 4), "query_tokens": st.integers(1, 4),
        "scorer": st.sampled_from(["products", "concatenation"]),
        "quantizer": st.sampled_from(["product", "residual"]), "seed": st.integers(0, 1000),
    }
)  # fmt: skip


def served_model(split, shape, left):
    """A small model with twin items and a bias that leaves all, much, little or nothing."""
    M, N = shape["M"], shape["N"]
    model = toys.small(sm.SparCode, split, hidden=3, **shape)
    rng = np.random.default_rng(shape["seed"])
    with torch.no_grad():
        model.items.id.weight.copy_(torch.from_numpy(rng.normal(size=(60, 8)).round(1)))
        model.quantizer.codebooks[:, -1] = model.quantizer.codebooks[:, 0]  # a codeword twice
        model.items.id.weight[1::2] = model.items.id.weight[::2]  # ids in pairs
        for j in range(len(model.items.fields)):  # and features too: scores that tie exactly
            values = getattr(model.items, f"values_{j}").clone()  # it is the split's own memory
            values[1::2] = values[::2]
            setattr(model.items, f"values_{j}", values)
        everything = torch.tensor(list(itertools.product(range(N), repeat=M)))
        S = model.code_scores(everything) if N**M <= 64 else model.code_scores(everything[:64])
        third = -float(S.quantile(0.66))  # ReLU(S + b): what is positive now, cut by b
        model.bias = {"all": 1.0, "much": 0.0, "little": third, "none": -float(S.max())}[left]
    return model


@settings(max_examples=60)
@given(
    shapes, st.sampled_from(["all", "much", "little", "none"]), st.booleans(), st.integers(0, 99)
)
def test_index_is_model_whatever_its_shape(toy_split, shape, left, same_codes, seed):
    model = served_model(toy_split, shape, left)
    users = toys.known_users(toy_split)[:8]
    rng = np.random.default_rng(seed)
    exclude = [rng.permutation(60)[: rng.integers(0, 60)] for _ in users]
    codes = model.encode(users)
    if same_codes:  # every token of a query takes the same code
        codes = Codes(codes.codes[:, :1].expand_as(codes.codes), codes.weights)
    y = model.scores_of_codes(codes)
    index = sm.SparseIndex.build(model, codes="seen")
    for k in (1, 50, 60):
        assert_index_is_model(index, y, codes, exclude, k)
    few = sm.SparseIndex.build(model, codes=codes.codes[:1].flatten(0, 2))
    listed = set(map(tuple, few.codes.tolist()))
    missing = [sum(tuple(c) not in listed for c in q) for q in codes.codes[:, :, 0].tolist()]
    assert few.search(codes, 5, on_missing="empty").missing.tolist() == missing


def test_index_equals_model_on_movielens(movielens_split):
    model = sm.SparCode(movielens_split, N=32, seed=3)
    users = movielens_split.user_ids[::4]
    codes = model.encode(users)
    index = sm.SparseIndex.build(model, codes=codes.codes.reshape(-1, 1))
    seen = movielens_split.history(users)
    assert_index_is_model(index, model.scores(users), codes, seen)
    assert index.values.dtype == np.float32


def test_lists_are_the_positive_scores_of_a_code(trained, trained_index):
    A = trained.code_scores(torch.from_numpy(trained_index.codes).long()).numpy()  # (C, I)
    for code, row in zip(trained_index.codes.tolist(), A, strict=True):
        items, values = trained_index.posting_list(code)
        assert sorted(items.tolist()) == np.flatnonzero(row > 0).tolist()
        assert (np.diff(values) <= 0).all()
        np.testing.assert_allclose(values, row[items], rtol=1e-12)
    np.testing.assert_array_equal(
        trained_index.codebooks, trained.quantizer.codebooks.detach().numpy()
    )


def test_best_keeps_the_largest_of_every_list(trained, trained_index):
    assert trained_index.stats()["longest"] > 5
    short = sm.SparseIndex.build(trained, best=5)
    np.testing.assert_array_equal(short.codes, trained_index.codes)
    for code in short.codes.tolist():
        for kept, full in zip(
            short.posting_list(code), trained_index.posting_list(code), strict=True
        ):
            np.testing.assert_array_equal(kept, full[:5])
    with pytest.raises(ValueError, match="best = 0; keep at least 1"):
        sm.SparseIndex.build(trained, best=0)


def test_best_breaks_ties_by_position():
    row = np.array([1.0, 3.0, 0.0, 3.0, 1.0, -2.0, 3.0])
    assert largest_first(row).tolist() == [1, 3, 6, 0, 4]
    index = toys.index_of(row[None], np.array([[0]]))
    assert index.cut(best=2).items.tolist() == [1, 3]
    assert index.cut(best=4).items.tolist() == [1, 3, 6, 0]


def test_codes_to_build(toy_split):
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    everything = np.array(list(itertools.product(range(3), repeat=2)))
    np.testing.assert_array_equal(sm.SparseIndex.build(model, codes="all").codes, everything)
    users = toys.known_users(toy_split)
    seen = torch.cat([model.encode(users, h).codes for h in ("train", "train+validation")])
    expected = np.unique(seen.reshape(-1, 2).numpy(), axis=0)
    assert 0 < len(expected) < 9
    np.testing.assert_array_equal(sm.SparseIndex.build(model, codes="seen").codes, expected)
    given_codes = np.array([[2, 1], [0, 2], [2, 1]], dtype=np.int32)
    for codes in (given_codes, torch.from_numpy(given_codes)):
        index = sm.SparseIndex.build(model, codes=codes)
        assert index.codes.tolist() == [[0, 2], [2, 1]]


def test_all_refuses_too_many_codes_at_once(toy_split):
    model = toys.small(sm.SparCode, toy_split, M=8, N=256)
    with pytest.raises(ValueError, match=r"N\^M = 256\^8 = 18,446,744,073,709,551,616 lists"):
        sm.SparseIndex.build(model, codes="all")
    wide = np.zeros((3, 8), dtype=np.int64)
    wide[1:, 0] = 255, 128
    index = sm.SparseIndex.build(model, codes=wide)
    assert index.codes[:, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ("some", "choose 'seen', 'all' or an array"),
        (np.zeros((2, 2), dtype=np.int64), r"shape \(2, 2\); give integers \(C, M = 1\)"),
        (np.zeros(2, dtype=np.int64), r"shape \(2,\)"),
        (np.zeros((2, 1)), "give integers"),
        (np.zeros((0, 1), dtype=np.int64), "no codes given"),
        (np.array([[0], [6]]), r"codes span 0\.\.6; N = 6"),
        (np.array([[-1]]), r"codes span -1\.\.-1"),
    ],
)
def test_build_refuses_codes(trained, codes, message):
    with pytest.raises(ValueError, match=message):
        sm.SparseIndex.build(trained, codes=codes)


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_build_refuses_a_model_whose_training_was_interrupted(trained, stage):
    model = toys.twin(trained)
    model.stage = stage
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.SparseIndex.build(model)
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.SparseIndex.build(model, codes="all")


def test_build_turns_dropout_off(trained):
    model = toys.twin(trained)
    model.train()
    again = sm.SparseIndex.build(model)
    np.testing.assert_array_equal(again.values, sm.SparseIndex.build(trained).values)


# --- files --------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(problems())
def test_save_and_load(tmp_path_factory, problem):
    index = problem[0]
    path = tmp_path_factory.mktemp("index") / "i.safetensors"
    index.save(path)
    again = sm.SparseIndex.load(path)
    for name in ("codes", "offsets", "items", "values", "codebooks"):
        a, b = getattr(index, name), getattr(again, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert again.n_items == index.n_items


def test_a_loaded_index_serves_the_same(trained, trained_index, toy_split, tmp_path):
    trained_index.save(tmp_path / "index")
    codes = trained.encode(toys.known_users(toy_split))
    a, b = trained_index.search(codes), sm.SparseIndex.load(tmp_path / "index").search(codes)
    np.testing.assert_array_equal(a[0], b[0])
    np.testing.assert_array_equal(a[1], b[1])
    bare = toys.index_of(TABLE, np.array([[0], [1], [5]]))
    bare.save(tmp_path / "bare")
    assert sm.SparseIndex.load(tmp_path / "bare").codebooks is None


def test_damaged_and_foreign_files_are_refused(trained, tmp_path):
    path = tmp_path / "index"
    HAND.save(path)
    whole = path.read_bytes()
    for length in (0, 7, 40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=str(path)):
            sm.SparseIndex.load(path)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ValueError, match="checksum"):
        sm.SparseIndex.load(path)
    path.write_text("user,item\n1,2\n")
    with pytest.raises(ValueError, match="not a safetensors file"):
        sm.SparseIndex.load(path)
    trained.save(path)
    with pytest.raises(ValueError, match="holds a 'sparcode-mini model'"):
        sm.SparseIndex.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        sm.SparseIndex.load(tmp_path / "nowhere")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_an_interrupted_save_leaves_the_old_file_whole(tmp_path, monkeypatch, moment):
    path = tmp_path / "index"
    HAND.save(path)
    before = path.read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[moment], interrupt)
    other = toys.index_of(TABLE + 1, np.array([[0], [1], [2]]))
    with pytest.raises(KeyboardInterrupt):
        other.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["index"]
    assert sm.SparseIndex.load(path).stats() == HAND.stats()


def test_an_index_can_be_built_from_the_codes_of_queries(trained, toy_split):
    codes = trained.encode(toy_split.user_ids[:5])
    index = sm.SparseIndex.build(trained, codes)
    distinct = np.unique(codes.codes.numpy().reshape(-1, trained.quantizer.M), axis=0)
    assert np.array_equal(index.codes, distinct)
