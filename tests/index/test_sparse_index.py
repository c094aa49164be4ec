"""An index keeps its parts, comes from a model or a matrix, and goes to a file and back."""

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
from sparcode_mini.model.codes import Codes
from sparcode_mini.tools.top_k import top_k

TABLE = np.array([[3, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
HAND = toys.index_of(
    TABLE, np.array([[0], [1], [5]]), np.arange(6.0, dtype=np.float32)[None, :, None]
)


# --- the parts of an index ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"codes": [0, 1]}, r"codes have shape \(2,\)"),
        ({"offsets": [0, 2]}, r"offsets \(2,\)"),
        ({"offsets": [1, 2, 3]}, "start at 0"),
        ({"offsets": [0, 4, 3]}, "never fall"),
        ({"offsets": [0, 2, 2]}, "offsets end at 2, but there are 3 entries"),
        ({"values": [1.0, 1.0]}, r"items have shape \(3,\) and values \(2,\)"),
        ({"items": [0, 4, 1]}, "items has the value 4; give item positions from 0 to 3"),
        ({"items": [0, -1, 1]}, "items has the value -1"),
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


# --- files --------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(toys.index_problems())
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


def test_a_part_of_an_index_cannot_be_replaced_under_its_searches(trained_index):
    with pytest.raises(AttributeError, match="an index keeps its values; make another one"):
        trained_index.values = trained_index.values * 2
    doubled = trained_index.with_values(trained_index.values * 2)
    code = trained_index.codes[:1][None]
    assert doubled.search(code, k=1)[1] == 2 * trained_index.search(code, k=1)[1]
