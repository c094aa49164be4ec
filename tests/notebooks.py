"""Run the notebooks and store their outputs, or check that what is stored can be trusted.

    python tests/notebooks.py [--check | --language zh] [NOTEBOOK ...]

Without names: every notebook of notebooks/. A notebook whose cell fails stays as it was. With a
language its edition is made anew, from the English code and the texts of assets/, in notebooks/zh.
The rules behind --check are in `rules.py`; `make test` applies them too and runs each notebook
once more.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from lesson_form import COLLAPSED, HIDDEN, fold, form_problems
from minutes import write_time
from rules import (
    DROPPED_MIME,
    code_cells,
    collection_problems,
    notebook_problems,
    outputs_sha256,
    source_sha256,
)
from sparcode_mini.course import execution
from sparcode_mini.lessons.text.languages import in_language
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import VARIABLE

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
# What may stay; everything else (times, scrolled outputs, widget state) changes from run to run.
NOTEBOOK_METADATA = {"kernelspec", "language_info", "title", "sparcode_mini"}
CELL_METADATA = {"tags", "jupyter", "slideshow", "editable", "deletable", COLLAPSED}
KERNEL = {"display_name": "Python 3", "language": "python", "name": execution.KERNEL}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run or check the notebooks; the exit status is 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description="Run the notebooks and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    parser.add_argument("--check", action="store_true", help="run nothing, change nothing")
    parser.add_argument("--language", choices=["zh"], help="run the edition in this language")
    options = parser.parse_args(argv)
    paths = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    if not paths:
        print(f"No notebook in {FOLDER.name}/ yet")
    failures = check(paths) if options.check else run(paths, options.language)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def check(paths: Iterable[Path]) -> list[str]:
    """What is wrong with the stored notebooks, one line each."""
    notebooks = [(path, read(path)) for path in paths]
    found = [
        f"{path.name}: {problem}"
        for path, notebook in notebooks
        for problem in notebook_problems(notebook, path.stat().st_size) + form_problems(notebook)
    ]
    return found + collection_problems([notebook for _, notebook in notebooks])


def run(paths: Iterable[Path], language: str | None = None) -> list[str]:
    """Execute and store each notebook, or its edition in a language; return the failures."""
    failures = []
    for source in paths:
        source = source.resolve()
        path, notebook = source, read(source)
        if language:
            path = source.parent / language / source.name
            path.parent.mkdir(exist_ok=True)
            notebook = in_language(notebook, source.stem, ROOT, language)
        print(f"{path.parent.name}/{path.name} ...", flush=True)
        try:
            execute(notebook, path, language or "en")
        except CellExecutionError as error:
            failures.append(f"{path.name}: {error}\n{path.name} stays as it was")
        else:
            atomic_write(path, (nbformat.writes(notebook) + "\n").encode())
    return failures


def read(path: Path) -> NotebookNode:
    """The notebook as it is; nbformat's own reader would give random ids to cells without one."""
    return nbformat.from_dict(nbformat.reader.reads(path.read_text("utf-8")))


def execute(notebook: NotebookNode, path: Path, language: str = "en") -> None:
    """Run a notebook from top to bottom in place and leave nothing that differs next time."""
    notebook.nbformat, notebook.nbformat_minor = 4, max(5, notebook.get("nbformat_minor", 5))
    give_ids(notebook, path)
    if language == "en":
        write_time(notebook)
    strip_metadata(notebook)
    execution.execute(notebook, path.parent, {VARIABLE: language})
    strip_metadata(notebook)
    strip_outputs(notebook)
    fold(notebook)
    notebook.metadata["sparcode_mini"] = {
        "outputs_sha256": outputs_sha256(notebook),
        "source_sha256": source_sha256(notebook),
    }
    nbformat.validate(notebook)


def give_ids(notebook: NotebookNode, path: Path) -> None:
    """Give an id such as "00-007" to each cell that has none of its own.

    The number is the cell's position, or, if another cell keeps that one, the next free number.
    """
    number = re.match(r"\d+", path.stem)
    prefix = number[0] if number else re.sub(r"[^A-Za-z0-9_-]", "-", path.stem)[:50]
    kept: set[str] = set()
    without = []
    for position, cell in enumerate(notebook.cells):
        if cell.get("id") and cell.id not in kept:
            kept.add(cell.id)
        else:
            without.append((position, cell))
    spare = len(notebook.cells)
    for position, cell in without:
        candidate = f"{prefix}-{position:03d}"
        while candidate in kept:
            candidate = f"{prefix}-{spare:03d}"
            spare += 1
        cell["id"] = candidate
        kept.add(candidate)


def strip_metadata(notebook: NotebookNode) -> None:
    """Keep only what a person decided: tags, folds, slides."""
    _keep(notebook.metadata, NOTEBOOK_METADATA)
    notebook.metadata["kernelspec"] = dict(KERNEL)
    notebook.metadata["language_info"] = dict(LANGUAGE)
    for cell in notebook.cells:
        _keep(cell.metadata, CELL_METADATA)
        _keep(cell.metadata.get("jupyter", {}), {"source_hidden", HIDDEN})
        if not cell.metadata.get("jupyter", True):
            del cell.metadata["jupyter"]


def strip_outputs(notebook: NotebookNode) -> None:
    """Drop links to live widgets: without a kernel they only hide the picture beside them."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            for name in DROPPED_MIME & set(output.get("data", {})):
                del output.data[name]
        cell.outputs = [output for output in cell.outputs if output.get("data", True)]


def _keep(mapping: dict[str, Any], names: set[str]) -> None:
    for name in set(mapping) - names:
        del mapping[name]


if __name__ == "__main__":
    sys.exit(main())
