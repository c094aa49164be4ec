"""Texts that others wrote, made safe to show in pictures, on pages, in tables and terminals.

Some letters are not seen and change how a text and its neighbours read: they turn the direction of
writing, end the line, or move the cursor of a terminal. They are shown by their number.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

LINE, NO_TITLE = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "(no title)"
BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
CONTROLS = "\x00-\x1f\x7f-\x9f"
UNSEEN = (  # what turns the direction of writing, fills without ink, or annotates
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3"
    "\U0001fffe\U0001ffff\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
JOINERS, TAGS = "\u200c\u200d", "\U000e0020-\U000e007f"
# Joiners make one letter of several, and tags a flag, but not after a letter of ASCII.
HIDDEN = re.compile(
    f"[{CONTROLS}{UNSEEN}]|(?<![^\x00-\x7f])[{JOINERS}]|(?<![\U0001f3f4{TAGS}])[{TAGS}]"
)
NO_INK = re.compile(f"[{CONTROLS}{UNSEEN}{JOINERS}{TAGS}\ufe00-\ufe0f\U000e0100-\U000e01ef]")
ISOLATE, POP = "\u2068", "\u2069"  # around a text whose direction is its own
WITH_ID = re.compile(r"\(id .*\)\s*$")


def whole(text: str) -> str:
    """Return a text that UTF-8 can hold: lone halves of letters become the replacement sign."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def safe(text: str) -> str:
    """Return a text in one line in which every letter is seen, and none works on its neighbours.

    A control becomes a mark such as U+202E in angle brackets, a line break an arrow, a tab a space.
    """
    if text.isascii() and text.isprintable():
        return text
    return marked(BREAKS.sub(LINE, whole(text)))


def marked(text: str) -> str:
    """Return a text with marks for controls, as `safe`, but with its line breaks."""
    lines = whole(text).replace("\t", " ").split("\n")
    return "\n".join(HIDDEN.sub(lambda place: f"⟨U+{ord(place[0]):04X}⟩", line) for line in lines)


def isolated(text: str) -> str:
    """Return a safe text that may stand beside others in a line, whatever its direction."""
    text = safe(text)
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return f"{ISOLATE}{text}{POP}" if turned else text


def bare(text: str) -> str:
    """Return the text of which `isolated` was made: for pictures, which know no directions."""
    turned = text.startswith(ISOLATE) and text.endswith(POP)
    return text[1:-1] if turned else text


def alike(text: str) -> str:
    """Return what a reader sees of a text: texts that look the same give the same."""
    return " ".join(unicodedata.normalize("NFC", NO_INK.sub("", whole(text))).split())


def told_apart(titles: Iterable[str], ids: Iterable[Any]) -> list[str]:
    """Return safe titles, with the id beside each of those that look like another one.

    >>> told_apart(["Alien", "Contact", "Contact"], [3, 7, 9])
    ['Alien', 'Contact (id 7)', 'Contact (id 9)']

    A title that has such an end itself gets its id too, so that no two become equal.
    """
    titles = list(titles)
    shown = [safe(title) for title in titles]
    looks = [{alike(title), alike(mark)} for title, mark in zip(titles, shown, strict=True)]
    count = Counter(look for both in looks for look in both)
    return [
        title
        if title.strip() and not WITH_ID.search(title) and all(count[look] == 1 for look in both)
        else f"{title} (id {safe(str(raw))})".strip()
        for title, both, raw in zip(shown, looks, ids, strict=True)
    ]
