"""Predictions on a page: choose before the answer is opened, and see both beside each other.

In JupyterLab `widgets.Prediction` does this. The stored lesson has its text form, "Your guess: a |
b | c", and in a later cell "Answer: b". Here they become a form and a line that
`static/guesses.js` fills.
"""

import html
import re
from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode

from sparcode_mini.lessons.text import labels
from sparcode_mini.tools.language import translated

MADE = re.compile(r'(\w+) = Prediction\(\s*"([\w-]+)"')  # the variable and the prediction's name
PLACE = "\1"  # stands for the guess while the sentence is translated
NUMBER = re.compile(r"(?:a number|一个数)(?:\s*[(（](.+?)[)）])?")  # and its unit
BETWEEN = "  |  "


def make_live(cells: Sequence[NotebookNode], where: str) -> None:
    """Turn the predictions of a lesson into forms, and put a line before each answer.

    Args:
        cells: code cells of the stored notebook, which are changed.
        where: the notebook's name, for the error.

    Raises:
        ValueError: a prediction without the cell that answers it.
    """
    for cell in cells:
        made = MADE.search(cell.source)
        question = _output(cell, labels.GUESS)
        if made is None or question is None:
            continue
        variable, name = made.groups()
        choices = labels.after(question.data["text/plain"], labels.GUESS) or ""
        question.data = {"text/html": form(name, choices)}
        places = [c for c in cells if f"{variable}.answer(" in c.source]
        if len(places) == 1 and not places[0].outputs:
            continue  # an edition for students: they run the answer themselves
        output = _output(places[0], labels.RIGHT) if len(places) == 1 else None
        if output is None:
            raise ValueError(f"{where}: the prediction {name!r} has no cell that shows its answer")
        answer = labels.after(output.data["text/plain"], labels.RIGHT) or ""
        note = nbformat.v4.new_output("display_data", {"text/html": line(name, answer)})
        places[0].outputs.insert(places[0].outputs.index(output), note)


def form(name: str, choices: str) -> str:
    """Return a form with one button for each choice, or a field for a number.

    >>> "radio" in form("00-lists", "one  |  two"), "text" in form("00-share", "a number (percent)")
    (True, True)
    """
    number = NUMBER.fullmatch(choices)
    if number:
        unit = html.escape(number[1] or translated("I say"))
        controls = f'<label>{unit} <input type="text" inputmode="decimal" name="{name}"></label>'
    else:
        controls = "".join(
            f'<label><input type="radio" name="{name}" value="{html.escape(choice)}"> '
            f"{html.escape(choice)}</label>"
            for choice in choices.split(BETWEEN)
        )
    legend = html.escape(translated("Your guess"))
    return (
        f'<form class="sparcode-guess" data-guess="{name}"><fieldset><legend>{legend}</legend>'
        f"{controls}</fieldset></form>"
    )


def line(name: str, answer: str) -> str:
    """Return the hidden line that says what was guessed; the page puts it in the place of {}."""
    words = translated(f"You said {PLACE}. The answer is {answer}.").replace(PLACE, "{}")
    words = html.escape(words)
    return f'<p class="sparcode-said" data-guess="{name}" data-words="{words}" hidden></p>'


def _output(cell: NotebookNode, label: labels.Label) -> NotebookNode | None:
    """Return the output whose text form begins with a label; None if there is none."""
    texts = ((o, o.get("data", {}).get("text/plain", "")) for o in cell.outputs)
    return next((output for output, text in texts if text.startswith(label)), None)
