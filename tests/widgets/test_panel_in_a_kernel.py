"""The panel in a real kernel: the front end hears of each move; what is stored stays equal."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from widgets.toy_sweep import sweep

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"
CELLS = (
    "import json, sys\n"
    "sys.path.insert(0, {root!r})\n"
    "from pathlib import Path\n"
    "from sparcode_mini.widgets import Panel\n"
    "panel = Panel(json.loads(Path('sweep.json').read_text()))\n"
    "panel",
    "panel.sliders['N'].value = 4",
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """(folder, notebook after its run, widget states after each cell)."""
    folder = tmp_path_factory.mktemp("panel")
    (folder / "sweep.json").write_text(json.dumps(sweep()))
    sources = [CELLS[0].format(root=str(ROOT)), CELLS[1]]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, record_timing=False, resources=resources)
    states = []
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
            states.append(copy.deepcopy(client.widget_state))
    return folder, notebook, states


def test_the_front_end_hears_of_the_move(kernel):
    _, _, (before, after) = kernel

    def words(state):
        return [s["value"] for s in state.values() if "NDCG@50 is" in str(s.get("value"))]

    def code(state):
        return [s["code"] for s in state.values() if "code" in s]

    assert "11,640 entries" in words(before)[0] and "10,440 entries" in words(after)[0]
    assert "N=16" in code(before)[0] and "N=4" in code(after)[0]
    view = kernel[1].cells[0].outputs[0].data[WIDGET]["model_id"]
    assert view in before


def test_the_stored_output_has_a_picture_and_its_words(kernel):
    first, second = kernel[1].cells[0].outputs
    assert set(first.data) == {WIDGET, "image/png", "text/plain"}
    assert first.data["text/plain"].startswith("Panel(M=1, N=16, sparsity=4, probes=1")
    assert first.metadata["image/png"]["alt"] in second.data["text/plain"]
    assert set(second.data) == {"text/html", "text/plain"}


def test_nbval_finds_the_stored_notebook_equal(kernel):
    folder, notebook, _ = kernel
    del notebook.cells[0].outputs[0].data[WIDGET]  # as `make notebooks` stores it
    for number, cell in enumerate(notebook.cells, 1):
        cell.execution_count = number
    nbformat.write(notebook, folder / "panel.ipynb")
    options = ["--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), "panel.ipynb"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
