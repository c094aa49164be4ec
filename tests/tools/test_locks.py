"""A file in use is refused to others, however its user ends; nothing is left beside it."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import pytest

from sparcode_mini.tools import locks
from sparcode_mini.tools.locks import InUse, hold

# Holds the file that it is told, says so, and waits until it is told to end.
HOLDER = (
    "import sys; from sparcode_mini.tools.locks import hold\n"
    "with hold(sys.argv[1], 'wait'): print('held', flush=True); sys.stdin.readline()"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds tmp_path/state."""
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "state")]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_file_is_refused_while_another_process_holds_it(tmp_path, holder):
    path = tmp_path / "state"
    assert locks.in_use(path)
    with pytest.raises(InUse) as told, hold(path, "choose another"):
        pass
    text = str(told.value)
    assert f"{path} is in use by process {holder.pid} on " in text and "; choose another" in text
    with hold(tmp_path / "state.2", "other files are free"):
        pass
    holder.communicate("end\n")
    assert not locks.in_use(path)
    with hold(path, "free again"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert not locks.in_use(tmp_path / "state")
    with hold(tmp_path / "state", "free"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_who_waits_gets_the_file_and_says_for_whom_it_waits(tmp_path, holder, capsys):
    threading.Timer(2 * locks.LOOK, holder.terminate).start()
    start = time.perf_counter()
    with hold(tmp_path / "state", "wait", seconds=-1):
        assert time.perf_counter() - start > 0.2
    assert f"state is in use by process {holder.pid} on" in capsys.readouterr().err


def test_a_thread_holds_for_itself_and_a_block_inside_holds_again(tmp_path):
    path, refused = tmp_path / "a" / "state", []

    def other():
        try:
            with hold(path, "wait"):
                refused.append(False)
        except InUse:
            refused.append(True)

    with hold(path, "first"):
        with hold(path, "inside"):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert locks.lock_file(path).exists()
    other()
    assert refused == [True, False]
    assert list(path.parent.iterdir()) == []


def test_a_place_without_locks_is_named(tmp_path):
    (tmp_path / "file").touch()
    message = r"state can't be locked .*choose a folder on this machine"
    with pytest.raises(OSError, match=message), hold(tmp_path / "file" / "state", "wait"):
        pass


def test_a_lock_file_with_strange_words_is_not_printed(tmp_path):
    locks.lock_file(tmp_path / "state").write_bytes(b"\0\x1b[2J\nprocess")
    assert locks.holder(tmp_path / "state") == "another process"


def test_a_look_does_not_make_another_process_fail(tmp_path):
    """Many look whether a file is in use, while one takes it again and again."""
    path, over = tmp_path / "state", threading.Event()

    def look():
        while not over.is_set():
            with contextlib.suppress(FileNotFoundError):
                locks.in_use(path)

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(200):
            with hold(path, "wait"):
                pass
    finally:
        over.set()
        for watcher in watchers:
            watcher.join()


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_is_the_file_that_it_leads_to(tmp_path, holder):
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "state")
    (tmp_path / "other" / "folder").symlink_to(tmp_path)
    for path in (tmp_path / "link", tmp_path / "other" / "folder" / "state"):
        assert locks.in_use(path)
        with pytest.raises(InUse, match=f"by process {holder.pid} on .* since 20"), hold(path, "w"):
            pass


def test_a_name_that_is_too_long_needs_a_shorter_one(tmp_path):
    path, message = tmp_path / ("x" * 254), r"too long\); choose a shorter name"
    with pytest.raises(OSError, match=message), hold(path, "wait"):
        pass


@pytest.mark.parametrize("content", [b"user,item\n1,2\n", b"\0process 1" + b"x" * 300])
def test_a_file_with_the_name_of_a_lock_is_not_lost(tmp_path, content):
    other = locks.lock_file(tmp_path / "state")
    other.write_bytes(content)
    message = "a file state.lock, which is no lock; move it"
    with pytest.raises(OSError, match=message), hold(tmp_path / "state", "wait"):
        pass
    assert not locks.in_use(tmp_path / "state")
    assert other.read_bytes() == content


@pytest.mark.parametrize("words", [b"", b"\0", b"\0process 7 on m since 2026", b"1234\nhost\n"])
def test_a_lock_that_a_killed_process_left_is_taken(tmp_path, words):
    locks.lock_file(tmp_path / "state").write_bytes(words)
    with hold(tmp_path / "state", "wait"):
        pass
