"""Anchors of headings: the same in all languages, so that links and a change of language keep them.

A heading has two: that of MyST, by which lessons link each other, and the id of its section, which
the contents of the page link. Both are made from the English heading.
"""

import re
from collections.abc import Sequence
from typing import Any

from docutils import nodes

from sparcode_mini.lessons.text.pieces import HEADING, pieces

CHINESE = re.compile(r"[\u4e00-\u9fff]")
CARD = re.compile(r"(\d+) · .*[\u4e00-\u9fff]")  # its number, and Chinese
_ENGLISH: dict[str, str] = {}  # a heading in another language, as plain text -> the English one


def pair(translated: Sequence[str], english: Sequence[str]) -> None:
    """Let the headings of translated texts have the anchors of the English ones.

    Args:
        translated: texts of cells, or one page.
        english: the same in English. Texts with other headings are left out.
    """
    for texts in zip(translated, english, strict=True):
        here, there = (list(filter(None, map(HEADING.fullmatch, pieces(one)))) for one in texts)
        if len(here) == len(there):
            pairs = {_plain(a[2]): b[2] for a, b in zip(here, there, strict=True)}
            _ENGLISH.update({one: other for one, other in pairs.items() if CHINESE.search(one)})


def anchor(heading: str) -> str:
    """Return the end of a link to a heading; in JupyterLab it is the same but for capitals.

    A card of the questions, whose heading is in two languages, is named by its number: `q13`. Its
    cell has that name as an id of its own, for JupyterLab.
    """
    english = _ENGLISH.get(_plain(heading), heading)
    card = CARD.match(english)
    return f"q{card[1]}" if card else english.lower().replace(" ", "-")


def setup(app: Any) -> dict[str, bool]:
    """Make the ids of sections from the English headings, too; docutils has no option for that."""
    make_id = nodes.make_id
    nodes.make_id = lambda text: make_id(_ENGLISH.get(_plain(text), text))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _plain(heading: str) -> str:
    """Return a heading without signs of Markdown and capitals, as docutils names its section."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return " ".join(re.sub(r"[`*$]", "", text).lower().split())
