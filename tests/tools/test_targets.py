"""A result replaces a file of its own kind, and no other."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparcode_mini import results
from sparcode_mini.tools import targets, temporary
from sparcode_mini.tools.files import save_json, save_tensors
from sparcode_mini.tools.targets import (
    INDEX,
    KINDS,
    MODEL,
    PAGE,
    PAGE_MARK,
    RESULT,
    STATE,
    check_target,
    kind_of,
)

FILES = {
    MODEL: lambda path: _tensors(path, "sparcode-mini model"),
    INDEX: lambda path: _tensors(path, "sparcode-mini index"),
    STATE: lambda path: _tensors(path, "sparcode-mini training"),
    RESULT: lambda path: results.store(path, {}, {}),
    PAGE: lambda path: path.write_text(f"<!doctype html>\n<html>{PAGE_MARK}</html>"),
    "an empty file": lambda path: path.touch(),
    "a text file": lambda path: path.write_text("user,item\n1,2\n"),
    "a text file ": lambda path: path.write_text("<!doctype html>\n<html></html>"),
    "a JSON file": lambda path: save_json(path, {"a": 1}),
    "a file of another program": lambda path: path.write_bytes(b"\x89PNG\0\0\0\0\0\0"),
    "a safetensors file of another kind": lambda path: _tensors(path, "notes"),
    "a safetensors file that is damaged or of another program": lambda path: path.write_bytes(
        b"\2\0\0\0\0\0\0\0{}"
    ),
}


def _tensors(path, kind):
    save_tensors(path, {"a": np.zeros(2)}, {}, kind=kind, version=1)


@pytest.mark.parametrize("found", FILES)
@pytest.mark.parametrize("kind", [MODEL, INDEX, RESULT, PAGE])
def test_only_the_own_kind_is_replaced(tmp_path, capsys, found, kind):
    path = tmp_path / "file"
    FILES[found](path)
    before = path.read_bytes()
    found = found.strip()
    assert kind_of(path) == found
    if found == kind:
        check_target(path, kind)
        assert capsys.readouterr().err == (
            f"{path} exists and is {kind}; it will be replaced at the end\n"
        )
    else:
        with pytest.raises(ValueError, match=f"file is {found}, not {kind}, so it is not replaced"):
            check_target(path, kind)
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(lambda text: text.encode())))
def test_any_other_file_is_refused(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    for kind in (*KINDS.values(), RESULT, PAGE):
        with pytest.raises(ValueError, match="so it is not replaced"):
            check_target(path, kind)


def test_a_text_in_braces_is_a_text(tmp_path):
    (tmp_path / "file").write_text("{user: 1}")
    assert kind_of(tmp_path / "file") == "a text file"


def test_what_can_not_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    for path in (tmp_path / "new" / "folder" / "file", tmp_path / "file"):
        check_target(path, MODEL)  # says nothing: there is nothing to be replaced
        monkeypatch.setattr(targets.os, "access", lambda place, mode: mode != os.W_OK)
        with pytest.raises(PermissionError, match=r"can't be written to, for .*file; choose"):
            check_target(path, MODEL)
        monkeypatch.undo()


def test_a_name_that_the_next_write_would_remove_is_refused(tmp_path):
    with temporary.replacing(tmp_path / "m") as file:
        name = file.name
    for path in (name, tmp_path / ".m\n.0123456789abcdef.tmp"):
        with pytest.raises(ValueError, match="has the name of a temporary file"):
            check_target(path, MODEL)
    check_target(tmp_path / "m.tmp", MODEL)


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(OSError, match=r"can't be a file .*too long.*choose another name"):
        check_target(tmp_path / ("x" * 300), MODEL)
