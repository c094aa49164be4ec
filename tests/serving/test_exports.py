"""The index in DuckDB and Milvus answers as SparseIndex does; a missing engine is named."""

import importlib

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings

import sparcode_mini as sm
import toys
from sparcode_mini.model.codes import Codes
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
    model = sm.load_model(CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split)
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


LOCAL = ["duckdb", "milvus"]
TWO = np.array([[[0]], [[1]]])


@pytest.fixture(scope="module")
def exports_of_hand(tmp_path_factory):
    """One export of each kind, for many searches."""
    return {kind: KINDS[kind](HAND, tmp_path_factory.mktemp(kind)) for kind in LOCAL}


@pytest.mark.parametrize("kind", LOCAL)
@settings(max_examples=40)
@given(toys.whole_numbers(-1, 3))
def test_exclude_means_what_it_means_to_the_index(exports_of_hand, kind, numbers):
    array, meaning = numbers
    with toys.as_users_call():
        if meaning is None:
            with pytest.raises(ValueError, match=r"\Aexclude has [^\n]+\Z"):
                exports_of_hand[kind].search(TWO, 3, [[], array])
            return
        found = exports_of_hand[kind].search(TWO, 3, [[], array])
        expected = HAND.search(TWO, 3, [[], array])
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("kind", LOCAL)
@pytest.mark.parametrize("exclude", [[[0]], [[0]] * 3, [0, 1], np.array([0, 1]), [[9], []], "01"])
def test_exclude_that_does_not_fit_is_refused_as_by_the_index(exports_of_hand, kind, exclude):
    with toys.as_users_call():
        with pytest.raises(ValueError) as expected:
            HAND.search(TWO, 3, exclude)
        with pytest.raises(ValueError) as caught:
            exports_of_hand[kind].search(TWO, 3, exclude)
    assert str(caught.value) == str(expected.value)


@pytest.mark.parametrize("kind", LOCAL)
def test_k_and_codes_are_checked_as_by_the_index(exports_of_hand, kind):
    with toys.as_users_call():
        for k in toys.NO_COUNTS:
            with pytest.raises(ValueError, match=r"\Ak = [^\n]+\Z"):
                exports_of_hand[kind].search(TWO, k)
        for k in toys.COUNTS_OF_TWO:
            assert exports_of_hand[kind].search(TWO[:1], k)[0].tolist() == [[0, 2]]
        for codes in (TWO * 1.0, TWO == 0, TWO - 1, TWO + 2**31, TWO.astype(object)):
            with pytest.raises(ValueError, match=r"\Acodes has [^\n]+\Z"):
                exports_of_hand[kind].search(codes, 2)


@pytest.mark.parametrize("kind", LOCAL)
def test_a_sum_that_is_not_positive_is_no_answer(exports_of_hand, kind):
    keys = torch.tensor([0, 1]).reshape(1, 2, 1, 1)
    weights = [[0.0, 0.0], [0.0, 2.0], [-1.0, 1.0]][: 3 if kind == "duckdb" else 2]
    for pair in weights:
        codes = Codes(keys, torch.tensor(pair).reshape(1, 2, 1))
        expected, found = HAND.search(codes, 3), exports_of_hand[kind].search(codes, 3)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
    if kind == "milvus":
        with pytest.raises(ValueError, match="query 0 has a negative weight"):
            exports_of_hand[kind].search(Codes(keys, torch.tensor([[[-1.0], [1.0]]])), 3)


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


def test_a_database_keeps_what_is_in_it(tmp_path):
    duckdb = importlib.import_module("duckdb")
    path = tmp_path / "index.duckdb"  # a Path will do
    with duckdb.connect(path) as connection:
        for name in ("reads", "seen", "incoming"):
            connection.execute(f"CREATE TABLE {name} AS SELECT 7 AS mine")
    for _ in range(2):  # the second export takes the place of the first
        with DuckDBIndex(HAND, path) as export:
            assert export.search(TWO, 1, [[0], []])[0].tolist() == [[2], [0]]
    with duckdb.connect(path) as connection:
        for name in ("reads", "seen", "incoming"):
            assert connection.execute(f"FROM {name}").fetchall() == [(7,)]
        connection.execute("ALTER TABLE entries RENAME COLUMN score TO mine")
    with pytest.raises(ValueError, match=r"something else named entries, with columns .*'mine'"):
        DuckDBIndex(HAND, path)
    with duckdb.connect(path) as connection:
        assert len(connection.execute("FROM entries").fetchall()) == len(HAND.items)
        connection.execute("DROP TABLE entries; CREATE VIEW Entries AS SELECT 1 AS x")
    with pytest.raises(ValueError, match="something else named entries"):
        DuckDBIndex(HAND, str(path))


def test_files_that_an_engine_can_not_use_are_named(tmp_path):
    (tmp_path / "notes.txt").write_text("no database" * 1000)
    for name in ("notes.txt", "nowhere/index.duckdb", ""):
        with pytest.raises(ValueError, match=r"\Aduckdb can't open [^\n]+\Z"):
            DuckDBIndex(HAND, tmp_path / name)
    for name in ("lite", "nowhere/lite.db", ""):
        with pytest.raises(ValueError, match=r"\AMilvus Lite can't keep its data in [^\n]+\Z"):
            MilvusIndex(HAND, tmp_path / name)
    with MilvusIndex(HAND, tmp_path / "lite.db") as export:  # a Path will do
        assert export.search(TWO, 1)[0].tolist() == [[0], [0]]


@pytest.mark.parametrize("value", [1e300, 1e-50])
def test_milvus_refuses_values_that_float32_can_not_hold(tmp_path, value):
    index = toys.index_of(np.array([[value, 1.0]]), np.array([[0]]))
    with pytest.raises(ValueError, match=r'index.quantised\("float32"\)'):
        MilvusIndex(index, tmp_path / "lite.db")


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


@pytest.mark.parametrize("name", ["plays.csv", "plays.parquet"])
def test_duckdb_beside_a_file_of_data_is_refused(trained_index, tmp_path, name):
    frame = pd.DataFrame({"user": ["u"], "item": ["a"]})
    if name.endswith("csv"):
        frame.to_csv(tmp_path / name)
    else:
        frame.to_parquet(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(ValueError, match=r"is no database of duckdb|can't open"):
        DuckDBIndex(trained_index, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
