"""Options that are numbers: their ranges, negative ones, and errors in one line."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line, without the list of all options."""

    def error(self, message: str) -> NoReturn:
        """Raise a ValueError."""
        raise ValueError(f"{message} ({self.prog} --help lists the options)")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return the type of an option that is a whole number from `least` on, up to `most`."""
    words = f"a whole number from {least:,} " + ("on" if most is None else f"to {most:,}")

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:  # no number, or one of more digits than Python reads
            raise argparse.ArgumentTypeError(f"{_shown(text)} is not {words}") from None
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{_shown(text)} is not {words}")
        return value

    return number


def real(least: float = -math.inf) -> Callable[[str], float]:
    """Return the type of an option that is a finite number, at least `least`."""
    words = "a finite number" + ("" if least == -math.inf else f", at least {least:g}")

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least:
            raise argparse.ArgumentTypeError(f"{_shown(text)} is not {words}")
        return value

    return number


def joined(words: Sequence[str]) -> list[str]:
    """Write "--bias -1e6" as "--bias=-1e6": argparse takes such a number for an option."""
    result: list[str] = []
    for word in words:
        before = result[-1] if result else ""
        if before.startswith("--") and "=" not in before and len(before) > 2 and _negative(word):
            result[-1] = f"{before}={word}"
        else:
            result.append(word)
    return result


def _negative(word: str) -> bool:
    """Tell whether a word is a negative number in a form that argparse does not know."""
    if not word.startswith("-") or word[1:].replace(".", "", 1).isdecimal():
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
