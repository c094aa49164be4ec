"""The numbers that people typed into the texts of the plans, and those that cells show."""

import re

from sparcode_mini.course.numbers import PLACE

NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e-\d+)?")
SMALL = {str(number) for number in range(13)}  # counted by whoever reads the text
PLACES = re.compile(
    r"`[^`]*`|\{@[\w-]+\}|lessons? \d\d|sections? \d+|exercises? \d(?: and \d)?|\(\d\)|tasks? \d",
    re.I,
)


def typed(text):
    """Return the numbers of a text that stand outside placeholders, addresses and code."""
    text = PLACES.sub("", PLACE.sub("", text))
    return [number.lstrip("+").rstrip(",") for number in NUMBER.findall(text)]


def shown_in(cells):
    """Return the numbers that a text beside these cells may have."""
    text = " ".join(cell.text + cell.source for cell in cells)
    shown = set(typed(text.replace("`", " "))) | SMALL
    return shown | {number.removeprefix("-") for number in shown}
