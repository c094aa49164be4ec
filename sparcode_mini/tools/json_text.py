"""JSON that means one thing: no name twice, no half letters; errors are of one kind."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_HALF_LETTER = re.compile(r"\\u[dD][89a-fA-F]")  # may be a surrogate without its other half


def parse_json(data: bytes, allow_nan: bool = False) -> Any:
    """Read JSON from UTF-8.

    Args:
        data: the text, without a byte order mark.
        allow_nan: may NaN and infinity stand for numbers?

    Raises:
        ValueError: no JSON, an object with one name twice, a number that is not finite, half a
            letter, or brackets nested too deeply to be read.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=None if allow_nan else _refuse_number,
            parse_float=None if allow_nan else _finite,
        )
        if _HALF_LETTER.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("its brackets are nested too deeply") from None
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half a letter (a lone surrogate)") from error
    return value


def to_json(
    value: object,
    name: str,
    indent: int | None = None,
    allow_nan: bool = False,
    sort_keys: bool = False,
) -> bytes:
    """Write a value as JSON in UTF-8.

    Args:
        value: plain numbers, text, lists and dictionaries.
        name: of the value, for the error.
        indent: spaces a level; None for one line.
        allow_nan: may numbers be NaN or infinite?
        sort_keys: shall names be written in the order of the alphabet?

    Raises:
        ValueError: JSON can't hold the value.
    """
    value = dict(value) if isinstance(value, Mapping) else value
    settings = {"indent": indent, "allow_nan": allow_nan, "sort_keys": sort_keys}
    try:
        text = json.dumps(value, ensure_ascii=False, **settings)  # type: ignore[arg-type]
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{name} can't be written as JSON ({error}); "
            "use plain numbers, text, lists and dictionaries, and None for a missing number"
        ) from error


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    content = dict(pairs)
    if len(content) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"it names {name[:40]!r} twice")
    return content


def _refuse_number(word: str) -> float:
    raise ValueError(f"it holds {word}, which is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse_number(digits[:40])
