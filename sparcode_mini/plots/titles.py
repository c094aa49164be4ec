"""Titles on paper: cut to the room that they have, with signs for what has no shape."""

import unicodedata
from math import inf

from sparcode_mini.plots.glyphs import em
from sparcode_mini.tools.unicode import JOINERS, NO_TITLE, safe

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
MOST = 2000  # letters that are looked at; no title on paper has more
FIRST_FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER A}"
LAST_FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER Z}"


def shorten(text: str, length: int, room: float = inf, bold: bool = False) -> str:
    """Return a title on one line; cut if it is too long, at the end of a word where one is near.

    A letter and its marks stay together. Chinese, Japanese and Korean letters count as two.

    Args:
        text: the title.
        length: most letters.
        room: most width, as a multiple of the font size.
        bold: whether it is written in bold, which is wider.
    """
    text = safe(text)
    if not text.strip():
        return NO_TITLE
    pieces = clusters(text[:MOST])
    fits = len(text) <= MOST and sum(map(columns, pieces)) <= length
    if fits and (room == inf or em(text, bold) <= room):
        return text
    kept, long, wide = "", 1, em(ELLIPSIS, bold)
    for piece in pieces:
        long, wide = long + columns(piece), wide + em(piece, bold)
        if long > length or wide > room:
            break
        kept += piece
    near = kept.rfind(" ")
    return (kept[:near] if near > 0.7 * (len(kept) + 1) else kept).rstrip(" ,.:(") + ELLIPSIS


def clusters(text: str) -> list[str]:
    """Return what a reader takes for the letters of a text: each with its marks and parts."""
    pieces: list[str] = []
    for letter in text:
        if pieces and _continues(pieces[-1], letter):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _continues(piece: str, letter: str) -> bool:
    flag = (
        FIRST_FLAG <= letter <= LAST_FLAG and len(piece) == 1 and FIRST_FLAG <= piece <= LAST_FLAG
    )
    return (
        flag
        or piece[-1] == JOINERS[1]
        or letter in JOINERS
        or unicodedata.category(letter).startswith("M")
        or "\U0001f3fb" <= letter <= "\U0001f3ff"  # a tone of skin
        or "\U000e0020" <= letter <= "\U000e007f"  # a part of a flag
        or "\u1160" <= letter <= "\u11ff"  # the vowel or the end of a Korean syllable
    )


def columns(piece: str) -> int:
    """Return the columns that a letter takes, as on a terminal."""
    if unicodedata.category(piece[0]) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(piece[0]) in "WF" else 1
