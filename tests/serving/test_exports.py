"""The index in DuckDB and Milvus answers as SparseIndex does; a missing engine is named."""

import importlib

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving import exports
from sparcode_mini.serving.exports import DuckDBIndex, MilvusIndex, entries

TABLE = np.array([[3, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
HAND = toys.index_of(TABLE, np.array([[0], [1], [5]]))


def on_a_server(index, folder):
    """A server of its own process would be asked in the same way: by address and token."""
    manager = importlib.import_module("milvus_lite.server_manager").server_manager_instance
    address = manager.start_and_get_uri(str(folder / "served.db"))
    assert address.startswith("http://")
    return MilvusIndex(index, address, token="root:Milvus")


KINDS = {
    "duckdb": lambda index, folder: DuckDBIndex(index),
    "milvus": lambda index, folder: MilvusIndex(index, str(folder / "lite.db")),
    "milvus server": on_a_server,
}


@pytest.fixture(scope="module")
def served(movielens_split):
    """The shipped model, its index, and 200 users with what they have seen."""
    model = sm.load_model(CHECKPOINTS / "sparcode.safetensors", movielens_split)
    users = movielens_split.user_ids[:200]
    return model, sm.SparseIndex.build(model, codes="all"), users, movielens_split.history(users)


@pytest.mark.parametrize("kind", ["duckdb", "milvus"])
@pytest.mark.parametrize("probes", [1, 4])
def test_the_same_top_50_for_200_users(kind, probes, served, tmp_path):
    model, index, users, seen = served
    codes = model.encode(users, probes=probes)
    positions, values = index.search(codes, k=50, exclude=seen)
    with KINDS[kind](index, tmp_path) as export:
        found, scores = export.search(codes, k=50, exclude=seen)
    np.testing.assert_allclose(scores, values, atol=1e-6)
    for b, place in np.argwhere(found != positions):  # only where scores are equal as good as
        other = np.flatnonzero(positions[b] == found[b, place])
        near = values[b, other[0]] if len(other) else values[b, -1]
        assert abs(near - values[b, place]) < 1e-6
    assert (found == positions).mean() > 0.999


@pytest.mark.parametrize("kind", KINDS)
def test_by_hand(kind, tmp_path):
    codes = np.array([[[0], [1]], [[1], [1]], [[5], [5]]])
    out = [np.array([2]), np.array([], dtype=int), np.array([0])]
    with KINDS[kind](HAND, tmp_path) as export:
        positions, values = export.search(codes, k=3)
        assert positions.tolist() == [[0, 2, 1], [0, 1, 2], [-1, -1, -1]]
        assert values.tolist() == [[4, 2, 1], [2, 2, 2], [0, 0, 0]]
        assert export.search(codes, k=3, exclude=out)[0].tolist() == [
            [0, 1, -1], [0, 1, 2], [-1, -1, -1],
        ]  # fmt: skip
        with pytest.raises(KeyError, match=r"code \(2,\) has no list"):
            export.search(np.array([[[2]]]), k=1)
        with pytest.raises(ValueError, match="k = 5; give a whole number, 1 to 4"):
            export.search(codes, k=5)


@pytest.mark.parametrize("kind", KINDS)
def test_no_query_gets_no_answer(kind, tmp_path):
    with KINDS[kind](HAND, tmp_path) as export:
        positions, values = export.search(np.zeros((0, 2, 1), dtype=int), k=2)
    assert positions.shape == values.shape == (0, 2)


def test_8_bit_values_are_exported_as_what_they_stand_for():
    table = entries(HAND.quantised("int8"))
    assert len(table) == len(HAND.items)
    np.testing.assert_allclose(table["score"], HAND.values, rtol=1e-6)


def test_a_database_on_disk_can_be_read_by_anyone(tmp_path):
    duckdb = importlib.import_module("duckdb")
    path = str(tmp_path / "index.duckdb")
    DuckDBIndex(HAND, path).close()
    with duckdb.connect(path) as connection:
        rows = connection.execute("SELECT list, item, score FROM entries ORDER BY ALL").fetchall()
    assert rows == [(0, 0, 3.0), (0, 2, 1.0), (1, 0, 1.0), (1, 1, 1.0), (1, 2, 1.0)]


def test_milvus_refuses_an_empty_index(tmp_path):
    empty = toys.index_of(np.zeros((1, 3), dtype=np.float32), np.array([[0]]))
    with pytest.raises(ValueError, match="no entries"):
        MilvusIndex(empty, str(tmp_path / "lite.db"))


def test_a_milvus_server_that_does_not_answer_is_named():
    with pytest.raises(ConnectionError, match=r"reached at http://127.0.0.1:9 .*; check the addr"):
        MilvusIndex(HAND, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("kind", "missing"), [("duckdb", "duckdb"), ("milvus", "pymilvus"), ("milvus", "milvus_lite")]
)
def test_a_missing_engine_is_named_with_the_remedy(kind, missing, tmp_path, monkeypatch):
    real = importlib.import_module

    def without(name, *rest):
        if name == missing:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(exports.importlib, "import_module", without)
    with pytest.raises(ImportError, match=rf'needs {missing}: pip install "sparcode-mini\[{kind}'):
        KINDS[kind](HAND, tmp_path)
