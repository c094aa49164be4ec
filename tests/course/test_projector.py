"""`make lab ARGS=--projector`: fresh copies, nothing stored by itself, large type."""

import json
import os
import sys

import nbformat
import pytest

import lesson_toy as toy
from sparcode_mini import lab
from sparcode_mini.course import projector


@pytest.fixture
def root(tmp_path):
    (tmp_path / "notebooks").mkdir()
    toy.stored(tmp_path / "notebooks", toy.cells(), "00_start_here.ipynb")
    (tmp_path / "notebooks" / "glossary.md").write_text("# Glossary\n", "utf-8")
    return tmp_path


def test_the_copies_have_their_outputs_collapsed_and_the_lessons_stay(root) -> None:
    source = root / "notebooks" / "00_start_here.ipynb"
    before = source.read_bytes()
    copied = projector.prepare(root)
    assert copied.added == ["00_start_here.ipynb", "glossary.md"] and copied.moved_to is None
    notebook = nbformat.read(root / projector.FOLDER / source.name, as_version=4)
    shown = [cell for cell in notebook.cells if cell.get("outputs")]
    assert len(shown) == 4
    assert all(cell.metadata.jupyter.outputs_hidden for cell in shown)
    assert source.read_bytes() == before


def test_each_lecture_begins_anew_and_nothing_that_was_stored_is_lost(root) -> None:
    projector.prepare(root)
    folder = root / projector.FOLDER
    first = (folder / "00_start_here.ipynb").read_bytes()
    assert projector.prepare(root).moved_to is None  # nobody stored anything
    (folder / "00_start_here.ipynb").write_text("my remarks", "utf-8")
    (folder / "predictions.json").write_text("{}", "utf-8")  # the guesses of that class
    aside = projector.prepare(root).moved_to
    assert (folder / "00_start_here.ipynb").read_bytes() == first
    assert not (folder / "predictions.json").exists()
    assert (aside / "00_start_here.ipynb").read_text("utf-8") == "my remarks"
    assert (aside / "predictions.json").exists()


def test_the_settings_are_those_of_the_lab_and_of_a_projector(tmp_path) -> None:
    environ = lab.environment(os.environ, "t", tmp_path)
    environ = projector.environment(environ, tmp_path)
    assert environ["JUPYTER_CONFIG_DIR"] == str(tmp_path) and environ["JUPYTER_TOKEN"] == "t"
    path = tmp_path / "labconfig" / "default_setting_overrides.json"
    settings = json.loads(path.read_text("utf-8"))
    documents = settings["@jupyterlab/docmanager-extension:plugin"]
    assert documents["autosave"] is False
    assert documents["defaultViewers"] == {"markdown": "Markdown Preview"}
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    style = (tmp_path / "custom" / "custom.css").read_text("utf-8")
    for rule in ("--jp-code-font-size: 20px !", "--jp-content-font-size1: 20px !", "pre-wrap; "):
        assert rule in style
    assert style.count("{") == style.count("}") and "{{" not in style


def test_the_option_opens_the_fresh_copy(root, monkeypatch, capsys) -> None:
    monkeypatch.setattr(lab.signal, "signal", lambda *_: None)
    code = "import os; assert os.environ['JUPYTER_CONFIG_DIR']"
    pages = []

    def command(root, port, page):
        pages.append(page)
        return [sys.executable, "-c", code]

    monkeypatch.setattr(lab, "command", command)
    monkeypatch.setattr(lab, "wait_until_ready", lambda *_: True)
    words = ["--no-browser", "--root", str(root), "--projector"]
    assert lab.main(words) == 0
    assert pages == ["doc/tree/work/projector/00_start_here.ipynb"]
    out = capsys.readouterr().out
    assert "/doc/tree/work/projector/00_start_here.ipynb?token=" in out
    (root / projector.FOLDER / "00_start_here.ipynb").write_text("my remarks", "utf-8")
    assert lab.main(words) == 0
    assert "What was stored there before is in" in capsys.readouterr().out
