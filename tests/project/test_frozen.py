"""Stored results and outputs while the package is moved; goes when the move is done."""

import hashlib
import json
from pathlib import Path

import nbformat
import pytest

import rules

ROOT = Path(__file__).parents[2]
FROZEN = json.loads((ROOT / "tests/project/frozen.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(FROZEN["assets"]))
def test_a_stored_file_is_unchanged(name):
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == FROZEN["assets"][name]


@pytest.mark.parametrize("name", sorted(FROZEN["outputs"]))
def test_the_outputs_of_a_notebook_are_unchanged(name):
    notebook = nbformat.read(ROOT / name, as_version=4)
    assert rules.outputs_sha256(notebook) == FROZEN["outputs"][name]
