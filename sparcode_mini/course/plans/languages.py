"""The plans in another language: `assets/LANGUAGE/plans/NAME.json`, English text -> translation.

An English text that has changed is no key any more: it is shown in English until it is translated
anew. Numbers stand in braces, and are read from the English lessons.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.course.numbers import PLACE
from sparcode_mini.tools.files import load_json

# Of a plan: what programs read.
KEPT = {"from", "to", "who", "name", "like", "notebook", "section", "cells", "first", "numbers"}
KEPT |= {"value", "second"}  # of the crib: references of numbers


def place(root: Path, language: str, name: str) -> Path:
    """Return the file of the translations of a plan."""
    return root / "assets" / language / "plans" / f"{name}.json"


def in_language(content: Any, words: Mapping[str, str]) -> Any:
    """Return the content of a file of plans with its texts translated; what lacks stays English."""
    if isinstance(content, str):
        return words.get(content, content)
    if isinstance(content, list):
        return [in_language(part, words) for part in content]
    if isinstance(content, dict):
        return {
            key: part if key in KEPT else in_language(part, words) for key, part in content.items()
        }
    return content


def faults(content: Any, path: Path) -> Iterator[str]:
    """Yield what a translation lacks or has too much, one line each.

    Args:
        content: of the English file.
        path: of the translations.
    """
    words = load_json(path) if path.exists() else {}
    english = dict.fromkeys(_texts(content))
    yield from (f"{text[:60]!r} is not translated" for text in english if text not in words)
    yield from (
        f"{text[:60]!r} is no English text any more" for text in words if text not in english
    )
    for text in english:
        if set(PLACE.findall(text)) != set(PLACE.findall(words.get(text, text))):
            yield f"{text[:60]!r} has other numbers in its translation"


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from _texts(part)
    elif isinstance(content, dict):
        for key, part in content.items():
            if key not in KEPT:
                yield from _texts(part)
