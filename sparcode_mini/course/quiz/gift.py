"""The bank in GIFT, a format of Moodle that people can read and that many tools import."""

import re
from collections.abc import Sequence

from sparcode_mini.course.quiz.bank import Chapter
from sparcode_mini.course.quiz.items import CHOICE, Choice, Item, decimal
from sparcode_mini.course.quiz.markup import to_html
from sparcode_mini.course.quiz.moodle import category

_CONTROL = re.compile(r"[\\:#={}~]")


def gift(chapters: Sequence[Chapter]) -> str:
    """Return the file; an empty line ends a question."""
    blocks = []
    for chapter in chapters:
        blocks.append(f"$CATEGORY: {category(chapter)}")
        blocks += [_question(item) for item in chapter.items]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Return a text in which GIFT's signs stand for themselves, as one line of HTML."""
    lines = to_html(text).replace("\n", "<br>")  # only code has lines
    return _CONTROL.sub(lambda match: "\\" + match[0], lines)


def _question(item: Item) -> str:
    tags = " ".join(f"[tag:{tag}]" for tag in (item.difficulty, *sorted(item.uses)))
    number = "" if item.kind == CHOICE else "#"
    choices = item.choices() if item.kind == CHOICE else (item.key, *item.wrong)
    answers = "\n".join(_answer(item, choice) for choice in choices)
    stem = f"::{escape(item.id)}::[html]{escape(item.stem)}"
    return f"// [id:{item.id}] {tags}\n{stem} {{{number}\n{answers}\n}}"


def _answer(item: Item, choice: Choice) -> str:
    if item.kind == CHOICE:
        sign, text = "=" if choice.right else "~", escape(choice.text)
    else:
        # A number that gives no credit is an answer, too: so it has its feedback.
        sign = "=" if choice.right else "=%0%"
        text = f"{decimal(choice.text):.12g}:{item.tolerance:.12g}"
    return f"{sign}{text}#{escape(choice.why)}"
