import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from sparcode_mini.course.plans import seconds

ROOT = Path(__file__).resolve().parents[3]
BUSY = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"


@pytest.fixture
def project(tmp_path):
    cells = [new_markdown_cell("# A", id="t"), new_code_cell("x = 1", id="a")]
    notebook = new_notebook(cells=[*cells, new_code_cell(BUSY, id="b")])
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "00_a.ipynb")
    return tmp_path


def test_seconds_are_measured_once(project, capsys):
    seconds.measure(project, again=False)
    first = seconds.load_seconds(project)["00_a"]
    assert first["b"] >= 0.39 > first["a"] >= 0
    stored = seconds.load_times(project)
    assert stored["machine"]["cores"] >= 1
    stored["lessons"]["00_a"]["seconds"]["b"] = 99.0  # a mark: is it measured again?
    seconds.place(project).write_text(json.dumps(stored), encoding="utf-8")
    seconds.measure(project, again=False)
    assert seconds.load_seconds(project)["00_a"]["b"] == 99
    notebook = nbformat.read(project / "notebooks" / "00_a.ipynb", as_version=4)
    assert notebook.cells[1].outputs == []  # it stays as it was
    notebook.cells[1].source = "x = 2"
    nbformat.write(notebook, project / "notebooks" / "00_a.ipynb")
    seconds.measure(project, again=False)
    assert seconds.load_seconds(project)["00_a"]["b"] < 99
    assert "00_a: " in capsys.readouterr().out


def test_the_stored_seconds_are_those_of_the_code():
    stored = seconds.load_times(ROOT)["lessons"]
    lessons = {path.stem: path for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert stored.keys() == lessons.keys()
    changed = [
        name
        for name, path in lessons.items()
        if stored[name]["code"] != seconds.digest(nbformat.read(path, as_version=4))
    ]
    assert changed == [], f"run {seconds.COMMAND} --measure"


def test_what_was_never_measured_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="run python -m"):
        seconds.load_seconds(tmp_path)
