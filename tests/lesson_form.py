"""The form of a lesson: predictions that are not spoilt, parts that are folded, honest minutes.

A cell tagged `answer` shows the answer to a prediction. It is stored with its output hidden;
running it shows the output. A heading that begins with "Further" is stored collapsed.
"""

from collections.abc import Iterator

from nbformat import NotebookNode

import minutes

ANSWER = "answer"
COLLAPSED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own name
HIDDEN = "outputs_hidden"


def fold(notebook: NotebookNode) -> None:
    """Hide the outputs of answers, and collapse what is marked Further."""
    for cell in notebook.cells:
        cell.metadata.pop(COLLAPSED, None)
        if _begins_further(cell):
            cell.metadata[COLLAPSED] = True
        if cell.cell_type == "code":
            cell.metadata.get("jupyter", {}).pop(HIDDEN, None)
            if _is_answer(cell):
                cell.metadata.setdefault("jupyter", NotebookNode())[HIDDEN] = True
            elif not cell.metadata.get("jupyter", True):
                del cell.metadata["jupyter"]


def form_problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with the form of a lesson."""
    return [*_time(notebook), *_folds(notebook), *_exercises(notebook), *_predictions(notebook)]


def _time(notebook: NotebookNode) -> Iterator[str]:
    stated, due = minutes.stated_line(notebook), minutes.time_line(notebook)
    if stated != due:
        yield f"says {stated!r}, should say {due!r}; `python tests/minutes.py --write`"


def _folds(notebook: NotebookNode) -> Iterator[str]:
    for position, cell in enumerate(notebook.cells):
        if _is_answer(cell) != bool(cell.metadata.get("jupyter", {}).get(HIDDEN)):
            yield f"cell {position}: just the outputs of answers are hidden; `make notebooks`"
        if _begins_further(cell) != bool(cell.metadata.get(COLLAPSED)):
            yield f"cell {position}: just headings with Further are collapsed; `make notebooks`"


def _exercises(notebook: NotebookNode) -> Iterator[str]:
    for position, cell in enumerate(notebook.cells):
        for _, title in minutes.headings(cell):
            if title.startswith("Exercise ") and not minutes.EXERCISE.match(title):
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


def _is_answer(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and ANSWER in cell.metadata.get("tags", [])


def _begins_further(cell: NotebookNode) -> bool:
    return any(minutes.is_further(title) for _, title in minutes.headings(cell))
