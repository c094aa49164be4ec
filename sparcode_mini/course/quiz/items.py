"""A question with its answers: what a file of the bank holds, once it is read and filled."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sparcode_mini.course.numbers import fill
from sparcode_mini.course.quiz.markup import well_formed

CHOICE, NUMBER = "choice", "number"
EXIT, FINAL = "exit", "final"
DIFFICULTIES = ("easy", "middle", "hard")
LETTERS = "ABCD"
_DIGITS = re.compile(r"[-+]?(\d+(,\d{3})*|\d*)(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Choice:
    """One answer that may be chosen.

    Attributes:
        text: of the answer, in the markup of the bank.
        why: why it is right, or what is wrong with it.
        right: it is the key.
    """

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Item:
    """One question.

    Attributes:
        id: of the item, e.g. "03-dead"; no two of the bank share it.
        kind: "choice", or "number" for a number that is typed.
        stem: the question.
        key: the right answer with its reason.
        wrong: the distractors with theirs.
        difficulty: "easy", "middle" or "hard".
        minutes: that an answer takes.
        objective: number of the objective of the lesson, from 1; None for the pre-test.
        cell: id of the cell of the lesson that shows the answer; None for the pre-test.
        tolerance: how far a typed number may be from the key.
        uses: of "exit" and "final".
        numbers: where the numbers of the texts come from, by the name of their placeholder.
    """

    id: str
    kind: str
    stem: str
    key: Choice
    wrong: tuple[Choice, ...]
    difficulty: str
    minutes: float
    objective: int | None = None
    cell: str | None = None
    tolerance: float = 0.0
    uses: frozenset[str] = frozenset()
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def choices(self, version: str = "") -> list[Choice]:
        """Return key and distractors in an order that depends on id and version only.

        The words play no part in it, so that a translation keeps the letters.
        """
        everything = list(enumerate((self.key, *self.wrong)))
        everything.sort(key=lambda pair: shuffled(version, self.id, str(pair[0])))
        return [choice for _, choice in everything]

    def letter(self, version: str = "") -> str:
        """Return the letter of the key."""
        return LETTERS[self.choices(version).index(self.key)]

    def near(self, value: float, choice: Choice) -> bool:
        """Tell whether a typed number counts as this answer."""
        distance = abs(value - decimal(choice.text))
        return distance <= self.tolerance + 1e-9 * max(1.0, abs(value))

    def filled(self, values: Mapping[str, str]) -> "Item":
        """Return the item with numbers in place of its placeholders.

        Raises:
            ValueError: a placeholder without a number, a number without a placeholder, a sign of
                markup without its partner, or answers that then are alike or no numbers.
        """
        texts = [self.stem, self.key.text, self.key.why]
        texts += [text for one in self.wrong for text in (one.text, one.why)]
        stem, *pairs = map(well_formed, fill(texts, values))
        key, *wrong = (Choice(*pair) for pair in zip(pairs[::2], pairs[1::2], strict=True))
        filled = replace(self, stem=stem, key=replace(key, right=True), wrong=tuple(wrong))
        filled._refuse_alike()
        return filled

    def _refuse_alike(self) -> None:
        texts = [" ".join(choice.text.split()).casefold() for choice in (self.key, *self.wrong)]
        if len(set(texts)) < len(texts):
            raise ValueError(f"two of its answers are alike: {[c.text for c in self.choices()]}")
        if self.kind == NUMBER:
            values = [(choice, decimal(choice.text)) for choice in (self.key, *self.wrong)]
            close = [choice.text for choice, value in values[1:] if self.near(value, self.key)]
            if close:
                raise ValueError(
                    f"the distractor {close[0]} lies within {self.tolerance:g} of the answer "
                    f"{self.key.text}, and would count as right"
                )


def decimal(text: str) -> float:
    """Read a number as people write it, "17,203" or "-0.5".

    Raises:
        ValueError: it is none.
    """
    plain = text.strip().replace("−", "-")
    value = float(plain.replace(",", "")) if plain and _DIGITS.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number; write one, such as 64 or 0.25")
    return value


def shuffled(*words: str) -> str:
    """Return a key to sort by, which looks random and is the same on every machine."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()
