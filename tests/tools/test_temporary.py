"""What a killed write leaves is removed by the next write of the same file, and nothing else is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sparcode_mini.tools import temporary
from sparcode_mini.tools.files import atomic_write

WRITER = """
import sys, time
from sparcode_mini.tools.files import atomic_write
def write(file):
    file.write(b"half"); file.flush(); print("writing", flush=True); time.sleep(60)
atomic_write(sys.argv[1], write)
"""
LONG = "a" * 40  # names are cut after so many letters


@pytest.fixture
def writer(tmp_path):
    """Starts a process that is in the middle of a write."""
    running = []

    def start(path):
        run = [sys.executable, "-c", WRITER, str(path)]
        running.append(subprocess.Popen(run, stdout=subprocess.PIPE))
        assert running[-1].stdout.readline().strip() == b"writing"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def killed(process):
    process.kill() if os.name != "posix" else os.kill(process.pid, signal.SIGKILL)
    process.wait()


def at_rest(monkeypatch):
    """Windows waits for a minute, which is 0 s here."""
    monkeypatch.setattr(temporary, "AT_REST", -1.0)


@pytest.mark.parametrize("name", ["model.safetensors", LONG + "-one", "a[1]*.json", "映画"])
def test_the_next_write_removes_what_a_killed_one_left(tmp_path, writer, monkeypatch, name):
    at_rest(monkeypatch)
    process = writer(tmp_path / name)
    assert len(hidden(tmp_path)) == 1
    killed(process)
    assert len(hidden(tmp_path)) == 1 and not (tmp_path / name).exists()
    atomic_write(tmp_path / name, b"whole")
    assert hidden(tmp_path) == [] and (tmp_path / name).read_bytes() == b"whole"


def test_a_write_that_goes_on_keeps_its_file(tmp_path, writer, monkeypatch):
    at_rest(monkeypatch)
    process = writer(tmp_path / "x")
    (before,) = hidden(tmp_path)
    atomic_write(tmp_path / "x", b"mine")
    assert hidden(tmp_path) == [before]
    killed(process)
    atomic_write(tmp_path / "x", b"mine")
    assert hidden(tmp_path) == []


def test_files_of_others_stay(tmp_path, monkeypatch):
    at_rest(monkeypatch)
    digits = "0123456789abcdef"
    names = [
        f".{LONG}-two.{digits}.tmp",  # as earlier versions named those of two long names
        f".x.y.{digits}.tmp",
        f".x.{digits[1:]}.tmp",
        f".x.{digits}.tmp.keep",
        f"x.{digits}.tmp",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / f".x.{digits}.tmp").write_bytes(b"left by an earlier version")
    for name in ("x", LONG + "-one", LONG + "-two"):
        atomic_write(tmp_path / name, b"")
    assert sorted(names) == sorted({p.name for p in tmp_path.iterdir()} & set(names))
    assert not (tmp_path / f".x.{digits}.tmp").exists()


def test_long_names_with_one_beginning_have_files_of_their_own(tmp_path, writer, monkeypatch):
    at_rest(monkeypatch)
    killed(writer(tmp_path / (LONG + "-one")))
    atomic_write(tmp_path / (LONG + "-two"), b"")
    assert len(hidden(tmp_path)) == 1
    atomic_write(tmp_path / (LONG + "-one"), b"")
    assert hidden(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows does not remove an open file")
def test_a_file_that_is_taken_before_its_lock_is_made_anew(tmp_path, monkeypatch):
    real, taken = temporary._lock, []

    def late(file):
        if not taken:
            taken.extend(tmp_path.iterdir())
            taken[0].unlink()  # another process was between the opening and the lock
        real(file)

    monkeypatch.setattr(temporary, "_lock", late)
    atomic_write(tmp_path / "x", b"whole")
    assert len(taken) == 1 and [p.name for p in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_without_locks_nothing_is_removed(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError("no locks on this file system")

    old = tmp_path / ".x.0123456789abcdef.tmp"
    old.write_bytes(b"")
    monkeypatch.setattr(temporary.fcntl, "flock", refuse)
    atomic_write(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole" and old.exists()


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_a_pipe_or_device_is_not_written_over(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    start = time.monotonic()
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(ValueError, match="pipe or a device"):
            atomic_write(path, b"x")
    assert time.monotonic() - start < 5
