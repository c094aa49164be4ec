"""A program in a terminal: Ctrl-C at any moment, closed pipes, full disks, narrow consoles."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparcode_mini.tools.program import Program

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and descriptors of POSIX")
START = """
import sys, time
from sparcode_mini.tools.program import Program
program = Program("demo")
def work():
    print("loading", flush=True)
    time.sleep(float(sys.argv[1]))
    program.working(lambda: "the state is kept")
    print("working", flush=True)
    time.sleep(float(sys.argv[2]))
    print("é→x" * 3)
    return 0
sys.exit(program.run_as_process(work))
"""


def start(*seconds, **options):
    words = [sys.executable, "-c", START, *map(str, seconds)]
    return subprocess.Popen(words, stdout=-1, stderr=-1, text=True, **options)


def test_a_signal_within_the_last_line_does_not_repeat_it(monkeypatch):
    program, lines = Program("demo"), []

    def write(descriptor, line):
        lines.append((descriptor, line))
        program._on_signal(signal.SIGINT, None)  # it comes before the exit

    def leave(code):
        raise SystemExit(code)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(SystemExit, match="130"):
        program._on_signal(signal.SIGINT, None)
    assert lines == [(2, b"stopped; nothing was begun\n")]


@POSIX
@pytest.mark.parametrize("seed", range(8))
def test_a_signal_at_any_moment_ends_in_one_line(seed):
    rng = random.Random(seed)
    number = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    with start(0.2, 30) as process:
        assert process.stdout.readline() == "loading\n"
        time.sleep(rng.uniform(0, 0.5))
        for _ in range(rng.choice([1, 2, 3])):  # twice and thrice, too
            process.send_signal(number)
            time.sleep(rng.choice([0, 0.001, 0.02]))
        out, err = process.communicate()
    lines = ["stopped; the state is kept\n"]
    if "working" not in out:  # perhaps it was about to print it
        lines.append("stopped; nothing was begun\n")
    assert process.returncode == 130 and err in lines


def test_a_second_signal_ends_what_does_not_end_by_itself(monkeypatch):
    program, written = Program("demo"), []
    program.working(lambda: "kept")
    monkeypatch.setattr(os, "write", lambda _, text: written.append(text))
    monkeypatch.setattr(os, "_exit", written.append)
    with pytest.raises(KeyboardInterrupt):
        program._on_signal(signal.SIGINT, None)
    program._on_signal(signal.SIGINT, None)  # at once: the same key
    assert written == []
    monkeypatch.setattr("sparcode_mini.tools.program.TWICE", 0.0)
    program._on_signal(signal.SIGINT, None)
    assert written == [b"stopped; kept\n", 130]


def test_an_interrupt_that_a_library_turns_into_an_error_is_one(capsys):
    program = Program("demo")
    program.working(lambda: "kept")

    def work():
        try:
            program._on_signal(signal.SIGINT, None)
        except KeyboardInterrupt:
            raise TypeError("a callback failed") from None

    assert program.run(work) == 130
    assert capsys.readouterr().err == "stopped; kept\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("two\n  lines"), "demo: two lines\n"),
        (KeyError("no such row"), "demo: no such row\n"),
        (MemoryError(), "demo: MemoryError\n"),
        (FileNotFoundError("gone"), "demo: gone\n"),
    ],
)
def test_an_error_is_one_line(capsys, error, line):
    def work():
        raise error

    assert Program("demo").run(work) == 2
    assert capsys.readouterr().err == line


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        Program("demo").run(lambda: 1 // 0)


@POSIX
def test_a_closed_pipe_stops_no_work():
    reader, writer = os.pipe()
    words = [sys.executable, "-c", START, "0", "0"]
    process = subprocess.Popen(words, stdout=writer, stderr=-1, text=True)
    os.close(writer)
    os.close(reader)
    assert process.communicate()[1] == "" and process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_under_the_output_is_told():
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-c", START, "0", "0"]
        result = subprocess.run(words, stdout=full, stderr=-1, text=True)
    assert result.returncode == 2
    assert result.stderr == "demo: the output could not be written (No space left on device)\n"


@POSIX
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_streams_lead_nowhere_and_give_their_numbers_to_no_file(tmp_path, closed):
    text = (
        "import sys; from sparcode_mini.tools.output import guard_outputs; guard_outputs()\n"
        "file = open(sys.argv[1], 'w'); assert file.fileno() > 2; file.write('mine')\n"
        "print('out'); print('err', file=sys.stderr); sys.exit(3)"
    )

    def close():
        for descriptor in closed:
            os.close(descriptor)

    words = [sys.executable, "-c", text, str(tmp_path / "file")]
    assert subprocess.run(words, preexec_fn=close, capture_output=True).returncode == 3
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "utf-8", "latin-1:strict"])
def test_a_narrow_console_loses_letters_and_no_lines(encoding):
    words = [sys.executable, "-c", START, "0", "0"]
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run(words, capture_output=True, env=environ)
    name = encoding.partition(":")[0]
    expected = ("é→x" * 3).encode(name, errors="replace")
    assert result.returncode == 0 and result.stderr == b""
    assert result.stdout.splitlines()[-1] == expected
