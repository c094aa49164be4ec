"""Keyword arguments that are passed on: a name that does not exist is refused with a hint."""

import difflib
from collections.abc import Iterable, Sequence


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
