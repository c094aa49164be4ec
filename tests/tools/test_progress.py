"""The bar shows progress and leaves nothing volatile in a stored notebook."""

import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from sparcode_mini.tools import progress as module
from sparcode_mini.tools.progress import bar_html, progress

ROOT = Path(__file__).parents[2]

CELL = """
import sys
sys.path.insert(0, {root!r})
import time
from sparcode_mini.tools.progress import progress
print("before")
bar = progress(range(5), desc="epochs")
for step in bar:
    time.sleep(0.12)
print("after", bar.done)
"""
BREAK = """
with progress(total=10, desc="steps") as bar:
    bar.update(3)
for step in progress(range(10), desc="stopped early"):
    if step == 2:
        break
try:
    for step in progress(iter("abc")):
        raise KeyError("inside the loop")
except KeyError:
    print("caught")
"""


class FakeTerminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    stream = FakeTerminal()
    # not sys.stderr itself: pytest puts its own there between the fixture and the test
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream, modules=sys.modules))
    monkeypatch.setattr(module, "_in_notebook", lambda: False)
    monkeypatch.delenv("SPARCODE_PROGRESS", raising=False)
    return stream


def test_the_items_pass_through_in_every_case(terminal, monkeypatch):
    assert list(progress("abc")) == ["a", "b", "c"]
    assert list(progress(iter("abc"), total=3)) == ["a", "b", "c"]
    monkeypatch.setenv("SPARCODE_PROGRESS", "0")
    assert list(progress("abc")) == ["a", "b", "c"]


def test_terminal_bar(terminal):
    bar = progress(range(4), desc="epochs")
    for _ in bar:
        pass
    assert bar.done == 4
    text = terminal.getvalue()
    assert "epochs: 100%" in text
    assert "4/4" in text


def test_bar_by_hand(terminal):
    with progress(total=10, desc="steps") as bar:
        bar.update(7)
        bar.update(3)
    assert bar.done == 10
    assert "10/10" in terminal.getvalue()
    bar.close()  # twice does no harm


def test_no_bar_where_stderr_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(module, "_in_notebook", lambda: False)
    monkeypatch.delenv("SPARCODE_PROGRESS", raising=False)
    list(progress(range(3), desc="quiet"))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_no_bar_where_stderr_is_closed(terminal, monkeypatch):
    monkeypatch.setattr(module.sys, "stderr", None)
    assert list(progress("abc")) == ["a", "b", "c"]


def test_the_environment_switches_it_off(terminal, monkeypatch):
    monkeypatch.setenv("SPARCODE_PROGRESS", "0")
    list(progress(range(3), desc="quiet"))
    assert terminal.getvalue() == ""


def test_length(terminal):
    assert len(progress([1, 2, 3])) == 3
    with pytest.raises(TypeError, match="no length"):
        len(progress(iter([1])))


def test_a_bar_without_iterable_cannot_be_looped_over(terminal):
    with progress(total=3) as bar, pytest.raises(ValueError, match=r"call progress\(iterable\)"):
        list(bar)


def test_html_states():
    bundle = bar_html(3, 12, "epochs < 1")
    assert bundle["text/plain"] == "epochs < 1 3 of 12"
    assert 'value="3" max="12"' in bundle["text/html"]
    assert 'aria-label="epochs &lt; 1 3 of 12"' in bundle["text/html"]
    assert "<progress aria-label" in bar_html(3, None, "")["text/html"]
    assert 'value="2" max="2"' in bar_html(5, 2, "")["text/html"]  # never beyond the end


@pytest.fixture
def drawn(monkeypatch):
    """Inside a kernel, as far as the module can tell; returns what the front end is sent."""
    bundles = []

    class Handle:
        def update(self, bundle, raw):
            bundles.append(bundle["text/plain"])

    def display(bundle, raw, display_id):
        bundles.append(bundle["text/plain"])
        return Handle()

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.delenv("SPARCODE_PROGRESS", raising=False)
    return bundles


def test_notebook_bar_begins_and_ends_empty(drawn):
    with pytest.raises(RuntimeError), progress(total=3, desc="epochs") as bar:
        bar.update()
        raise RuntimeError
    bar.update()  # after the end nothing is drawn
    bar.close()
    assert drawn == ["", "epochs 1 of 3", ""]


def test_notebook_bar_is_not_redrawn_too_often(drawn, monkeypatch):
    now = iter([0.0, 0.01, 0.05, 5.0, 5.01])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    for _ in progress(range(5)):
        pass
    assert drawn == ["", "1 of 5", "4 of 5", ""]


def test_ipython_without_a_kernel_is_no_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not module._in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not module._in_notebook()


class Recorder(NotebookClient):
    """Also keeps every bar that was drawn on the way."""

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] == "update_display_data":
            self.drawn.append(msg["content"]["data"])
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def executed():
    cells = [nbformat.v4.new_code_cell(text) for text in (CELL.format(root=str(ROOT)), BREAK)]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    client = Recorder(notebook, record_timing=False, store_widget_state=False, timeout=120)
    client.drawn = []
    client.execute()
    nbformat.validate(notebook)
    return notebook, client.drawn


def test_a_stored_notebook_keeps_only_empty_outputs(executed):
    notebook, _ = executed
    first, second = (cell.outputs for cell in notebook.cells)
    empty = {"output_type": "display_data", "data": {"text/plain": ""}, "metadata": {}}
    assert [dict(output) for output in first] == [
        {"output_type": "stream", "name": "stdout", "text": "before\n"},
        empty,
        {"output_type": "stream", "name": "stdout", "text": "after 5\n"},
    ]
    assert [dict(output) for output in second] == [
        empty,
        empty,
        empty,
        {"output_type": "stream", "name": "stdout", "text": "caught\n"},
    ]


def test_the_notebook_bar_was_seen_on_the_way(executed):
    texts = [bundle["text/plain"] for bundle in executed[1]]
    assert "epochs 4 of 5" in texts
    assert "steps 3 of 10" in texts
    assert texts.count("") == 4  # each of the four bars was cleared once


def test_nbval_finds_the_stored_notebook_equal(executed, tmp_path):
    nbformat.write(executed[0], tmp_path / "bar.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "bar.ipynb"]
    options = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    run = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
