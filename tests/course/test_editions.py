"""The editions of a lesson: what each leaves out, hides and runs."""

import ast
import copy
import re
from pathlib import Path

import nbformat
import pytest

from sparcode_mini.course import editions
from sparcode_mini.course.lessons import outputs_of

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem, scope="module")
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def tagged(notebook, tag):
    """Return (position, cell) of the cells with a tag."""
    pairs = enumerate(notebook.cells)
    return [(p, cell) for p, cell in pairs if tag in cell.metadata.get("tags", [])]


def text_of(notebook):
    """Return all that a reader can see of a notebook: sources and outputs."""
    return nbformat.writes(notebook)


def starter_of(notebook, position):
    """Return the learner's cell that a solution stands below."""
    above = [cell for cell in notebook.cells[:position] if cell.cell_type == "code"]
    return above[-1]


def test_no_line_of_a_solution_is_in_the_student_edition(notebook) -> None:
    """A long line also not as a part of one: a hint may have it between other words."""
    text = "\n".join(cell.source for cell in editions.student(notebook).cells)
    kept = {line.strip() for line in text.splitlines()}
    for position, cell in tagged(notebook, "solution"):
        starter = starter_of(notebook, position).source
        new = {line.strip() for line in cell.source.splitlines() if line.strip() not in starter}
        # what many cells write, such as a lone bracket or `else:`, is no solution
        assert {line for line in new if len(line) > 12} & kept == set(), cell.id
        assert [line for line in new if len(line) > 18 and line in text] == [], cell.id


def test_each_starter_fails_its_check_with_words(notebook) -> None:
    for position, _ in tagged(notebook, "solution"):
        starter = starter_of(notebook, position)
        words = " ".join(outputs_of(starter))
        assert re.search(r"Not yet\.|Choose one of", words), (starter.id, words)
        assert "next step" in words or "Choose one of" in words, starter.id


def test_predictions_keep_no_output_in_the_student_edition(notebook) -> None:
    edition = editions.student(notebook)
    for _, cell in tagged(edition, "answer"):
        assert (cell.outputs, cell.execution_count) == ([], None)
    others = [cell for cell in notebook.cells if not cell.metadata.get("tags")]
    kept = [cell for cell in edition.cells if not cell.metadata.get("tags")]
    assert [c.get("outputs") for c in others] == [c.get("outputs") for c in kept]


def test_answers_in_words_stand_in_folds(notebook) -> None:
    for edition in (editions.student(notebook), editions.lecture(notebook)):
        for cell in edition.cells:
            if cell.cell_type == "markdown":
                open_text = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.S)
                assert "**Answer" not in open_text, cell.id


def test_the_lecture_edition_hides_every_output_and_changes_none(notebook) -> None:
    edition = editions.lecture(notebook)
    for before, after in zip(notebook.cells, edition.cells, strict=True):
        if after.cell_type == "code":
            assert after.outputs == before.outputs
            assert bool(after.metadata.get("jupyter", {}).get("outputs_hidden")) == bool(
                after.outputs
            )


def test_solved_puts_each_solution_in_the_learners_place(notebook) -> None:
    edition = editions.solved(notebook)
    solutions = tagged(notebook, "solution")
    assert len(tagged(edition, "solution")) == len(solutions)
    assert len(edition.cells) == len(notebook.cells) - len(solutions)
    for _, cell in tagged(edition, "solution"):
        assert "assert" not in cell.source
        last = ast.parse(cell.source).body[-1]
        assert isinstance(last, ast.Expr | ast.Assign), cell.id  # a check, or `bench.take`


def test_editions_leave_the_lesson_as_it_is(notebook) -> None:
    before = copy.deepcopy(notebook)
    editions.student(notebook), editions.lecture(notebook), editions.solved(notebook)
    assert notebook == before


def test_sections_say_what_they_take_from_above() -> None:
    lesson = nbformat.read(ROOT / "notebooks" / "07_sparse_index.ipynb", as_version=4)
    sources = [cell.source for cell in editions.student(lesson).cells]
    (heading,) = [source for source in sources if source.startswith("## 3 · ")]
    line = heading.splitlines()[2]
    assert line.startswith(
        "*To begin here: Run > Run All Above Selected Cell. Used from above: 2 ("
    )
    assert "`index`" in line


TOY = [
    ("md", "# 99 · Toy"),
    ("code", "class Verdict(str):\n    passed = property(lambda self: self.startswith('Right'))\n"
     "def check(f):\n    return Verdict('Right.' if f() == 1 else 'Not yet.')"),
    ("code", "def one():\n    return 0\n\n\nprint(check(one))"),
    ("solution", "# Solution\ndef one():\n    return {}\n\n\nassert check(one).passed"),
]  # fmt: skip


def toy(value: int):
    """Return a lesson with one exercise, whose solution returns `value`."""
    cells = []
    for kind, source in TOY:
        if kind == "md":
            cells.append(nbformat.v4.new_markdown_cell(source))
        else:
            text = source.format(value) if kind == "solution" else source
            cells.append(nbformat.v4.new_code_cell(text))
            cells[-1].metadata["tags"] = [kind] if kind == "solution" else []
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture
def project(tmp_path):
    """Return a project's folder with the pages beside the lessons, and no lesson yet."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for page in ("glossary.md", "teaching.md"):
        (folder / page).write_text("# A page\n", encoding="utf-8")
    return tmp_path


def test_all_editions_are_written_and_the_solutions_run(project) -> None:
    nbformat.write(toy(1), project / "notebooks" / "99_toy.ipynb")
    editions.write(project / "out", project)
    files = {path.relative_to(project / "out").as_posix() for path in project.glob("out/*/*")}
    names = {"99_toy.ipynb", "glossary.md"}
    assert files == {f"{kind}/{n}" for kind in ("student", "lecture", "solutions") for n in names}
    key = nbformat.read(project / "out" / "solutions" / "99_toy.ipynb", as_version=4)
    assert outputs_of(key.cells[-1]) == ["'Right.'"]
    assert editions.failed_checks(key) == []


def test_a_wrong_solution_is_named(project) -> None:
    notebook = toy(2)
    nbformat.write(notebook, project / "notebooks" / "99_toy.ipynb")
    with pytest.raises(ValueError, match=r"99_toy\.ipynb: the solutions .* do not pass"):
        editions.write(project / "out", project)
    assert not (project / "out" / "solutions" / "99_toy.ipynb").exists()


def test_a_folder_without_lessons_is_an_error(tmp_path) -> None:
    with pytest.raises(ValueError, match="has no notebook; name the project's folder: --root"):
        editions.write(tmp_path / "out", tmp_path)


def test_a_solution_without_a_learners_cell_is_an_error() -> None:
    notebook = toy(1)
    del notebook.cells[1:3]
    with pytest.raises(ValueError, match="has no learner's cell above"):
        editions.solved(notebook)
