"""JSON that means one thing: no name twice, no half letters; errors are of one kind."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

_HALF_LETTER = re.compile(r"\\u[dD][89a-fA-F]")  # may be a surrogate without its other half
MARKS = (b"[", b"{", b",", b":")
IS_MARK = np.isin(np.arange(256), np.frombuffer(b"".join(MARKS), np.uint8))
PART = 2**16  # bytes that are looked at together: they stay in the caches


def parse_json(data: bytes, allow_nan: bool = False, most: int | None = None) -> Any:
    """Read JSON from UTF-8.

    Args:
        data: the text, without a byte order mark.
        allow_nan: may NaN and infinity stand for numbers?
        most: of the values and brackets that may be in it; each takes up to 100 bytes of memory.

    Raises:
        ValueError: no JSON, an object with one name twice, a number that is not finite, half a
            letter, brackets nested too deeply to be read, or too many values.
    """
    if most is not None and has_more_values(data, most):
        raise ValueError(f"it holds more than {most:,} values and brackets")
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


def has_more_values(data: bytes, most: int) -> bool:
    """Tell whether more brackets, commas and colons than `most` stand outside of the texts of JSON.

    Args:
        data: JSON; where it has a fault, the answer is at random.
        most: a number of them.
    """
    if sum(map(data.count, MARKS)) <= most:  # those in the texts are counted, too
        return False
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")  # a text now ends with the next quote
    number, inside = 0, False
    for start in range(0, len(plain), PART):
        letters = np.frombuffer(plain, np.uint8, min(PART, len(plain) - start), start)
        quotes = np.cumsum(letters == ord('"'), dtype=np.uint8)  # wraps; whether it is odd is right
        texts = (quotes & 1).astype(bool) ^ inside
        number += int(np.count_nonzero(IS_MARK[letters] & ~texts))
        inside = bool(texts[-1])
        if number > most:
            return True
    return False


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
