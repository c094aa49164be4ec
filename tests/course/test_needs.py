"""What a section of a lesson takes from those above it."""

from pathlib import Path

import nbformat
import pytest

from sparcode_mini.course.needs import START, closure, defined, needed, sections

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
QUICK = "01_trained_and_measured.ipynb"  # its sections are run


def lesson(*cells):
    """Return a notebook of Markdown (which begins with #) and code cells."""
    make = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    return nbformat.v4.new_notebook(cells=[make[cell.startswith("#")](cell) for cell in cells])


@pytest.mark.parametrize(
    ("source", "reads", "writes"),
    [
        ("x = y + 1\nz = x", {"y"}, {"x", "z"}),
        ("x = x + 1", {"x"}, {"x"}),
        ("def f(a, b=c):\n    d = a + e\n    return d", {"c", "e"}, {"f"}),
        ("f = lambda v: v + w", {"w"}, {"f"}),
        ("[a for a in b if a > c]", {"b", "c"}, set()),
        ("for i in n:\n    print(i, m)", {"n", "m"}, {"i"}),
        ("import numpy as np\nnp.zeros(k)", {"k"}, {"np"}),
        ("import a.b", set(), {"a"}),
        ("try:\n    f()\nexcept ValueError as problem:\n    print(problem)", {"f"}, {"problem"}),
        ("(a, b), c = d", {"d"}, {"a", "b", "c"}),
        ("x: int = y", {"y"}, {"x"}),
        ("with open(path) as file:\n    file.read()", {"path"}, {"file"}),
    ],
)
def test_names_of_a_cell(source, reads, writes) -> None:
    assert (needed(source), defined(source)) == (reads, writes)


def test_a_need_names_the_section_that_set_it_last() -> None:
    parts = sections(lesson("x = 0", "## A", "x = 1", "## B", "y = x", "## C", "print(y, x)"))
    assert [(part.title, part.needs) for part in parts] == [
        (START, {}),
        ("A", {}),
        ("B", {"A": ["x"]}),
        ("C", {"B": ["y"], "A": ["x"]}),
    ]
    assert [part.title for part in closure(parts, "C")] == ["A", "B"]


def test_a_name_from_nowhere_is_an_error() -> None:
    with pytest.raises(ValueError, match="uses 'lost', which no cell above defines"):
        sections(lesson("print(lost)"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_section_can_be_begun_after_all_above(path) -> None:
    """Nothing that a section reads is defined below it, or by a solution only."""
    assert sections(nbformat.read(path, as_version=4))


def test_the_needs_are_enough_to_run_a_section(monkeypatch) -> None:
    """Each section of a lesson runs after the start and its needs alone."""
    (path,) = [path for path in NOTEBOOKS if path.name == QUICK]
    monkeypatch.chdir(path.parent)
    notebook = nbformat.read(path, as_version=4)
    parts = sections(notebook)
    for part in parts[1:]:
        before = [one for one in closure(parts, part.title) if one.title != START]
        names: dict = {}
        for position in [cell for one in (parts[0], *before, part) for cell in one.cells]:
            cell = notebook.cells[position]
            if cell.cell_type == "code" and "solution" not in cell.metadata.get("tags", []):
                exec(compile(cell.source, cell.id, "exec"), names)
