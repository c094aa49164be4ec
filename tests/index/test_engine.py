"""Which engine answers: plain until it has cost what the compiler costs, and then compiled."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import toys
from sparcode_mini.index import engine as engines
from sparcode_mini.index.engine import COMPILE_SECONDS, ChangeOver

CODES = np.array([[[0], [1]], [[2], [2]]])
TABLE = np.random.default_rng(0).random((3, 20)).astype(np.float32)


class Clock:
    """A clock that a plain search moves by so many seconds."""

    def __init__(self, seconds):
        self.now, self.seconds = 0.0, seconds

    def perf_counter(self):
        self.now += self.seconds / 2  # it is read once before a search and once after it
        return self.now


@pytest.fixture
def fresh(monkeypatch):
    """A process that has not searched yet."""
    monkeypatch.setattr(engines, "CHANGE_OVER", ChangeOver())
    return lambda seconds: monkeypatch.setattr(engines, "time", Clock(2 * seconds))


def index():
    return toys.index_of(TABLE, np.arange(3)[:, None])


def test_searches_change_over_when_they_have_cost_what_compiling_costs(fresh):
    fresh(COMPILE_SECONDS / 4)
    hand = index()
    results = [hand.search(CODES, k=5) for _ in range(7)]
    assert [r.engine for r in results] == ["plain"] * 4 + ["compiled"] * 3
    for result in results:
        assert np.array_equal(result[0], results[0][0])
        assert result[1].tobytes() == results[0][1].tobytes()


def test_all_indices_of_a_process_share_the_account(fresh):
    fresh(COMPILE_SECONDS / 2)
    assert [index().search(CODES, k=5).engine for _ in range(3)] == ["plain", "plain", "compiled"]


def test_who_has_compiled_already_changes_at_once(fresh):
    fresh(0.0)
    assert index().search(CODES, k=5).engine == "plain"
    assert index().search(CODES, k=5, engine="compiled").engine == "compiled"
    assert index().search(CODES, k=5).engine == "compiled"


def test_values_of_another_type_are_compiled_by_themselves(fresh):
    fresh(COMPILE_SECONDS)
    small = index().quantised("int8")
    assert [index().search(CODES, k=5).engine for _ in range(2)] == ["plain", "compiled"]
    assert [small.search(CODES, k=5).engine for _ in range(2)] == ["plain", "compiled"]


def test_what_was_asked_for_is_done_and_not_counted(fresh):
    fresh(COMPILE_SECONDS)
    for _ in range(3):
        assert index().search(CODES, k=5, engine="plain").engine == "plain"
    assert index().search(CODES, k=5).engine == "plain"
    assert index().search(CODES, k=5).engine == "compiled"
    assert index().search(CODES, k=5, engine="plain").engine == "plain"


def _no_numba(monkeypatch):
    for name in ("numba", "sparcode_mini.compiled.jit", "sparcode_mini.compiled.search"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)


def test_without_numba_all_is_plain(fresh, monkeypatch):
    fresh(COMPILE_SECONDS)
    _no_numba(monkeypatch)
    assert [index().search(CODES, k=5).engine for _ in range(3)] == ["plain"] * 3
    with pytest.raises(ImportError, match=r"sparcode-mini\[speed\]"):
        index().search(CODES, k=5, engine="compiled")


def test_where_numba_can_keep_no_cache_all_is_plain(fresh, monkeypatch):
    def refuse(_):
        raise RuntimeError("cannot cache function '_answer': no locator available")

    fresh(COMPILE_SECONDS)
    monkeypatch.setattr(engines.importlib, "import_module", refuse)
    assert [index().search(CODES, k=5).engine for _ in range(3)] == ["plain"] * 3


def test_numba_is_not_imported_before_it_is_used():
    code = (
        "import sys, numpy as np, sparcode_mini as sm\n"
        "index = sm.SparseIndex(np.array([[0]]), [0, 1], [0], np.array([1.0]), 1)\n"
        "assert index.search(np.array([[[0]]]), k=1).engine == 'plain'\n"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_a_result_and_an_index_can_be_pickled(engine):
    hand = index()
    result = hand.search(CODES, k=5, engine=engine)
    again = pickle.loads(pickle.dumps(result))
    assert type(again) is type(result) and repr(again) == repr(result)
    assert np.array_equal(again.missing, result.missing) and again.engine == engine
    copy = pickle.loads(pickle.dumps(hand))  # without what only numba can read
    assert repr(copy.search(CODES, k=5, engine=engine)) == repr(result)


def test_an_index_that_has_compiled_is_unpickled_without_numba(fresh, monkeypatch):
    hand = index()
    hand.search(CODES, k=5, engine="compiled")
    stored = pickle.dumps(hand)
    fresh(COMPILE_SECONDS)
    _no_numba(monkeypatch)
    assert pickle.loads(stored).search(CODES, k=5).engine == "plain"


def test_a_result_is_printed_as_the_pair_that_it_is():
    result = index().search(CODES, k=1)
    assert repr(result) == repr(tuple(result)) and len(result) == 2


@pytest.mark.parametrize("engine", ["plain", "compiled"])
def test_both_engines_take_and_refuse_the_same_codes(engine):
    table = np.eye(301, dtype=np.float32)
    codebooks = np.arange(302.0, dtype=np.float32)[None, :, None]
    wide = toys.index_of(table, np.arange(1, 302)[:, None], codebooks)
    small = np.full((1, 1, 1), 0, np.uint8)  # code 0 has no list, code 1 is the nearest
    assert wide.search(small, 1, on_missing="nearest", engine=engine)[0].tolist() == [[0]]
    far = toys.index_of(table[:1], np.array([[300]]), codebooks)  # a code that uint8 can't hold
    assert far.search(small, 1, on_missing="nearest", engine=engine)[1].tolist() == [[1.0]]
    for codes in (np.full((1, 1, 1), 2**32), np.full((1, 1, 1), -1)):
        with pytest.raises(ValueError, match="codes has the value"):
            wide.search(codes, 1, on_missing="empty", engine=engine)
    with pytest.raises(KeyError, match=r"code \(0,\) has no list \(1 such in this search\)"):
        wide.search(small, 1, engine=engine)
