"""Commit to a guess before a cell runs; afterwards see it beside the answer.

A prediction has a name; guesses are kept under these names in `predictions.json`, in the folder of
the notebook. So they are still there when the notebook is opened again.
"""

import html
import importlib
from pathlib import Path
from typing import Any

import ipywidgets

from sparcode_mini.tools.checks import number
from sparcode_mini.tools.files import load_json, save_json
from sparcode_mini.tools.language import labelled, translated

FILE = "predictions.json"


class Answer:
    """The answer to a prediction; in a notebook, beside the guess.

    Args:
        text: the answer.
        guess: what was guessed; None for nothing.
    """

    def __init__(self, text: str, guess: str | None) -> None:
        self.text, self.guess = text, guess

    def __repr__(self) -> str:
        return labelled("Answer", translated(self.text))

    def _ipython_display_(self) -> None:
        """Show the answer; beside it the guess, if there was one."""
        show: Any = importlib.import_module("IPython.display").display
        data = {"text/plain": repr(self)}
        if self.guess is not None:  # the stored lessons hold no guess, and so no HTML
            guess, answer = (translated(text) for text in (self.guess, self.text))
            words = translated(f"You said \1{guess}\2. The answer is \1{answer}\2.")
            bold = html.escape(words).replace("\1", "<b>").replace("\2", "</b>")
            data["text/html"] = f"<p>{bold}</p>"
        show(data, raw=True)


class Prediction(ipywidgets.VBox):  # type: ignore[misc]
    """Ask for a guess: one of some choices, or a number.

    Args:
        name: of the prediction, e.g. "00-lists"; no two in a folder may share it.
        *choices: what may be chosen, two or more; without any a number is asked for.
        unit: what follows a number, e.g. "lists".
        folder: where the guesses are kept; None for that of the notebook.

    Attributes:
        guess: what was guessed, as text; None before.
        control: the buttons or the field.

    Raises:
        ValueError: no name, a single choice, or two that are alike.
    """

    def __init__(
        self, name: str, *choices: str, unit: str = "", folder: str | Path | None = None
    ) -> None:
        if not name or len(choices) == 1 or len(set(choices)) < len(choices):
            raise ValueError(f"prediction {name!r} has the choices {choices}; give it a name, and "
                             "two different ones or more, or none for a number")  # fmt: skip
        self.name, self.choices, self.unit = name, choices, unit
        self.path = Path(folder or ".") / FILE
        self.note = ipywidgets.HTML()
        self.guess = self._kept()
        self.control = self._buttons() if choices else self._field()
        self.control.observe(lambda change: self._take(change["new"]), names="value")
        super().__init__([self.control, self.note])

    def answer(self, value: Any) -> Answer:
        """Return the answer, to be shown beside the guess.

        Args:
            value: one of the choices, or a number.

        Raises:
            ValueError: it is none of the choices, or no number.
        """
        if self.choices and value not in self.choices:
            raise ValueError(f"the answer to {self.name!r} is {value!r}, none of {self.choices}")
        text = value if self.choices else f"{number(value, 'the answer'):,.6g}"
        return Answer(self._with_unit(text), self.guess and self._with_unit(self.guess))

    def __repr__(self) -> str:
        wanted = f"a number ({self.unit})" if self.unit else "a number"
        choices = "  |  ".join(map(translated, self.choices))
        return labelled("Your guess", choices or translated(wanted))

    def _with_unit(self, text: str) -> str:
        return f"{text} {self.unit}".strip()

    def _buttons(self) -> Any:
        return ipywidgets.ToggleButtons(
            options=[(translated(choice), choice) for choice in self.choices],
            value=self.guess if self.guess in self.choices else None,
            tooltips=[translated(f"I say: {choice}") for choice in self.choices],
            style={"button_width": "auto"},
        )

    def _field(self) -> Any:
        return ipywidgets.Text(
            value=self.guess or "",
            placeholder=translated("a number"),
            description=translated(self.unit or "I say"),
            continuous_update=False,
        )

    def _take(self, guess: str | None) -> None:
        """Keep a new guess, or say why not."""
        try:
            self.guess = self._checked(guess)
            kept = load_json(self.path) if self.path.exists() else {}
            save_json(self.path, {**kept, self.name: self.guess})
        except (OSError, ValueError) as error:
            self.note.value = html.escape(translated(f"Not kept: {error}"))
        else:
            self.note.value = translated("Kept. Now run the next cell.") if self.guess else ""

    def _checked(self, guess: str | None) -> str | None:
        if guess is None or not guess.strip():
            return None
        if not self.choices:
            try:
                number(float(guess.replace(",", "")), "your guess")
            except ValueError as error:
                raise ValueError(f"{guess!r} is no number; write one, such as 64") from error
        return guess.strip()

    def _kept(self) -> str | None:
        """Return the guess of before; None if there is none, or the file can't be read."""
        try:
            guess = load_json(self.path).get(self.name) if self.path.exists() else None
            known = isinstance(guess, str) and (not self.choices or guess in self.choices)
            return self._checked(guess) if known else None
        except (OSError, ValueError) as error:
            self.note.value = html.escape(f"{error}; guesses are not kept")
            return None
