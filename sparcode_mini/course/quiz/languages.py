"""The questions in another language: texts by item, in `assets/LANGUAGE/quiz`, beside the English.

["07-stored"]
english = "6818ae5b"  # digest of the English texts that were translated
stem = "..."
answer = "..."        # a choice only; numbers are the same in all languages
why = "..."
wrong = [["answer", "why"], ...]  # in the order of the English file
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparcode_mini.course.forms import TEXT, Keys, check, read_toml
from sparcode_mini.course.quiz.items import CHOICE, Choice, Item
from sparcode_mini.lessons.text.languages import digest

ENTRY: Keys = {"english": TEXT, "stem": TEXT, "why": TEXT, "wrong": (list,)}


def texts_of(item: Item) -> list[str]:
    """Return the texts of an item before its numbers are filled in, in their order."""
    return [item.stem, item.key.text, item.key.why] + [
        text for one in item.wrong for text in (one.text, one.why)
    ]


def in_language(items: Sequence[Item], path: Path) -> list[Item]:
    """Return the items with the texts of a file; one whose English has changed stays English.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: something in it is wrong; the message names file and item.
    """
    entries = read_toml(path)
    for name, entry in entries.items():
        check(entry, f"{path.name}, item {name!r}", ENTRY, {"answer": TEXT})
    return [_translated(item, entries.get(item.id), path) for item in items]


def faults(items: Sequence[Item], path: Path) -> list[str]:
    """Return what a file lacks or has too much, and what is stale, one line each."""
    entries = read_toml(path)
    known = {item.id: digest("\n".join(texts_of(item))) for item in items}
    lines = [f"{name} is not translated" for name in known if name not in entries]
    lines += [f"{name} is no item of the quiz" for name in entries if name not in known]
    return lines + [
        f"{name} is stale: its English was {entries[name]['english']} and is now {digest_now}"
        for name, digest_now in known.items()
        if name in entries and entries[name]["english"] != digest_now
    ]


def _translated(item: Item, entry: Mapping[str, Any] | None, path: Path) -> Item:
    if entry is None or entry["english"] != digest("\n".join(texts_of(item))):
        return item
    if len(entry["wrong"]) != len(item.wrong):
        raise ValueError(f"{path.name}, item {item.id!r}: {len(entry['wrong'])} wrong answers; the "
                         f"English has {len(item.wrong)}")  # fmt: skip
    typed = item.kind != CHOICE
    wrong = [
        Choice(one.text if typed else text, why)
        for one, (text, why) in zip(item.wrong, entry["wrong"], strict=True)
    ]
    key = Choice(item.key.text if typed else entry["answer"], entry["why"], right=True)
    return replace(item, stem=entry["stem"], key=key, wrong=tuple(wrong))
