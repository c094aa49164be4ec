"""The language of what people read: pictures, checks, widgets, the command line.

The project writes English. A text passes `translated` just before it is shown; it is looked up in
the catalogue of the language, the files `assets/zh/words/*.json`, sentence by sentence. A key is
an English sentence in which numbers are {0}, {1}, ... in their order and other parts that change
have names:

    "{0} of {1} films"    ->  "{1} 部电影中的 {0} 部"
    "{title} has score {0}"  ->  "{title} 的分数是 {0}"

So a sentence is translated as a whole, whatever its numbers are. What the catalogue lacks stays
English; `untranslated` collects it, for the tests.
"""

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sparcode_mini.tools.files import load_json

ASSETS = Path(__file__).resolve().parents[2] / "assets"
LANGUAGES = {"en": "English", "zh": "简体中文"}
TAGS = {"en": "en", "zh": "zh-Hans"}  # of pages
VARIABLE = "SPARCODE_LANGUAGE"
KEPT = {"kind", "sign", "color", "colors", "dash", "code"}  # fields that hold no words
SIGNS = {".": "。", ":": "：", ";": "；", ",": "，"}  # at the end of a sentence or a part
NUMBER = re.compile(r"(?<![\w)\]])[-+\u2212]?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*")
_NAME = re.compile(r"\{([a-z_]+)\}")
_PLACE = re.compile(r"\{([a-z_]+|\d+)\}")
_WORD = re.compile(r"[A-Za-z]{2}")
_NAMED = re.compile(r"(?:[A-Z.]+|\d+)[.:]")  # how a title or a line of a list may begin
_KEPT = re.compile(r"\(\d{4}\)$|…$|[\u4e00-\u9fff]")  # titles of films, what is translated already
_LINES, _SENTENCES = re.compile(r"(\n\s*)"), re.compile(r"(?<=[.!?;:])( )")
_LOST: list[set[str]] = []  # one for each `untranslated` that is open


def language() -> str:
    """Return the language that the environment asks for: "en" or "zh".

    Raises:
        ValueError: it asks for another one.
    """
    name = os.environ.get(VARIABLE) or "en"
    if name not in LANGUAGES:
        raise ValueError(f"{VARIABLE}={name}: there are {', '.join(LANGUAGES)}")
    return name


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Let a language be that of the environment for a while.

    Args:
        name: of `LANGUAGES`.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = name
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        os.environ |= {} if before is None else {VARIABLE: before}


def translated(text: str, to: str | None = None) -> str:
    """Return a text in a language, by default that of the environment."""
    to = to or language()
    return text if to == "en" else _translated(text, to)


def labelled(head: str, text: str) -> str:
    """Return "head: text" in the reader's language; the text is translated already."""
    return f"{head}: {text}" if language() == "en" else f"{translated(head)}：{text}"


def translated_inside(value: Any) -> Any:
    """Return a dataclass, a sequence or a dictionary with its texts in the reader's language.

    What names a colour, a sign or a program (`KEPT`) stays as it is.
    """
    if language() == "en":
        return value
    if isinstance(value, str):
        return translated(value)
    if isinstance(value, list | tuple):
        return type(value)(translated_inside(part) for part in value)
    if isinstance(value, Mapping):
        return {k: part if k in KEPT else translated_inside(part) for k, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **translated_inside(parts))
    return value


@contextmanager
def untranslated() -> Iterator[set[str]]:
    """Collect the sentences that the catalogue lacks, as keys."""
    lost: set[str] = set()
    _LOST.append(lost)
    _translated.cache_clear()  # what was lost before is collected as well
    try:
        yield lost
    finally:
        _LOST.remove(lost)


def key_of(text: str) -> tuple[str, list[str]]:
    """Return a text with {0}, {1}, ... in place of its numbers, and the numbers.

    >>> key_of("7 of 1,682 films")
    ('{0} of {1} films', ['7', '1,682'])
    """
    numbers = NUMBER.findall(text)
    places = iter(range(len(numbers)))
    return NUMBER.sub(lambda _: f"{{{next(places)}}}", text), numbers


@lru_cache(maxsize=20_000)
def _translated(text: str, to: str) -> str:
    if not _WORD.search(text):
        return text
    if (whole := _looked_up(text.strip(), to)) is not None:
        return text.replace(text.strip(), whole, 1)
    for split in () if _KEPT.search(text) else (_LINES, _SENTENCES):
        parts = split.split(text)
        if len(parts) > 1:
            return _joined([part if place % 2 else _translated(part, to)
                            for place, part in enumerate(parts)])  # fmt: skip
    for lost in _LOST if not _KEPT.search(text) else ():
        lost.add(key_of(text.strip().rstrip("".join(SIGNS)))[0])
    return text


def _joined(parts: list[str]) -> str:
    """Join sentences: among Chinese ones numbers, too, end in full-width signs, without a space."""
    text, wide = "", any(ord(letter) > 0x2E7F for part in parts for letter in part)
    for place, part in enumerate(parts):
        # "1. Twister", "L.A. Confidential" and "2001: A Space Odyssey" keep their signs.
        ends = place == len(parts) - 1 or part[-1:] in (";", ",") or not _NAMED.fullmatch(part)
        if wide and ends and part[-1:] in SIGNS and not _WORD.search(part):
            part = part[:-1] + SIGNS[part[-1]]
        text += "" if part == " " and text and ord(text[-1]) > 0x2E7F else part
    return text


def _looked_up(text: str, to: str) -> str | None:
    """Return a sentence in a language, None if the catalogue lacks it; its last sign is changed."""
    if (whole := _matched(text, to)) is not None:
        return whole
    bare, sign = text[:-1], SIGNS.get(text[-1:])
    inside = _matched(bare, to) if sign and _WORD.search(bare) else None
    return None if inside is None else inside + str(sign)


def _matched(text: str, to: str) -> str | None:
    exact, patterns = catalogue(to)
    key, numbers = key_of(text)
    if key in exact:
        return _filled(exact[key], {str(place): number for place, number in enumerate(numbers)})
    for needle, pattern, words in patterns:
        if needle in text and (match := pattern.fullmatch(text)):
            values = match.groupdict()
            counted = {name[1:]: value for name, value in values.items() if name[1:].isdigit()}
            names = {
                name: _translated(value, to) if _looked_up(value, to) is not None else value
                for name, value in values.items()
            }
            return _filled(words, {**names, **counted})
    return None


def _filled(words: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], words)


def localized(path: Path) -> str:
    """Return the text of a file in the reader's language, "story.zh.html" beside "story.html".

    Its first line names the English file that it was made from, and is left out.
    """
    if language() == "en":
        return path.read_text("utf-8")
    text = path.with_suffix(f".{language()}{path.suffix}").read_text("utf-8")
    return text.partition("\n")[2]


def words_of(to: str, *files: str) -> dict[str, str]:
    """Return some files of a catalogue, for what is shown without Python.

    Raises:
        FileNotFoundError: there is no such file.
    """
    words: dict[str, str] = {}
    for name in files:
        words |= load_json(ASSETS / to / "words" / f"{name}.json")
    return _also_bare(words)


def _also_bare(words: Mapping[str, str]) -> dict[str, str]:
    """Return a catalogue with its sentences also without the full stop at the end.

    A sentence inside another one has none.
    """
    ended = [key for key, text in words.items() if key[-1:] == "." and text[-1:] == "。"]
    return {key[:-1]: words[key][:-1] for key in ended} | dict(words)


@lru_cache(maxsize=4)
def catalogue(to: str) -> tuple[dict[str, str], list[tuple[str, re.Pattern[str], str]]]:
    """Return the sentences without names, and those with names as patterns, the longest first.

    A pattern follows the longest piece of it that does not change, by which a text is sorted out.

    Raises:
        ValueError: two files have one key, or a translation has a place that its key lacks.
    """
    words: dict[str, str] = {}
    for path in sorted((ASSETS / to / "words").glob("*.json")):
        for key, text in load_json(path).items():
            if set(_PLACE.findall(text)) - set(_PLACE.findall(key)):
                raise ValueError(f"{path.name}: {text!r} has a place that its key lacks: {key!r}")
            if key in words:
                raise ValueError(f"{path.name}: another file has the key too: {key!r}")
            words[key] = text
    words = _also_bare(words)
    named = sorted((key for key in words if _NAME.search(key)), key=_literal, reverse=True)
    exact = {key: text for key, text in words.items() if not _NAME.search(key)}
    return exact, [(max(_split(key), key=len), _pattern(key), words[key]) for key in named]


def _split(key: str) -> list[str]:
    """Return the pieces of a key between its places."""
    return _PLACE.split(key)[::2]


def _literal(key: str) -> int:
    """Return the number of signs of a key that are not places."""
    return len("".join(_split(key)))


def _pattern(key: str) -> re.Pattern[str]:
    """Return the pattern of the texts that a key stands for."""
    text, end = "", 0
    for place in _PLACE.finditer(key):
        text += re.escape(key[end : place.start()])
        name, end = place[1], place.end()
        text += f"(?P<n{name}>{NUMBER.pattern})" if name.isdigit() else f"(?P<{name}>.+?)"
    last = "" if key[end:] else r"(?<![.:;,])"  # the sign at the end belongs to the sentence
    return re.compile(text + re.escape(key[end:]) + last, re.S)
