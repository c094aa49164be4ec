"""Titles for people, features for models: the columns of the tables of users and items.

Every column becomes indices into a vocabulary of texts, so a model needs only an embedding table
for each feature.
"""

import datetime as dt
import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data.clean import CellError, require_numbers, show

MISSING = "(missing)"
NUMERIC_BINS = 16
LARGE_TABLE = 25_000_000  # entries of a table of lists, 200 MB
MOST_EMPTY = 20  # times the entries that lists hold may be padded
LABEL_COLUMNS = ("title", "name")
_LISTS = (list, tuple, set, frozenset, np.ndarray)


@dataclass(frozen=True, eq=False, repr=False)
class Feature:
    """One column that describes users or items, as indices into a vocabulary.

    Attributes:
        name: the column's name.
        kind: "categorical" (one value), "list" (any number of values) or "numeric" (one quantile
            bin of at most 16).
        values: (n, W) int64 indices; W is 1 unless `kind` is "list"; 0 is missing or padding.
        vocabulary: text of each index; ``vocabulary[0]`` is "(missing)".
    """

    name: str
    kind: str
    values: np.ndarray
    vocabulary: tuple[str, ...]

    def __repr__(self) -> str:
        shape = " x ".join(str(side) for side in self.values.shape)
        return f"Feature({self.name}: {self.kind}, {shape}, {len(self.vocabulary)} values)"


def sorted_ids(ids: Any) -> np.ndarray:
    """Return ids (n,) in their order, as int64 or as objects (texts).

    An array of fixed width would cut NULs off, and make each id as long as the longest.
    """
    return np.sort(np.asarray(ids, dtype=object if ids.dtype == object else np.int64))


def places_of(values: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the position of each value (n,) among distinct ids (n_ids,), int64; all are there."""
    # dtype: pandas would else choose one of its own, which knows no half surrogate pairs.
    places = pd.Index(ids, dtype=ids.dtype).get_indexer(pd.Index(values, dtype=ids.dtype))
    return places.astype(np.int64)


def titles_of(table: pd.DataFrame | None, item_ids: np.ndarray) -> np.ndarray:
    """Write a title for each item, (n_items,) objects of str.

    It comes from the column title (or else name), followed by the year of the column year, unless
    the title ends with the year already. An item without a title gets its id as title.
    """
    titles = np.array([str(value) for value in item_ids.tolist()], dtype=object)
    label = next((c for c in LABEL_COLUMNS if table is not None and c in table.columns), None)
    if table is None or label is None:
        return titles
    where = places_of(table["item"].to_numpy(), item_ids)
    years = table["year"] if "year" in table.columns else itertools.repeat(None)
    texts = title_texts(table[label], "items")
    for position, title, year in zip(where.tolist(), texts, years, strict=False):
        if title is not None:
            titles[position] = _title_with_year(title, year)
    return titles


def title_texts(column: "pd.Series[Any]", name: str) -> list[str | None]:
    """Write the titles of a column of table `name`; None where one is missing.

    Raises:
        CellError: a list or a time, which are written in many ways.
    """
    kind: Any = getattr(column.dtype, "numpy_dtype", column.dtype)
    is_short = kind.kind == "f" and kind.itemsize < 8
    # 0.1 in 32 bits would become 0.10000000149 in 64.
    cells = column.to_numpy(kind, na_value=np.nan) if is_short else column
    texts: list[str | None] = []
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            texts.append(cell)
            continue
        is_scalar = pd.api.types.is_scalar(cell)
        if is_scalar and pd.isna(cell):
            texts.append(None)
            continue
        if not is_scalar or isinstance(cell, dt.datetime | dt.timedelta):
            fault = f"{show(cell)} is {'a time' if is_scalar else 'a list'}, no title"
            raise CellError(name, str(column.name), row, fault, "save the column as text")
        texts.append(str(cell))
    return texts


def _title_with_year(title: str, year: Any) -> str:
    if not pd.api.types.is_scalar(year) or pd.isna(year):
        return title
    # A column with gaps is often float, also in files: 1995.0 is the year 1995.
    text = re.sub(r"\A(-?[0-9]+)\.0\Z", r"\1", str(year))
    return title if title.endswith(f"({text})") else f"{title} ({text})"


def features_of(table: pd.DataFrame | None, ids: np.ndarray, key: str) -> tuple[Feature, ...]:
    """Make a feature of every column that is neither the id nor a label.

    Args:
        table: of users (key "user") or items (key "item"); None has no features.
        ids: (n,) sorted raw ids of all users or items; one without a row has missing values.
        key: the column of the ids.
    """
    if table is None:
        return ()
    labels = LABEL_COLUMNS if key == "item" else ()
    rows = places_of(table[key].to_numpy(), ids)
    features = []
    for column in table.columns:
        if column == key or column in labels:
            continue
        kind, inner, vocabulary = _encode(table[column], f"{key}s")
        values = np.zeros((len(ids), inner.shape[1]), dtype=np.int64)  # (n, W)
        values[rows] = inner
        features.append(Feature(str(column), kind, values, vocabulary))
    return tuple(features)


def require_feature(column: "pd.Series[Any]", name: str) -> None:
    """Raise CellError, or another ValueError, if a column of table `name` can't be a feature."""
    _encode(column, name)


def _encode(column: "pd.Series[Any]", name: str) -> tuple[str, np.ndarray, tuple[str, ...]]:
    """Encode a column as (kind, (rows, W) indices, vocabulary)."""
    if column.dtype == object and any(isinstance(value, _LISTS) for value in column):
        return "list", *_encode_lists(column, name)
    if column.dtype.kind in "mM":
        raise ValueError(
            f"{name}, column {column.name!r}: a time ({column.dtype}) is no feature; make it a "
            "number, for example with .dt.year"
        )
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if is_number:
        require_numbers(column, name)
        if column.nunique() > NUMERIC_BINS:
            return "numeric", *_encode_numbers(column)
    values = column.to_numpy() if column.dtype == object else column
    codes, vocabulary = _encode_values(values, np.arange(len(values)), str(column.name), name)
    return "categorical", codes[:, None], vocabulary  # (rows, 1)


def _encode_values(
    values: Any, rows: np.ndarray, column: str, name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return codes of the distinct values, 1, 2, ... in sorted order (0 if missing), and texts.

    Args:
        values: (n,) of a column.
        rows: (n,) the row in which each stands.
        column: its name.
        name: of the table.
    """
    try:
        codes, unique = pd.factorize(values)
        known = list(unique)
        order = sorted(range(len(known)), key=known.__getitem__)
    except TypeError as error:
        kinds = [type(value) for value in values]
        number = next((n for n, kind in enumerate(kinds) if kind is not kinds[0]), 0)
        fault = f"its values are no plain numbers or strings of one type ({error})"
        raise CellError(
            name, column, int(rows[number]), fault, "convert them all to str"
        ) from error
    if wrong := _fault_of_texts(values, codes, known):
        raise CellError(name, column, int(rows[wrong[0]]), *wrong[1:])
    place = np.zeros(len(known) + 1, dtype=np.int64)  # the last entry serves code -1, missing
    place[order] = np.arange(1, len(known) + 1)
    return place[codes], (MISSING, *(str(known[number]) for number in order))


def _fault_of_texts(
    values: Any, codes: np.ndarray, known: list[Any]
) -> tuple[int, str, str] | None:
    """Find a value that a vocabulary can't tell from another: its number, fault and remedy."""
    for code, value in enumerate(known):
        if isinstance(value, str) and value == MISSING:
            number = int((codes == code).argmax())
            return number, f"{MISSING!r} stands for a missing value", "write another word"
    if not isinstance(values, np.ndarray) or all(isinstance(value, str) for value in known):
        return None  # values of one type
    for number, (value, code) in enumerate(zip(values, codes.tolist(), strict=True)):
        if code >= 0 and str(value) != str(known[code]):
            fault = f"{value} and {known[code]} are equal, but of different types"
            return number, fault, "write both in the same way"
    return None


def _encode_numbers(column: "pd.Series[Any]") -> tuple[np.ndarray, tuple[str, ...]]:
    """Sort numbers into quantile bins [a, b); the last one is [a, b]."""
    known = column.notna().to_numpy()
    values = column[known]
    # float64 can't tell all large integers apart.
    is_large = pd.api.types.is_integer_dtype(column) and int(values.abs().max()) > 2**53
    numbers = np.array(values.tolist(), dtype=object if is_large else np.float64)
    grid = np.linspace(0, 1, NUMERIC_BINS + 1)
    # "lower" makes every edge a value of the column, so that no bin is empty.
    if is_large:
        edges = np.unique(np.sort(numbers)[(grid * (len(numbers) - 1)).astype(np.int64)])
    else:
        edges = np.unique(np.quantile(numbers, grid, method="lower"))
    codes = np.zeros((len(column), 1), dtype=np.int64)  # (rows, 1)
    codes[known, 0] = 1 + np.searchsorted(edges[1:-1], numbers, side="right")
    text = [str(edge) for edge in edges] if is_large else _number_texts(edges)
    bins = [f"[{low}, {high})" for low, high in itertools.pairwise(text)]
    return codes, (MISSING, *bins[:-1], f"{bins[-1][:-1]}]")


def _number_texts(numbers: np.ndarray) -> list[str]:
    """Write numbers with the fewest digits that keep them different."""
    if (numbers == np.floor(numbers)).all():
        return [f"{number:.0f}" for number in numbers]
    tries = ([f"{number:.{digits}g}" for number in numbers] for digits in (4, 6, 9, 17))
    return next(texts for texts in tries if len(set(texts)) == len(texts))


def forbid_one_long_list(lengths: np.ndarray, column: str, name: str) -> None:
    """Refuse a list that makes the table of all lists, (rows, longest), mostly empty and large.

    Args:
        lengths: (rows,) int, of the lists.
        column: its name.
        name: of the table.

    Raises:
        CellError: a list of a length that is far from all others.
    """
    longest, size = int(lengths.max()), len(lengths) * int(lengths.max())
    if size > LARGE_TABLE and size > MOST_EMPTY * lengths.sum():
        raise CellError(
            name,
            column,
            int(lengths.argmax()),
            f"a list of {longest:,} values, where the mean is {lengths.mean():.1f}, would need "
            f"{size * 8 / 1e9:.1f} GB, since every list is padded to the longest",
            "shorten it",
        )


def _encode_lists(column: "pd.Series[Any]", name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Encode cells that hold lists; sets are sorted first, so that their order is fixed."""
    cells: list[list[Any]] = []
    for row, value in enumerate(column):
        if isinstance(value, _LISTS):
            is_set = isinstance(value, set | frozenset)
            cells.append(sorted(value, key=repr) if is_set else list(value))
        elif pd.isna(value):
            cells.append([])
        else:
            fault = f"{value!r} is no list, but other rows hold lists"
            remedy = "write it as a list with one entry"
            raise CellError(name, str(column.name), row, fault, remedy)
    lengths = np.array([len(cell) for cell in cells])
    forbid_one_long_list(lengths, str(column.name), name)
    flat = np.fromiter(itertools.chain.from_iterable(cells), dtype=object, count=lengths.sum())
    rows = np.repeat(np.arange(len(cells)), lengths)
    codes, vocabulary = _encode_values(flat, rows, str(column.name), name)
    values = np.zeros((len(cells), max(1, int(lengths.max()))), dtype=np.int64)  # (rows, W)
    columns = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values[rows, columns] = codes
    return values, vocabulary
