import io
import os
import threading
from types import SimpleNamespace

from sparcode_mini.cli import doctor, places
from sparcode_mini.compiled import jit
from sparcode_mini.data import movielens
from sparcode_mini.plots import glyphs
from sparcode_mini.tools.locks import hold


def test_doctor_finds_everything_in_place(run):
    assert run("doctor", "--fetch")[0] == 0


def test_doctor_says_what_is_missing(run, monkeypatch, tmp_path):
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(doctor, "OPTIONAL", ("no-such-package",))
    monkeypatch.setattr(movielens, "present", lambda: False)
    code, text = run("doctor")
    assert code == 1
    assert "NO  data" in text.out and "SPARCODE_DATA" in text.out
    monkeypatch.delenv("SPARCODE_DATA")
    assert "--fetch" in run("doctor")[1].out
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    code, text = run("doctor")
    assert "NO  no-such-package" in text.out and "pip install" in text.out
    assert "NO  model sparcode" in text.out
    code, text = run("doctor", "--fetch")
    assert code == 1 and "SPARCODE_DATA" in text.out
    (tmp_path / "sparcode-sparse.safetensors").write_bytes(b"not a model")
    assert "NO  model sparcode" in run("doctor")[1].out


def test_doctor_names_states_leftovers_and_a_narrow_terminal(run, monkeypatch, tmp_path):
    runs = tmp_path / "runs"
    monkeypatch.setattr(places, "RUNS", runs)
    monkeypatch.setattr(places, "data_folder", lambda: (tmp_path / "cache", False))
    assert {finding.mark for finding in places.states() + places.leftovers()} == set()
    runs.mkdir()
    for name in (
        "a.training.safetensors",
        "b.training.lock",
        "poetry.lock",
        ".m.0123.tmp",
        "m.safetensors",
    ):
        (runs / name).touch()
    os.utime(runs / ".m.0123.tmp", (0, 0))
    (state,) = places.states()
    assert state.mark == "hint" and "--resume goes on" in state.detail
    (left,) = places.leftovers()
    assert left.mark == "hint" and left.detail.startswith("2 of 0.0 MB by killed processes; delete")
    held = []
    with hold(runs / "a.training.safetensors", "test"):
        thread = threading.Thread(target=lambda: held.extend(places.states()))
        thread.start()
        thread.join()
    assert held[0].mark == "ok" and f"in use by process {os.getpid()}" in held[0].detail
    monkeypatch.setattr(places.sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert places.terminal()[0].mark == "hint"


def test_doctor_measures_disks_and_looks_for_a_compiler_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "RUNS", tmp_path / "new" / "runs")
    assert places.disk()[0].mark == "ok"
    for free, mark in ((5e8, "hint"), (5e6, "NO")):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(places.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert places.disk()[0].mark == mark and "free some" in places.disk()[0].detail
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    assert places.disk()[0].mark == "NO" and "can't be written to" in places.disk()[0].detail
    monkeypatch.undo()
    assert places.compiler_cache()[0].mark == "ok"
    monkeypatch.setattr(jit, "cache_folder", lambda: None)
    (finding,) = places.compiler_cache()
    assert finding.mark == "hint" and "set NUMBA_CACHE_DIR" in finding.detail


def test_doctor_says_which_letters_have_a_font(monkeypatch):
    (finding,) = places.fonts()
    assert finding.mark != "NO"
    assert "Chinese, Japanese, Korean, emoji, Arabic, Hebrew" in finding.detail
    for families, mark in (
        ({"Chinese": None, "Thai": "x"}, "NO"),
        ({"Chinese": "x", "Thai": None}, "hint"),
        ({"Chinese": "x", "Thai": "x"}, "ok"),
    ):
        monkeypatch.setattr(glyphs, "scripts", lambda families=families: families)
        (finding,) = places.fonts()
        assert finding.mark == mark and (mark == "ok" or f": {glyphs.REMEDY}" in finding.detail)


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(run, monkeypatch):
    def broken():
        raise OSError(30, "Read-only file system")

    checks = dict.fromkeys(["disk", "states", "leftovers", "locks"], broken)
    monkeypatch.setattr(doctor, "CHECKS", [*checks.values(), places.terminal])
    code, text = run("doctor")
    assert code == 1 and text.err == ""
    assert text.out.count("can't be checked ([Errno 30] Read-only file system)") == len(checks)
    assert "terminal: " in text.out
    monkeypatch.setattr(jit, "cache_folder", broken)
    monkeypatch.setattr(doctor, "CHECKS", [places.compiler_cache])
    assert "NO  compiler cache: can't be checked" in (text := run("doctor")[1].out)
    assert "set NUMBA_CACHE_DIR" in text


def test_doctor_tries_a_lock_and_looks_into_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "RUNS", tmp_path / "new" / "runs")
    (finding,) = places.locks()
    assert finding.mark == "ok" and not list(tmp_path.iterdir())

    def refuse(*_):
        raise OSError("no locks")

    monkeypatch.setattr(places, "hold", refuse)
    assert places.locks()[0].mark == "NO"
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    assert places.locks() == []
    (finding,) = places.compiler_cache()
    assert finding.mark == "hint" and "set NUMBA_CACHE_DIR" in finding.detail
