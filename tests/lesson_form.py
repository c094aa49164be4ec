"""The form of a lesson: predictions that are not spoilt, parts that are folded, honest minutes.

A cell tagged `answer` shows the answer to a prediction. It is stored with its output hidden;
running it shows the output. A cell tagged `solution` solves an exercise: it stands below the
learner's cell, holds itself to the check, and shows nothing; its code is stored hidden. A heading
that begins with "Further" is stored collapsed.
"""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

import minutes
from sparcode_mini.lessons.text.labels import EXERCISE, is_further

ANSWER, SOLUTION = "answer", "solution"
COLLAPSED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own name
SOLVES = re.compile(r"^# Solution\n.*^assert .*\.passed$", re.M | re.S)
HIDDEN, CODE_HIDDEN = "outputs_hidden", "source_hidden"


def fold(notebook: NotebookNode) -> None:
    """Hide the outputs of answers and the code of solutions; collapse what is marked Further."""
    for cell in notebook.cells:
        cell.metadata.pop(COLLAPSED, None)
        if _begins_further(cell):
            cell.metadata[COLLAPSED] = True
        if cell.cell_type == "code":
            cell.metadata.pop("jupyter", None)
            if hidden := _hidden(cell):
                cell.metadata["jupyter"] = NotebookNode(dict.fromkeys(hidden, True))


def form_problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with the form of a lesson."""
    rules = (_time, _folds, _exercises, _solutions, _predictions)
    return [problem for rule in rules for problem in rule(notebook)]


def _time(notebook: NotebookNode) -> Iterator[str]:
    stated, due = minutes.stated_line(notebook), minutes.time_line(notebook)
    if stated != due:
        yield f"says {stated!r}, should say {due!r}; `python tests/minutes.py --write`"


def _folds(notebook: NotebookNode) -> Iterator[str]:
    for position, cell in enumerate(notebook.cells):
        jupyter = cell.metadata.get("jupyter", {})
        if {name for name in (HIDDEN, CODE_HIDDEN) if jupyter.get(name)} != _hidden(cell):
            yield (
                f"cell {position}: just the outputs of answers and the code of solutions are "
                "hidden; `make notebooks`"
            )
        if _begins_further(cell) != bool(cell.metadata.get(COLLAPSED)):
            yield f"cell {position}: just headings with Further are collapsed; `make notebooks`"


def _exercises(notebook: NotebookNode) -> Iterator[str]:
    for position, cell in enumerate(notebook.cells):
        for _, title in minutes.headings(cell):
            if title.startswith("Exercise ") and not EXERCISE.match(title):
                yield (
                    f"cell {position}: {title!r} has no label; write 'Exercise 2 · easy · 5 min: "
                    "...', with easy, middle or hard"
                )


def _predictions(notebook: NotebookNode) -> Iterator[str]:
    """Each prediction is followed by the cell of its answer, and by the answer in words."""
    open_since: int | None = None  # position of a prediction whose answer is still to come
    answered = False
    for position, cell in enumerate(notebook.cells):
        if open_since is not None and not answered:
            answered = _is_answer(cell)
        if cell.cell_type != "markdown":
            continue
        if open_since is not None and "**Answer" in cell.source.partition("**Predict")[0]:
            if not answered:
                yield f"cell {open_since}: no cell tagged {ANSWER!r} follows its prediction"
            open_since = None
        if minutes.PREDICT.search(cell.source):
            if open_since is not None:
                yield f"cell {open_since}: no text with **Answer** follows its prediction"
            open_since, answered = position, False
    if open_since is not None:
        yield f"cell {open_since}: no text with **Answer** follows its prediction"


def _solutions(notebook: NotebookNode) -> Iterator[str]:
    """Each exercise has one solution, below the learner's cell, which passes and shows nothing."""
    exercise = ""  # the title of one whose solution is still to come
    for position, cell in enumerate(notebook.cells):
        titles = [title for _, title in minutes.headings(cell)]
        if titles:
            if exercise:
                yield f"cell {position}: no cell tagged {SOLUTION!r} above it solves {exercise!r}"
            exercise = next((one for one in titles if one.startswith("Exercise ")), "")
        if _tagged(cell, SOLUTION):
            if not exercise:
                yield f"cell {position}: a solution without an exercise"
            if not SOLVES.search(cell.source):
                yield f"cell {position}: begin with '# Solution', end 'assert check.x(y).passed'"
            exercise = ""
    if exercise:
        yield f"no cell tagged {SOLUTION!r} solves {exercise!r}"


def _is_answer(cell: NotebookNode) -> bool:
    return _tagged(cell, ANSWER)


def _tagged(cell: NotebookNode, tag: str) -> bool:
    return cell.cell_type == "code" and tag in cell.metadata.get("tags", [])


def _hidden(cell: NotebookNode) -> set[str]:
    """Return what of a cell is stored hidden."""
    names = {ANSWER: HIDDEN, SOLUTION: CODE_HIDDEN}
    return {name for tag, name in names.items() if _tagged(cell, tag)}


def _begins_further(cell: NotebookNode) -> bool:
    return any(is_further(title) for _, title in minutes.headings(cell))
