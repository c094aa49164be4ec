"""A small stored lesson, for tests that say what becomes of each of its cells."""

import base64
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TITLE = """# 07 · Toy

**After this lesson you can**

- count to $N$;
- stop.

**Time.** About 12 minutes with the exercises; what is marked *Further* takes 3 more."""
PREDICT = "## 1 · Count\n\nTwo lists are there. Each has three.\n\n**Predict.** How many in all?"
ANSWER = "**Answer.** Six: $2 \\cdot 3$. More is not there. And a third sentence."
FURTHER = "## 2 · Further: more\n\nNot for a lecture."
EXERCISE = "### Exercise 1 · easy · 3 min: count\n\nCount yourself."
SUMMARY = "## Summary\n\n- One.\n- Two\n  lines.\n\n**Next.** Lesson 08."


def png(width: int = 4, height: int = 2) -> str:
    """The first bytes of a picture, as a notebook stores it: all that a slide reads of one."""
    head = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR"
    return base64.b64encode(head + width.to_bytes(4, "big") + height.to_bytes(4, "big")).decode()


def text_output(text: str):
    return new_output("display_data", {"text/plain": text})


def picture_output(alt: str, **shape: int):
    data, words = {"image/png": png(**shape), "text/plain": alt}, {"alt": alt, "width": 400}
    return new_output("display_data", data, metadata={"image/png": words})


def code(source: str, run: int, *outputs, tags=(), id: str = ""):
    options = {"metadata": {"tags": list(tags)}} if tags else {}
    cell = new_code_cell(source, execution_count=run, outputs=list(outputs), **options)
    cell.id = id or f"c-{run}"
    return cell


def text(source: str, id: str, tags=()):
    cell = new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})
    cell.id = id
    return cell


def cells(choices: str = "2  |  6", right: str = "6", pictured: bool = False) -> list:
    shown = [picture_output("Six dots. In two rows.")] if pictured else []
    return [
        text(TITLE, "t-0"),
        text(PREDICT, "t-1"),
        code("Prediction(...)", 1, text_output(f"Your guess: {choices}")),
        code("print(6)", 2, *shown, text_output(f"Answer: {right}"), tags=["answer"]),
        text(ANSWER, "t-2"),
        text(EXERCISE, "t-3"),
        code("def count(): ...", 3),
        code("solution", 4, tags=["solution"]),
        code("draw()", 5, picture_output("Four bars.", width=2), tags=["live"]),
        text("The bars grow.\n\nA second paragraph.", "t-4"),
        text(FURTHER, "t-5"),
        code("draw()", 6, picture_output("Not shown.")),
        text(SUMMARY, "t-6"),
    ]


def stored(folder: Path, notebook_cells: list, name: str = "07_toy.ipynb") -> Path:
    path = folder / name
    nbformat.write(new_notebook(cells=notebook_cells), path)
    return path
