"""The check: each fault has a cure, the receipt is one line, an old Python gets an answer."""

import ast
import json
import operator
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from sparcode_mini.course.laptops import CHECK, check_laptop, probe, receipts


def test_it_needs_python_alone_and_an_old_one_can_read_it():
    tree = ast.parse(CHECK.read_text("utf-8"), feature_version=(3, 7))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import)]
    parts = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names} | {n.module for n in parts}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


class OldPath(type(Path())):
    """A path whose `parents` take no slice, as before Python 3.10."""

    @property
    def parents(self):
        return OldParents(super().parents)


class OldParents(Sequence):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, place):
        return self.paths[operator.index(place)]


def test_the_project_is_looked_for_by_an_old_python(monkeypatch, tmp_path):
    root = tmp_path / "project"
    check = root / "sparcode_mini/course/laptops/check_laptop.py"
    python = root / ".venv/bin/python"
    for path in (check, python):
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check_laptop, "Path", OldPath)
    monkeypatch.setattr(check_laptop, "__file__", str(check))
    assert check_laptop.find_environment(None) == (python.resolve(), root.resolve())


@pytest.mark.parametrize("name", ["sparcode_mini", "sparcode_mini.egg-info"])
def test_a_folder_of_the_project_is_no_installation(monkeypatch, tmp_path, name):
    for folder in (tmp_path / "sparcode_mini", tmp_path / name):
        folder.mkdir(exist_ok=True)
    (tmp_path / "sparcode_mini/__init__.py").touch()
    if name.endswith("info"):
        text = "Metadata-Version: 2.1\nName: sparcode-mini\nVersion: 1.0\n"
        (tmp_path / name / "PKG-INFO").write_text(text, "utf-8")
    venv.create(tmp_path / "empty", with_pip=False)
    folder = "Scripts" if sys.platform == "win32" else "bin"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "empty" / folder / "python"))
    monkeypatch.setattr(check_laptop, "__file__", str(tmp_path / "check_laptop.py"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    assert check_laptop.find_environment(None)[0] is None


@pytest.mark.parametrize(
    ("version", "bits", "faults"),
    [
        ((3, 11, 5), 64, []),
        ((3, 14, 0), 64, []),
        ((3, 11, 4), 64, ["python"]),
        ((3, 8, 18), 64, ["python"]),
        ((3, 15, 0), 64, ["python"]),
        ((3, 12, 1), 32, ["bits"]),
        ((0, 0, 0), 0, ["python", "bits"]),  # it could not be started
    ],
)
def test_versions_of_python(version, bits, faults):
    lines = check_laptop.check_python(version, bits)
    assert [line.cure for line in lines if line.mark == "fail"] == faults


@pytest.mark.parametrize(
    ("system", "machine", "mac", "libc", "fault"),
    [
        ("Darwin", "arm64", "14.5", ("", ""), ""),
        ("Darwin", "arm64", "13.6", ("", ""), "oldsystem"),
        ("Darwin", "x86_64", "14.5", ("", ""), "intelmac"),
        ("Windows", "AMD64", "", ("", ""), ""),
        ("Windows", "ARM64", "", ("", ""), "cpu"),
        ("Linux", "x86_64", "", ("glibc", "2.28"), ""),
        ("Linux", "x86_64", "", ("glibc", "2.17"), "oldsystem"),
        ("Linux", "x86_64", "", ("", ""), "oldsystem"),  # musl
        ("Linux", "armv7l", "", ("glibc", "2.36"), "cpu"),
    ],
)
def test_systems(monkeypatch, system, machine, mac, libc, fault):
    for name, value in (("system", system), ("machine", machine), ("libc_ver", libc)):
        monkeypatch.setattr(check_laptop.platform, name, lambda value=value: value)
    monkeypatch.setattr(check_laptop.platform, "mac_ver", lambda: (mac, (), ""))
    monkeypatch.setattr(check_laptop, "_run", lambda command: ("", ""))
    assert check_laptop.check_system().cure == fault


def test_an_intel_python_on_apple_silicon_is_not_an_intel_mac(monkeypatch):
    monkeypatch.setattr(check_laptop.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(check_laptop.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(check_laptop, "_run", lambda command: ("1", ""))
    assert check_laptop.check_system().cure == "rosetta"


def test_disk_memory_and_folder(monkeypatch, tmp_path):
    assert check_laptop.check_disk(tmp_path, 1e9).cure == "disk"
    assert check_laptop.check_disk(tmp_path, 0.0).mark == "ok"
    assert check_laptop.memory() > 0.1
    monkeypatch.setattr(check_laptop, "memory", lambda: 2.0)
    assert check_laptop.check_memory().cure == "memory"
    monkeypatch.setattr(check_laptop, "memory", lambda: None)
    assert check_laptop.check_memory().mark == "skip"
    assert check_laptop.check_write(tmp_path).mark == "ok"
    assert check_laptop.check_write(tmp_path / "nowhere").cure == "write"


def test_each_cure_and_each_kind_has_words():
    assert set(check_laptop.CURES) <= set(receipts.NAMES)
    assert set(receipts.NAMES) <= {*receipts.ADVICE, *receipts.FINE}


def test_before_the_installation(tmp_path):
    """In an empty folder, with a Python that knows no project, and no network."""
    copy = tmp_path / CHECK.name
    copy.write_bytes(CHECK.read_bytes())
    words = [sys.executable, "-S", str(copy), "--project", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=120)
    *lines, last = done.stdout.splitlines()
    assert all(line[:5] in ("[ok] ", "[fail", "[skip") for line in lines[:-1]), done.stdout
    assert "not installed yet" in done.stdout
    assert receipts.parse(last).state in ("new", "memory", "disk", "oldsystem")
    assert not receipts.parse(last).data


def answering(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for a Python")
def test_what_the_project_answers_becomes_lines(tmp_path, capsys):
    answer = {"lines": [["ok", "data", "MovieLens-100K", ""]], "seconds": 7}
    good = answering(tmp_path, f"echo noise; echo '{check_laptop.LABEL}{json.dumps(answer)}'")
    assert check_laptop.ask(good, "look") == ([check_laptop.Line(*answer["lines"][0])], 7)
    bad = answering(tmp_path, "echo 'ImportError: DLL load failed' >&2; exit 1")
    (line,), _ = check_laptop.ask(bad, "look")
    assert (line.cure, line.detail) == ("install", "ImportError: DLL load failed")
    check_laptop._report([line])
    assert "What to do: install again" in capsys.readouterr().out
    assert check_laptop.ask(tmp_path / "none", "train")[0][0].cure == "train"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for a Python")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("echo 'ok  data: MovieLens-100K, 100,000 ratings'", ""),
        ("echo 'NO  data: no network'; echo 'ok  fonts: all'; exit 1", "no network"),
        ("echo 'ImportError: DLL load failed' >&2; exit 1", "ImportError: DLL load failed"),
        ("exit 3", "no answer, exit 3"),
    ],
)
def test_a_download_that_failed_says_why(tmp_path, capsys, monkeypatch, answer, reason):
    python = answering(tmp_path, answer)
    assert check_laptop.fetch(python) == reason
    missing = check_laptop.Line("fail", "data", "MovieLens-100K is not here", "data")
    monkeypatch.setattr(check_laptop, "ask", lambda python, word: ([missing], 0))
    check_laptop.check_after(python, reason)
    assert (
        f"[fail] data: {reason or missing.detail}. What to do: at home" in capsys.readouterr().out
    )


@pytest.mark.parametrize(("minor", "cure"), [(12, "new"), (13, "version")])
def test_before_the_installation_the_python_of_the_stick_is_named(
    monkeypatch, tmp_path, capsys, minor, cure
):
    monkeypatch.setattr(sys, "argv", ["check_laptop.py", "--project", str(tmp_path)])
    monkeypatch.setattr(check_laptop, "_version", lambda python: ((3, minor, 1), 64))
    check_laptop.main()
    assert f"What to do: {check_laptop.CURES[cure]}\n" in capsys.readouterr().out


def test_the_probe_trains_and_compares():
    answer = probe.train(epochs=4)
    assert answer["lines"][0].mark == "ok" and answer["seconds"] >= 1


def test_the_probe_sees_data_and_its_damage(monkeypatch, tmp_path):
    monkeypatch.delenv("SPARCODE_DATA", raising=False)
    monkeypatch.setattr("sparcode_mini.data.download.data_folder", lambda: (tmp_path, False))
    assert probe.data() == "no"
    (tmp_path / "ml-100k.zip").write_bytes(b"half a file")
    assert "damaged; delete it" in probe.data()
    monkeypatch.setattr("sparcode_mini.data.download.data_folder", lambda: (tmp_path, True))
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    assert "nothing there can be read" in probe.data()


def test_the_probe_names_packages_that_are_missing(monkeypatch):
    assert {"torch", "jupyterlab", "scikit-learn"} <= set(probe.needed())
    assert "duckdb" not in probe.needed()
    monkeypatch.setattr(probe, "needed", lambda: ["filelock", "no-such-package"])
    assert probe.faults() == ["no-such-package: not installed"]


def test_states_and_their_order():
    def state(*cures, installed=True):
        lines = [check_laptop.Line("fail", "", "", cure) for cure in cures]
        return check_laptop.state_of(lines, installed)

    assert state() == "ok" and state(installed=False) == "new"
    assert state("data") == "ok"  # the receipt has a word of its own for it
    assert state("intelmac", "install") == "intelmac"
