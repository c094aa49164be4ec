"""Tell of cells of a table that may mean something else than what they are read as."""

import re
import unicodedata
from typing import Any

import pandas as pd

from sparcode_mini.data import cells
from sparcode_mini.data.clean import show
from sparcode_mini.data.table_source import TableSource

_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2}")  # 1.23457E+12


def notes_on_ids(ids: "pd.Series[Any]", source: TableSource) -> list[str]:
    """Tell of ids that may be other ones than they seem."""
    notes = [*_look_alikes(ids), *texts_among_numbers(ids, source)]
    distinct = ids.unique() if ids.dtype == object else ()
    rounded = next((value for value in distinct if _ROUNDED.fullmatch(str(value))), None)
    if rounded is not None:
        place = source.file.place(int((ids == rounded).to_numpy().argmax()))
        notes.append(
            f"{ids.name} {show(rounded)} ({place}) looks like a long number that Excel has cut; if "
            "so, save the column as text there"
        )
    return notes


def _look_alikes(ids: "pd.Series[Any]") -> list[str]:
    """Tell of ids that look the same, but differ in spaces around or in their code points."""
    seen: dict[str, str] = {}
    for text in ids.unique() if ids.dtype == object else ():
        key = unicodedata.normalize("NFC", text)
        if not key.isprintable():  # such as a space of no width
            key = "".join(filter(str.isprintable, key.replace("\xa0", " ")))
        key = key.strip()
        if seen.setdefault(key, text) != text:
            return [
                f"two {ids.name}s look like {show(key)}, but differ in spaces or code points "
                f"({seen[key]!a:.80}, {text!a:.80})"
            ]
    return []


def texts_among_numbers(column: "pd.Series[Any]", source: TableSource) -> list[str]:
    """Tell of a column that is one of texts because of a few cells."""
    row = cells.text_among_numbers(column)
    if row is None:
        return []
    value, place = show(column.iloc[row]), source.file.place(row)
    return [f"{column.name} holds texts, since {value} ({place}) is no plain number"]


def lists_among_texts(column: "pd.Series[Any]", source: TableSource) -> list[str]:
    """Tell of a column that is one of lists because of a few cells."""
    known = column.dropna()
    is_list = known.map(lambda text: cells.LIST_MARK in text).to_numpy(bool)
    if not 0 < is_list.sum() < len(known) / 2:
        return []
    row = int(known.index[int(is_list.argmax())])
    value, place = show(column.iloc[row]), source.file.place(row)
    return [
        f"{column.name} holds lists, split at {cells.LIST_MARK!r}, since {value} ({place}) is one"
    ]


def units(times: "pd.Series[Any]", source: TableSource) -> list[str]:
    """Tell of numbers that seem to be times of several units."""
    rows = cells.units(times)
    if len(rows) < 2:
        return []
    words = [f"{unit} ({times.iloc[row]}, {source.file.place(row)})" for unit, row in rows.items()]
    return [f"times seem to be in {' and '.join(words)}, but are sorted as plain numbers"]
