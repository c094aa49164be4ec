"""Options that are passed on and entries of files: names and types are checked, with a hint."""

import difflib
import math
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
WORDS = {
    int: "a whole number", float: "a finite number", str: "a text", bool: "True or False",
    list: "a list", dict: "an object with names",
}  # fmt: skip
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def check_options(names: Iterable[str], known: Sequence[str], owner: str) -> None:
    """Refuse names that are no options.

    Args:
        names: as they were passed.
        known: all that exist.
        owner: of the options, with its article: "a SparCode".

    Raises:
        TypeError: an unknown name; the message has the nearest known one, or all of them.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise TypeError(f"{owner} has no option {name!r}; {hint}")


def is_of(value: object, kind: type) -> bool:
    """Return whether a value is of this type; a bool is no number, a whole number is a float too.

    Whole numbers have at most 63 bits, and floats are finite.
    """
    if kind in (int, float) and type(value) is int:
        return -(2**63) <= value < 2**63
    if kind is float:
        return type(value) is float and math.isfinite(value)
    return type(value) is kind


def entry(entries: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return an entry of a file.

    Raises:
        ValueError: it is missing, or of another type.
    """
    if name not in entries:
        raise ValueError(f"it lacks {name!r}; save it anew")
    value = entries[name]
    if not is_of(value, kind):
        raise ValueError(f"its {name} is {short(value)}; it must be {WORDS[kind]}")
    return value


def choice(name: str, value: str, table: Mapping[str, T]) -> T:
    """Return what a table has under the value of an entry.

    Raises:
        ValueError: nothing.
    """
    if value not in table:
        raise ValueError(f"its {name} is {short(value)}; this version knows {list(table)}")
    return table[value]


def short(value: object) -> str:
    """Write a value in one line of at most 200 letters."""
    text = _SHORT.repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
