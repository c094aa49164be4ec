"""The quiz of a lesson in its notebook: one question at a time, and a reply to every answer."""

import html
from functools import partial
from typing import Any

import ipywidgets

from sparcode_mini.course.quiz.bank import stored
from sparcode_mini.course.quiz.items import CHOICE, LETTERS, Choice, Item, decimal
from sparcode_mini.course.quiz.markup import to_html, to_plain
from sparcode_mini.tools.language import translated

RIGHT, WRONG = "✓", "✗"
NO_ANSWER = "This is not the number. Look once more."
BUTTONS = (
    ("Back", "The question before"),
    ("Next", "The next question"),
    ("Begin again", "Forget all answers"),
)


class Quiz(ipywidgets.VBox):  # type: ignore[misc]
    """Ask the questions of a lesson; those of the final test are left out.

    Everything works by mouse and by keyboard: Tab goes to a button, Enter presses it.

    Args:
        lesson: "00" to "10", or "pretest".

    Attributes:
        items: the questions.
        place: position of the one that is shown.
        first: by position, whether the first answer was right; those not yet answered are missing.
        letters: the buttons of the choices, A first.
        field: where a number is typed.
        back, forward, again: the buttons below.
        head, stem, reply: the texts; `texts` has those of the choices.

    Raises:
        ValueError: there is no such lesson, or its file is wrong.
    """

    def __init__(self, lesson: str) -> None:
        self.lesson, self.items = lesson, stored(lesson)
        self.place, self.first = 0, dict[int, bool]()
        self.head, self.stem, self.reply = (
            ipywidgets.HTML(),
            *(ipywidgets.HTMLMath() for _ in range(2)),
        )
        self.letters = [ipywidgets.Button(layout={"width": "4em"}) for _ in LETTERS]
        self.texts = [ipywidgets.HTMLMath(layout={"flex": "1"}) for _ in LETTERS]
        for position, button in enumerate(self.letters):
            button.on_click(partial(self._choose, position))
        self._rows = [
            ipywidgets.HBox(pair, layout={"align_items": "baseline"})
            for pair in zip(self.letters, self.texts, strict=True)
        ]
        self.field = ipywidgets.Text(
            description=translated("Answer"),
            placeholder=translated("a number, then Enter"),
            continuous_update=False,
        )
        self.field.observe(lambda change: self._type(change["new"]), names="value")
        self.back, self.forward, self.again = (
            ipywidgets.Button(description=translated(name), tooltip=translated(words))
            for name, words in BUTTONS
        )
        self.back.on_click(lambda _: self._go(self.place - 1))
        self.forward.on_click(lambda _: self._go(self.place + 1))
        self.again.on_click(lambda _: self._restart())
        self._answers = ipywidgets.VBox()
        below = ipywidgets.HBox([self.back, self.forward, self.again])
        super().__init__([self.head, self.stem, self._answers, self.reply, below])
        self._go(0)

    def __repr__(self) -> str:
        names = ", ".join(item.id for item in self.items)
        return f"Quiz({self.lesson}, {len(self.items)} questions: {names})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return the live widget, and its text form in full length."""
        live: Any = super()._repr_mimebundle_(**options)
        return {**live, "text/plain": repr(self)}

    @property
    def item(self) -> Item:
        """Return the question that is shown."""
        return self.items[self.place]

    def _go(self, place: int) -> None:
        """Show a question, without an answer; a second click at the end stays there."""
        self.place = min(max(place, 0), len(self.items) - 1)
        place = self.place
        self.back.disabled, self.forward.disabled = place == 0, place == len(self.items) - 1
        self.stem.value = _paragraph(to_html(self.item.stem))
        self.reply.value = ""
        self.field.value = ""
        choices = self.item.choices() if self.item.kind == CHOICE else []
        for position, choice in enumerate(choices):
            self._label(position, "")
            self.letters[position].tooltip = to_plain(choice.text)
            self.texts[position].value = to_html(choice.text)
        self._answers.children = self._rows if choices else [self.field]
        self._count()

    def _label(self, position: int, sign: str) -> None:
        self.letters[position].description = f"{LETTERS[position]} {sign}".strip()

    def _count(self) -> None:
        right = f"{sum(self.first.values())} of {len(self.first)} right at the first try"
        score = f" · {translated(right)}" if self.first else ""
        place = translated(f"Question {self.place + 1} of {len(self.items)}")
        self.head.value = f"<p><b>{place}</b>{score}</p>"

    def _choose(self, position: int, _: Any) -> None:
        choice = self.item.choices()[position]
        self._label(position, RIGHT if choice.right else WRONG)
        self._answer(choice.right, f"{LETTERS[position]}. {to_html(choice.why)}")

    def _type(self, text: str) -> None:
        if not text.strip():  # the field was emptied
            return
        try:
            value = decimal(text)
        except ValueError as error:
            self.reply.value = _paragraph(html.escape(str(error)))
            return
        answers: list[Choice] = [self.item.key, *self.item.wrong]
        match = next((one for one in answers if self.item.near(value, one)), None)
        right = match is not None and match.right
        why = to_html(match.why) if match else translated(NO_ANSWER)
        self._answer(right, why)

    def _answer(self, right: bool, why: str) -> None:
        """Show the reply; the first answer to a question counts."""
        self.first.setdefault(self.place, right)
        word = f"{RIGHT} {translated('Right.')}" if right else f"{WRONG} {translated('Not yet.')}"
        self.reply.value = _paragraph(f"<b>{word}</b> {why}")
        self._count()

    def _restart(self) -> None:
        self.first.clear()
        self._go(0)


def _paragraph(content: str) -> str:
    """Return an element that a screen reader reads when it changes."""
    return f'<div role="status">{content}</div>'
