"""A stored notebook as a page: widgets that run without Python, and a note beside the others.

MyST-NB itself shows tables, text, formulas, and pictures with the alt text of their metadata. Two
kinds of cell are changed here, both recognised by the stored text form of a widget:

- a cell tagged `live` shows a widget that runs without Python. The page gets the widget as its
  class makes it, from plain values as arguments, and shows the stored picture until it runs;
- any other widget needs Python: its picture stays, with a note.

The output of a cell tagged `answer`, the answer to a prediction, stands in a fold; so does the code
of a cell tagged `solution`, and what the check of an exercise says before it is solved.

A prediction becomes a form, see `guesses.py`.

A notebook that was never run gets a note that says so.

Figures of plotly, which MyST-NB leaves out, are drawn by plotly's JavaScript; the site carries it
if a page needs it.
"""

import ast
import base64
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import plotly.io
from nbformat import NotebookNode

from sparcode_mini.lessons.text import labels
from sparcode_mini.lessons.text.languages import drop_switch
from sparcode_mini.site import anchors, beside, guesses, live
from sparcode_mini.tools.language import language

TAG = "live"
# Tag of a cell -> tag that makes MyST-NB fold a part of it, and what opens and closes the fold.
FOLDS = {
    "answer": ("hide-output", "Your guess first; then show the answer", "Hide the answer"),
    "solution": ("hide-input", "Solution", "Hide the solution"),
    "exercise": ("hide-output", "What the check says before it is solved", "Hide what it says"),
}
PLOTLY = "application/vnd.plotly.v1+json"
PLOTLY_FILE = "plotly.min.js"
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
UP = re.compile(r"\]\(\.\./(?=\w+\.(?:md|ipynb))")
NOT_RUN = (
    '\n\n<p class="sparcode-note">The results of this lesson are not stored yet, so here you see '
    "its text and its code. Run it in JupyterLab: <code>make lab</code>.</p>"
)
NEEDS_PYTHON = (
    '<p class="sparcode-note">This one runs in Python, so here you see a picture of its start. '
    "To move its controls, open the lesson in JupyterLab: <code>make lab</code>.</p>"
)


@dataclass(frozen=True)
class Lesson:
    """One page.

    Attributes:
        stem: of the file, e.g. "03_vector_quantization".
        number: the digits that the file's name starts with; "" for a page beside the lessons.
        title: its first heading, without the number.
        notebook: what Sphinx reads.
        live: the widgets that run on it.
        plotly: does it show a figure of plotly?
    """

    stem: str
    number: str
    title: str
    notebook: NotebookNode
    live: list[live.Call]
    plotly: bool = False

    @property
    def named(self) -> str:
        """Return the title, after the number if there is one."""
        return f"{self.number} · {self.title}" if self.number else self.title

    def write(self, folder: Path) -> None:
        """Write the notebook for Sphinx into `folder`."""
        nbformat.write(self.notebook, folder / f"{self.stem}.ipynb")


def lesson(path: Path) -> Lesson:
    """Read a stored notebook and prepare it.

    Raises:
        ValueError: it has no heading, or a cell tagged `live` does not show such a widget.
    """
    notebook = nbformat.read(path, as_version=4)
    heading = re.match(r"# (?:\d+ · )?(.+)", notebook.cells[0].source)
    if heading is None:
        raise ValueError(f"{path.name} does not start with a heading; make its first line '# ...'")
    number, title = "".join(re.findall(r"^\d+", path.stem)), heading[1]
    first = notebook.cells[0]
    drop_switch(notebook)  # the page has a link of its own
    if language() != "en":
        english = nbformat.read(path.parents[1] / path.name, as_version=4)
        drop_switch(english)
        anchors.pair(*(_texts(one) for one in (notebook, english)))
        beside.add(notebook, english)
        for cell in notebook.cells:  # all pages are in one folder here
            cell.source = UP.sub("](", cell.source)
    named = Lesson(path.stem, number, title, notebook, []).named
    first.source = f"# {named}" + first.source[heading.end() :]
    notebook.metadata.setdefault("language_info", LANGUAGE)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not any(cell.outputs for cell in cells):
        first.source += NOT_RUN
        return Lesson(path.stem, number, title, notebook, [])
    names = []
    for cell in cells:
        if not cell.outputs and cell.execution_count is None:
            continue  # written, but not run yet
        _fold(cell)
        if TAG in cell.metadata.get("tags", []):
            names.append(_make_live(cell, path.name))
        else:
            _add_note(cell)
    guesses.make_live(cells, path.name)
    figures = sum(_draw_plotly(cell) for cell in cells)
    if figures:
        first.source += f'\n\n<script src="../_static/{PLOTLY_FILE}"></script>'
    return Lesson(path.stem, number, title, notebook, names, figures > 0)


def _texts(notebook: NotebookNode) -> list[str]:
    """Return the text cells of a notebook."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def figure(png: bytes, alt: str, width: int) -> str:
    """Return the HTML of a picture, which is inside the page."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return f'<figure><img src="{source}" alt="{html.escape(alt)}" width="{width}"></figure>'


def live_figure(name: str, png: bytes, alt: str, width: int) -> str:
    """Return HTML that shows a picture until `static/live.js` starts the widget in its place."""
    return f'<div class="sparcode-live" data-widget="{name}">{figure(png, alt, width)}</div>'


def _fold(cell: NotebookNode) -> None:
    """Fold what a reader should not see at first."""
    tags = cell.metadata.setdefault("tags", [])
    if any(text.startswith(labels.NOT_YET) for text in _printed(cell)):
        tags.append("exercise")
    for tag in set(FOLDS) & set(tags):
        folded, show, hide = FOLDS[tag]
        tags.append(folded)
        cell.metadata["mystnb"] = {"code_prompt_show": show, "code_prompt_hide": hide}


def _printed(cell: NotebookNode) -> list[str]:
    """Return what a cell printed, and the text forms of what it shows."""
    return [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]


def _make_live(cell: NotebookNode, where: str) -> live.Call:
    output = next((o for o in cell.outputs if "image/png" in o.get("data", {})), None)
    if output is None:
        raise ValueError(f"{where}, cell {cell.id}: tagged {TAG!r}, but it stores no picture")
    text = output.data["text/plain"]
    name = _widget_named(text)
    if name is None:
        raise ValueError(f"{where}, cell {cell.id}: tagged {TAG!r}, but shows no widget: {text!r}")
    call = live.Call(name, _arguments(cell.source, name))
    made = repr(call.make())
    if made != text:
        raise ValueError(
            f"{where}, cell {cell.id} shows {text}, but {name}{call.args} is {made}. A page can "
            f"only hold what the class makes from plain values: remove the tag {TAG!r}"
        )
    words = output.metadata["image/png"]
    if words["alt"] != call.make().still().alt:
        raise ValueError(
            f"{where}, cell {cell.id}: the stored picture is not that of {name}{call.args}; run "
            f"the notebook again, or remove the tag {TAG!r}"
        )
    png = base64.b64decode(output.data["image/png"])
    output.data = {"text/html": live_figure(call.name, png, words["alt"], words["width"])}
    output.metadata = {}
    return call


def _arguments(source: str, name: str) -> tuple[Any, ...]:
    """Return the arguments of `name(...)` in the last line, if all are plain values; else none."""
    last = ast.parse(source).body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    try:
        if isinstance(call, ast.Call) and ast.unparse(call.func) == name and not call.keywords:
            return tuple(map(ast.literal_eval, call.args))
    except ValueError:  # an argument is a variable
        pass
    return ()


def _add_note(cell: NotebookNode) -> None:
    texts = [o.data["text/plain"] for o in cell.outputs if "image/png" in o.get("data", {})]
    if any(_widget_named(text) for text in texts):
        data = {"text/html": NEEDS_PYTHON}
        after = next(i for i, o in enumerate(cell.outputs) if "image/png" in o.get("data", {}))
        cell.outputs.insert(after + 1, nbformat.v4.new_output("display_data", data))


def _draw_plotly(cell: NotebookNode) -> int:
    """Turn figures of plotly into HTML that draws them; return their number."""
    figures = [output for output in cell.outputs if PLOTLY in output.get("data", {})]
    for number, output in enumerate(figures):
        stored = output.data[PLOTLY]
        chart = plotly.io.to_html(
            {"data": stored["data"], "layout": stored["layout"]},
            config={"responsive": True, "displaylogo": False},
            include_plotlyjs=False,
            full_html=False,
            div_id=f"plotly-{cell.id}-{number}",
            validate=False,
        )
        words = html.escape(output.data.get("text/plain", "a chart"))
        output.data = {"text/html": f'<div role="group" aria-label="{words}">{chart}</div>'}
    return len(figures)


def _widget_named(text: str) -> str | None:
    """Return the name of the widget class with this text form, or None."""
    match = re.match(r"(\w+)\(", text)
    return match[1] if match and match[1] in live.classes() else None
