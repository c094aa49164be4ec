"""Options that are numbers: their ranges, negative ones, and errors in one line."""

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sparcode_mini.tools.language import translated

LARGEST = 2**53  # of a real number: up to here a float holds every whole number
WHOLE = re.compile(r"[+-]?[0-9]+")  # int() also takes 1_0, and digits of other scripts
REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
KNOWN = re.compile(r"-[0-9]+|-[0-9]*\.[0-9]+")  # negative numbers that argparse reads by itself
# What the library calls options that have another name, or parts of it call them.
WORDS = ("help", "description", "epilog", "title")  # what argparse keeps of a text
OTHERWISE = {"codes_per_shard": "shard_codes", "dim": "token_dim"}
QUOTED = r"""(?<!\w)'[^']*'(?!\w)|(?<!\w)"[^"]*"(?!\w)"""


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line, without the list of all options.

    An option of type Path refuses an empty name, which would be the current folder.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.register("type", Path, _path)

    def format_help(self) -> str:
        """Return the help in the reader's language."""
        parts = [self, *self._actions, *self._action_groups]
        texts = [(part, name) for part in parts for name in WORDS if getattr(part, name, None)]
        english = [getattr(part, name) for part, name in texts]
        for (part, name), text in zip(texts, english, strict=True):
            setattr(part, name, translated(text))
        try:
            text = super().format_help()
            return text.replace("usage:", translated("usage:"), 1)
        finally:
            for (part, name), text in zip(texts, english, strict=True):
                setattr(part, name, text)

    def error(self, message: str) -> NoReturn:
        """Raise a ValueError."""
        raise ValueError(f"{message} ({self.prog} --help lists the options)")

    def as_typed(self, message: str, args: argparse.Namespace) -> str:
        """Return an error of the library with the names of options as they are typed.

        "token_dim = 7" becomes "--token-dim = 7", and "engine='plain'" "--engine 'plain'". What
        stands in quotes is a value and stays, and so do the values of `args`.
        """
        long = [(a.dest, o) for a in self._actions for o in a.option_strings if o[:2] == "--"]
        names = dict(long)
        names |= {name: names[dest] for name, dest in OTHERWISE.items() if dest in names}
        values = [str(value) for value in vars(args).values() if "=" in str(value)]
        kept = re.compile("|".join([*map(re.escape, values), QUOTED]))
        pattern = re.compile(rf"(?<![\w./\\-])({'|'.join(names)})( = |=\Z)")
        parts = kept.split(message)
        between = [*kept.findall(message), ""]
        return "".join(
            pattern.sub(lambda place: names[place[1]] + (place[2].rstrip("=") or " "), part) + value
            for part, value in zip(parts, between, strict=True)
        )


def parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Read the words of a command.

    Raises:
        ValueError: words that are no such command, in one line with the remedy.
    """
    try:
        return parser.parse_args(joined(words))
    except ValueError as error:
        option, value = _dashed(words, str(error))
        if option:
            hint = f"write {option}={value} for a value that begins with a dash"
            raise ValueError(f"{error}; {hint}") from error
        raise


def _dashed(words: Sequence[str], message: str) -> tuple[str, str]:
    """Return the option, and the value with a dash at its start, that an error is about."""
    option = ""
    for word in words:
        if word.startswith("--") and len(word) > 2:
            option = word.partition("=")[0]
        elif option and word.startswith("-") and len(word) > 1 and word != "-h":
            lost = "unrecognized arguments" in message and word in message.split()
            if lost or f"argument {option}: expected" in message:
                return option, word
    return "", ""


def whole(least: int, most: int, step: int = 1) -> Callable[[str], int]:
    """Return the type of an option: a whole number from `least` to `most`, a multiple of `step`."""

    def number(text: str) -> int:
        # So many digits are more than any limit, and int() takes long for thousands of them.
        value = int(text) if WHOLE.fullmatch(text) and len(text) <= 40 else None
        if value is None or not least <= value <= most or value % step:
            words = f"a whole number from {least:,} to {most:,}"
            words += "" if step == 1 else f", a multiple of {step}"
            raise argparse.ArgumentTypeError(f"{_shown(text)} is not {words}")
        return value

    return number


def real(least: float = -LARGEST, most: float = LARGEST) -> Callable[[str], float]:
    """Return the type of an option that is a number from `least` to `most`."""

    def number(text: str) -> float:
        value = float(text) if REAL.fullmatch(text) else math.nan
        lost = value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])  # 1e-999 is not 0
        if lost or not least <= value <= most:
            words = f"a number from {least:,} to {most:,}" + (" that a float holds" if lost else "")
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
    if not word.startswith("-") or KNOWN.fullmatch(word):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; give a path")
    return Path(text)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
