"""The stored notebooks can be trusted, and the rules that say so catch each fault."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import lesson_form
import notebooks
import rules

PATHS = sorted(notebooks.FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_stored_notebook(path: Path) -> None:
    notebook = notebooks.read(path)
    assert rules.notebook_problems(notebook, path.stat().st_size) == []
    assert lesson_form.form_problems(notebook) == []


def test_stored_notebooks_together() -> None:
    assert rules.collection_problems([notebooks.read(path) for path in PATHS]) == []


def good(*extra: NotebookNode) -> NotebookNode:
    """A notebook without a fault, with further cells at its end."""
    shown = new_output("execute_result", {"text/plain": "3"}, execution_count=1)
    printed = new_output("stream", text="two\n")
    nb = new_notebook(
        cells=[
            new_markdown_cell("# Title\n\n![a curve that falls](curve.png)"),
            new_code_cell("1 + 2", execution_count=1, outputs=[shown]),
            new_code_cell('print("two")', execution_count=2, outputs=[printed]),
            *extra,
        ],
        metadata={"kernelspec": dict(notebooks.KERNEL)},
    )
    for position, cell in enumerate(nb.cells):
        cell.id = f"00-{position:03d}"
    for count, cell in enumerate(rules.code_cells(nb), 1):
        cell.execution_count = count
    return seal(nb)


def seal(nb: NotebookNode) -> NotebookNode:
    nb.metadata["sparcode_mini"] = {
        "outputs_sha256": rules.outputs_sha256(nb),
        "source_sha256": rules.source_sha256(nb),
    }
    return nb


def test_a_good_notebook_has_no_problem() -> None:
    assert rules.notebook_problems(good(), 1000) == []


def no_kernelspec(nb: NotebookNode) -> None:
    nb.metadata.kernelspec.name = "my-env"


def widget_state(nb: NotebookNode) -> None:
    nb.metadata["widgets"] = {}


def same_ids(nb: NotebookNode) -> None:
    nb.cells[2].id = nb.cells[1].id


def no_id(nb: NotebookNode) -> None:
    del nb.cells[0]["id"]


def not_in_order(nb: NotebookNode) -> None:
    nb.cells[1].execution_count = 7


def not_run(nb: NotebookNode) -> None:
    nb.cells[2].execution_count = None


def edited_source(nb: NotebookNode) -> None:
    nb.cells[1].source = "1 + 1"


def edited_output(nb: NotebookNode) -> None:
    nb.cells[1].outputs[0].data["text/plain"] = "4"


def never_sealed(nb: NotebookNode) -> None:
    del nb.metadata["sparcode_mini"]


def times(nb: NotebookNode) -> None:
    nb.cells[1].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}


def no_code(nb: NotebookNode) -> None:
    nb.cells = nb.cells[:1]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_kernelspec, "kernelspec"),
        (widget_state, "widget state"),
        (same_ids, "without an id"),
        (no_id, "without an id"),
        (not_in_order, "execution counts"),
        (not_run, "execution counts"),
        (edited_source, "code was edited"),
        (edited_output, "not those of the last run"),
        (never_sealed, "code was edited"),
        (times, "times of a run"),
        (no_code, "no code cell"),
    ],
)
def test_a_spoilt_notebook_is_caught(spoil, words) -> None:
    nb = good()
    spoil(nb)
    found = rules.notebook_problems(nb, 1000)
    assert any(words in problem for problem in found), found


def test_a_stripped_notebook_is_caught_even_with_fresh_seals() -> None:
    nb = good()
    for cell in rules.code_cells(nb):
        cell.outputs = []
    found = rules.notebook_problems(seal(nb), 1000)
    assert [problem.partition(",")[0] for problem in found] == [
        "cell 1: ends in a value",
        "cell 2: prints",
    ]


def test_a_large_file_is_caught() -> None:
    assert rules.notebook_problems(good(), 999_999) == []
    assert any("bytes" in p for p in rules.notebook_problems(good(), 1_000_000))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import matplotlib.pyplot as plt", "drawing lives in the library"),
        ("from plotly import graph_objects", "drawing lives in the library"),
        ("plt.plot(x)", "draws with plt.plot"),
        ("ax.set_title('x')", "draws with ax.set_title"),
        ("!ls", "shell"),
        ("files = !ls", "shell"),
        ("%%bash\nls", "shell"),
        ("%cd ..", "shell"),
        ("%pip install x", "shell"),
        ("import os\nos.system('ls')", "shell"),
        ("np.random.seed(0)", "sets a seed"),
        ("torch.manual_seed(0)", "sets a seed"),
        ("random.seed(0)", "sets a seed"),
        ("open('/data/x.csv')", "absolute path"),
        ("open('~/x.csv')", "absolute path"),
        (r"open('C:\\x.csv')", "absolute path"),
        ("x = (", "not Python"),
        ("", "is empty"),
        ("\n".join(["x = 1"] * 26), "has 26 lines"),
        ("# NBVAL_SKIP\nx = 1", "never run"),
    ],
)
def test_a_bad_code_cell_is_caught(source, words) -> None:
    found = rules.notebook_problems(good(new_code_cell(source)), 1000)
    assert any(problem.startswith("cell 3: ") and words in problem for problem in found), found


@pytest.mark.parametrize(
    "source",
    [
        "model.save('runs/model.safetensors')",  # returns None
        "torch.Generator().manual_seed(0);",  # a seed of its own
        "x = np.random.default_rng(0)",
        "rate = hits / users",
        "'''See https://example.org/home/page and a/tmp/b.'''\nx = 1",
        "\n".join(["x = 1"] * 25),
        "def f(x):\n    print(x)",
    ],
)
def test_a_fair_code_cell_is_left_alone(source) -> None:
    assert rules.notebook_problems(good(new_code_cell(source)), 1000) == []


def shows(**data: str) -> NotebookNode:
    return new_output("display_data", {name.replace("_", "/"): v for name, v in data.items()})


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (new_output("error", ename="ValueError", evalue="", traceback=[]), "ValueError"),
        (new_output("stream", name="stderr", text="a warning"), "stderr"),
        (shows(text_plain="<Thing at 0x7f00aa00bb00>"), "memory address"),
        (shows(text_plain="saved\n/home/me/x"), "path of this machine"),
        (shows(text_html="<td>C:\\Users\\me</td>"), "path of this machine"),
        (new_output("stream", text=f"in {notebooks.ROOT}"), "path of this machine"),
        (
            new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}),
            "live widget",
        ),
    ],
)
def test_a_bad_output_is_caught(output, words) -> None:
    found = rules.notebook_problems(good(new_code_cell("f(x)", outputs=[output])), 1000)
    assert any(problem.startswith("cell 3: ") and words in problem for problem in found), found


@pytest.mark.parametrize("source", ["Panel(model)", "display(table)", "x == y", "codes[0]"])
def test_a_value_that_was_not_stored_is_caught(source) -> None:
    found = rules.notebook_problems(good(new_code_cell(source)), 1000)
    assert found == ["cell 3: ends in a value, but none is stored; use `make notebooks`"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("![](x.png)", "alt text"),
        ("![ ][x]", "alt text"),
        ("<img src='x.png'>", "alt text"),
        ("<img src='x.png' alt=''>", "alt text"),
        ("[data](/data/x.csv)", "absolute path"),
        ("It is in /home/me/x.csv", "absolute path"),
    ],
)
def test_a_bad_markdown_cell_is_caught(source, words) -> None:
    found = rules.notebook_problems(good(new_markdown_cell(source)), 1000)
    assert any(problem.startswith("cell 3: ") and words in problem for problem in found), found


@pytest.mark.parametrize("source", ["`![](x.png)`", "<img src='x' alt='a grid'>", "a / b, 1/2"])
def test_a_fair_markdown_cell_is_left_alone(source) -> None:
    assert rules.notebook_problems(good(new_markdown_cell(source)), 1000) == []


def test_long_cells_in_the_median_are_caught() -> None:
    cells = [new_code_cell("\n".join(["x = 1"] * 9)) for _ in range(4)]
    assert rules.notebook_problems(good(*cells), 1000) == [
        "the median code cell has 9 lines, over 8"
    ]


def test_ignored_outputs_are_counted() -> None:
    def ignoring(count: int) -> list[NotebookNode]:
        return [
            new_code_cell("x = 1", metadata={"tags": ["nbval-ignore-output"] * (n < count)})
            for n in range(18)
        ]

    assert rules.notebook_problems(good(*ignoring(3)), 1000) == []  # of 20 cells
    assert rules.collection_problems([good(*ignoring(3))]) == []
    assert rules.collection_problems([good(*ignoring(4))])
    assert any("15 %" in p for p in rules.notebook_problems(good(*ignoring(4)), 1000))
    assert rules.collection_problems([good(*ignoring(4)), *[good()] * 4]) == []


def stored(folder: Path, *sources: str) -> Path:
    """A notebook as an editor or a script leaves it: not run, no ids, clutter in its metadata."""
    first = new_markdown_cell("# Trial\n\n**Time.**")
    nb = new_notebook(cells=[first, *(new_code_cell(source) for source in sources)])
    nb.metadata["widgets"] = {"state": {}}
    nb.cells[1].metadata = {"collapsed": True, "jupyter": {"outputs_hidden": True}, "tags": ["a"]}
    nb.cells[-1].id = "mine"
    for cell in nb.cells[:-1]:
        del cell["id"]
    path = folder / "07_trial.ipynb"
    path.write_text(json.dumps(nb), "utf-8")
    return path


def test_a_run_stores_a_notebook_that_passes_and_is_stable(tmp_path, capsys) -> None:
    path = stored(tmp_path, "import os\nx = 2", "print(x)", "x * 21")
    assert notebooks.main(["--check", str(path)]) == 1
    assert notebooks.main([str(path)]) == 0
    assert notebooks.main(["--check", str(path)]) == 0, capsys.readouterr().err
    nb = nbformat.read(path, as_version=4)
    assert [cell.id for cell in nb.cells] == ["07-000", "07-001", "07-002", "mine"]
    assert nb.cells[1].metadata == {"tags": ["a"]}
    assert nb.cells[2].outputs[0].text == "2\n"
    assert nb.cells[3].outputs[0].data == {"text/plain": "42"}
    first = path.read_bytes()
    assert notebooks.main([str(path)]) == 0
    assert path.read_bytes() == first


def test_a_failing_notebook_stays_as_it_was(tmp_path, capsys) -> None:
    path = stored(tmp_path, "x = 1", "1 / 0")
    before = path.read_bytes()
    assert notebooks.main([str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_styled_table_passes(tmp_path, capsys) -> None:
    table = "import pandas as pd\npd.DataFrame({'a': [1]}).style.highlight_max()"
    path = stored(tmp_path, table, "x = 1")
    assert notebooks.main([str(path)]) == 0
    assert notebooks.main(["--check", str(path)]) == 0, capsys.readouterr().err


def test_the_same_outputs_again_pass_and_others_fail(tmp_path) -> None:
    random = "import uuid\nimport pandas as pd\nprint(uuid.uuid4())"
    styled = "pd.DataFrame({'a': [1]}).style.highlight_max()"
    path = stored(tmp_path, random, styled, "1 + 1")
    assert notebooks.main([str(path)]) == 0
    config = notebooks.ROOT / "tests/nbval_sanitize.cfg"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", "--nbval-sanitize-with", str(config), str(path)]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    path.write_text(path.read_text("utf-8").replace("1 + 1", "1 + 2"), "utf-8")
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 1


def test_ids_never_collide() -> None:
    nb = new_notebook(cells=[new_code_cell("x") for _ in range(4)])
    for cell, given in zip(nb.cells, ["", "00-000", "00-000", "00-004"], strict=True):
        cell["id"] = given
    notebooks.give_ids(nb, Path("00_start.ipynb"))
    assert [cell.id for cell in nb.cells] == ["00-005", "00-000", "00-002", "00-004"]


def test_a_widget_leaves_only_its_picture() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    picture = {"image/png": "AAAA", "text/plain": "Panel(M=1)"}
    nb = good(
        new_code_cell(
            "f(x)",
            outputs=[
                new_output("display_data", widget | picture),
                new_output("display_data", widget),
            ],
        )
    )
    notebooks.strip_outputs(nb)
    assert [output.data for output in nb.cells[3].outputs] == [picture]
