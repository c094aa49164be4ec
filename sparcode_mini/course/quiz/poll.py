"""A test as CSV, to be pasted into a live poll."""

import csv
import io

from sparcode_mini.course.quiz.bank import Sheet
from sparcode_mini.course.quiz.items import LETTERS, Item
from sparcode_mini.course.quiz.markup import to_plain

HEAD = ("id", "question", *LETTERS, "right", "seconds", "reason")


def poll_csv(sheet: Sheet) -> str:
    """Return the file: a question a line; a number is asked as a choice, too."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(map(_row, sheet.items))
    return text.getvalue()


def _row(item: Item) -> list[str]:
    choices = [to_plain(choice.text) for choice in item.choices()]
    choices += [""] * (len(LETTERS) - len(choices))
    seconds = f"{60 * item.minutes:.0f}"
    reason = to_plain(item.key.why)
    return [item.id, to_plain(item.stem), *choices, item.letter(), seconds, reason]
