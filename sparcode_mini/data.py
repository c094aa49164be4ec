"""Ratings, their split in time, and features as indices into vocabularies.

A `Ratings` holds plain tables with raw ids. `Ratings.split` turns them into a `Split`: users and
items get positions 0..n-1 (in the order of their sorted raw ids), each user's interactions are put
in time order and cut into training, validation and test, and every column that describes users or
items becomes a `Feature`. Models see positions only; people see raw ids and titles.
"""

import dataclasses
import difflib
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini import movielens

PARTS = ("train", "validation", "test")
MISSING = "(missing)"
NUMERIC_BINS = 16
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


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """Interactions and what is known of users and items; make it with `from_frames`.

    Attributes:
        interactions: columns user, item, timestamp and, if known, rating; in file order.
        users: column user (raw id) and one column per feature, or None.
        items: column item (raw id), perhaps title, and one column per feature, or None.
        source: where the data comes from.
    """

    interactions: pd.DataFrame
    users: pd.DataFrame | None
    items: pd.DataFrame | None
    source: str

    def __repr__(self) -> str:
        return f"Ratings({len(self.interactions):,} interactions; {self.source})"

    def split(self, test: float = 0.2, validation: float = 0.1) -> "Split":
        """Cut each user's interactions, oldest first, into training, validation and test.

        Of a user's n interactions the last ``int(test * n)`` are test, the ``int(validation * n)``
        before them validation, the rest training. Equal times keep the row order of the table:
        "later" means later in this order. A user with few interactions may have an empty test or
        validation part. The cut is per user, so training data of one user may be younger than
        test data of another.

        Args:
            test: fraction, 0 <= test < 1.
            validation: fraction, 0 <= validation < 1, with test + validation < 1.

        Raises:
            ValueError: a fraction is out of range.
        """
        _check_fractions(test, validation)
        table = self.interactions
        user_ids, users = _positions_of_all(table["user"], self.users, "user")
        item_ids, items = _positions_of_all(table["item"], self.items, "item")
        order = _order_by_user_and_time(users, table["timestamp"].to_numpy())
        return Split(
            user_ids=user_ids,
            item_ids=item_ids,
            titles=_titles(self.items, item_ids),
            item_features=_features(self.items, item_ids, "item"),
            user_features=_features(self.users, user_ids, "user"),
            cuts=_cuts(np.bincount(users, minlength=len(user_ids)), test, validation),
            items=items[order],
            times=table["timestamp"].to_numpy()[order],
        )


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Ratings cut into training, validation and test; made by `Ratings.split`.

    A part is "train", "validation", "test" or several joined by "+", such as "train+validation".

    Attributes:
        user_ids: (n_users,) sorted raw ids; a user's position is its place here.
        item_ids: (n_items,) sorted raw ids; an item's position is its place here.
        titles: (n_items,) str, for people to read.
        item_features: features of the items, in position order.
        user_features: features of the users, in position order.
        cuts: (n_users, 4) int64; user u's parts are ``items[cuts[u, 0]:cuts[u, 1]]`` (training),
            ``[cuts[u, 1]:cuts[u, 2]]`` (validation) and ``[cuts[u, 2]:cuts[u, 3]]`` (test).
        items: (n_interactions,) int64 item positions, user by user, oldest first.
        times: (n_interactions,) timestamps that belong to `items`.
    """

    user_ids: np.ndarray
    item_ids: np.ndarray
    titles: np.ndarray
    item_features: tuple[Feature, ...]
    user_features: tuple[Feature, ...]
    cuts: np.ndarray
    items: np.ndarray
    times: np.ndarray

    def __repr__(self) -> str:
        parts = ", ".join(f"{part} {self.count(part):,}" for part in PARTS)
        return f"Split({self.n_users:,} users, {self.n_items:,} items; {parts})"

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of items of the catalogue."""
        return len(self.item_ids)

    def count(self, part: str) -> int:
        """Count the interactions of a part."""
        return sum(int((stop - start).sum()) for start, stop in _spans(self.cuts, part))

    def histories(self, part: str = "train+validation") -> list[np.ndarray]:
        """List every user's item positions (int64, oldest first), in position order of users."""
        return self._histories(np.arange(self.n_users), part)

    def history(self, users: Any, part: str = "train+validation") -> list[np.ndarray]:
        """List the item positions (int64, oldest first) of some users.

        Args:
            users: raw ids.
            part: which part or parts.

        Raises:
            ValueError: an unknown user or part.
        """
        return self._histories(self.user_positions(users), part)

    def _histories(self, positions: np.ndarray, part: str) -> list[np.ndarray]:
        pieces = [
            [self.items[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]
            for start, stop in _spans(self.cuts[positions], part)
        ]
        # np.concatenate copies: nobody can change the split through a history.
        return [np.concatenate(own) for own in zip(*pieces, strict=True)]

    def user_positions(self, raw_ids: Any) -> np.ndarray:
        """Map raw user ids to positions, (n,) int64.

        Raises:
            ValueError: an unknown id; names it and the nearest known ones.
        """
        return _lookup(self._user_index, raw_ids, "user")

    def item_positions(self, raw_ids: Any) -> np.ndarray:
        """Map raw item ids to positions, (n,) int64.

        Raises:
            ValueError: an unknown id; names it and the nearest known ones.
        """
        return _lookup(self._item_index, raw_ids, "item")

    def find_titles(self, titles: Iterable[str]) -> np.ndarray:
        """Map titles, written as in `titles`, to item positions, (n,) int64.

        Raises:
            ValueError: an unknown title (names close ones) or one that several items have (names
                their raw ids).
        """
        wanted = [titles] if isinstance(titles, str) else list(titles)
        return np.array([self._find_title(title) for title in wanted], dtype=np.int64)

    def _find_title(self, title: str) -> int:
        found = self._title_positions.get(title, [])
        if len(found) == 1:
            return found[0]
        if found:
            same = ", ".join(repr(self.item_ids[position].item()) for position in found)
            raise ValueError(
                f"title {title!r} belongs to {len(found)} items, with ids {same}; "
                "choose one with item_positions([id])"
            )
        near = difflib.get_close_matches(str(title), list(self._title_positions), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see .titles for all"
        raise ValueError(f"no item has the title {title!r}; {hint}")

    @cached_property
    def _title_positions(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, title in enumerate(self.titles.tolist()):
            found.setdefault(title, []).append(position)
        return found

    @cached_property
    def _user_index(self) -> "pd.Index[Any]":
        index: pd.Index[Any] = pd.Index(self.user_ids)
        return index

    @cached_property
    def _item_index(self) -> "pd.Index[Any]":
        index: pd.Index[Any] = pd.Index(self.item_ids)
        return index

    @cached_property
    def fingerprint(self) -> str:
        """Short sha256 of ids and parts: equal for equal data, on every machine."""
        digest = hashlib.sha256()
        for ids in (self.user_ids, self.item_ids):
            digest.update("\n".join(map(repr, ids.tolist())).encode("utf-8"))
            digest.update(b"\0")
        for array in (self.cuts, self.items):
            digest.update(array.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    def ties_before(self, part: str = "test") -> int:
        """Count users whose first interaction of `part` has the same time as the one before it.

        For them the order of rows in the table decides what is "future".
        """
        if part not in PARTS[1:]:
            raise ValueError(f"part {part!r} has no boundary before it; use one of {PARTS[1:]}")
        column = PARTS.index(part)
        first = self.cuts[:, column]
        inside = (first > self.cuts[:, 0]) & (first < self.cuts[:, column + 1])
        first = first[inside]
        return int((self.times[first] == self.times[first - 1]).sum())


def movielens_100k() -> Ratings:
    """Load MovieLens-100K (943 users, 1,682 films, 100,000 ratings), downloading it once.

    `Ratings.source` says which source served; see `sparcode_mini.movielens` for where the file is
    kept and for the environment variable SPARCODE_DATA. Users have age (years), gender and
    occupation; films have title, year and genres. Please cite Harper and Konstan (2015).

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and holds nothing usable.
        ConnectionError: the data could not be downloaded.
    """
    tables = movielens.load()
    ratings = from_frames(tables.interactions, users=tables.users, items=tables.items)
    return dataclasses.replace(ratings, source=f"MovieLens-100K, {tables.source}")


def from_frames(
    interactions: pd.DataFrame,
    users: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
) -> Ratings:
    """Check tables of your own and wrap them up.

    Args:
        interactions: one row per event: user and item (raw ids, all int or all str), timestamp
            (int, float or datetime; only its order counts) and perhaps rating (a number). Other
            columns are dropped. The same user and item may meet at several times.
        users: a column user with each id once; every other column becomes a feature.
        items: a column item with each id once; "title" and "name" are labels, every other column
            becomes a feature.

    Users or items that only one of the tables has are kept: without a row of their own they have
    missing features, without interactions an empty history. A feature column holds lists (kind
    "list"), numbers with more than 16 distinct values (kind "numeric", quantile bins) or anything
    else (kind "categorical").

    Raises:
        ValueError: a table is empty, lacks a column, or has a missing value, a wrong type, a
            duplicate row or a duplicate id; names the value and what to do.
    """
    table = _clean_interactions(interactions)
    return Ratings(
        interactions=table,
        users=_clean_side(users, "user", table["user"]),
        items=_clean_side(items, "item", table["item"]),
        source="from_frames",
    )


# --- checks of the tables -------------------------------------------------------------------


def _require_frame(table: object, name: str, columns: Sequence[str]) -> None:
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{name} is a {type(table).__name__}; give a pandas DataFrame")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"{name} has two columns named {twice!r}; rename or drop one")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"{name} lacks the column {missing[0]!r}; it has {list(table.columns)}: rename with "
            ".rename(columns={'old': 'new'})"
        )


def _show(value: Any) -> str:
    """Write a value as people do: 10, not np.int64(10)."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def _forbid_missing(table: pd.DataFrame, column: str, name: str) -> None:
    missing = table[column].isna().to_numpy()
    if missing.any():
        row = int(missing.argmax())
        raise ValueError(
            f"{name}, column {column!r}, row {row}: missing value {_show(table[column].iloc[row])} "
            f"({int(missing.sum())} in all); drop such rows with .dropna(subset=[{column!r}])"
        )


def _clean_interactions(interactions: pd.DataFrame) -> pd.DataFrame:
    """Return a checked copy with the known columns only."""
    _require_frame(interactions, "interactions", ("user", "item", "timestamp"))
    if len(interactions) == 0:
        raise ValueError("the interactions table is empty; give at least one row")
    optional = ["rating"] if "rating" in interactions.columns else []
    table = interactions[["user", "item", "timestamp", *optional]].reset_index(drop=True)
    for column in table.columns:
        _forbid_missing(table, column, "interactions")
    table = table.assign(
        user=_clean_ids(table["user"], "interactions"),
        item=_clean_ids(table["item"], "interactions"),
        timestamp=_clean_times(table["timestamp"]),
    )
    if optional:
        _require_numbers(table["rating"], "interactions")
    _forbid_duplicates(table)
    return table


def _clean_ids(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return ids as int64, or as Python strings in an object column."""
    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind == "integer":
        limits = np.iinfo(np.int64)
        for extreme in (int(column.min()), int(column.max())):
            if not limits.min <= extreme <= limits.max:
                raise ValueError(
                    f"{name}, column {column.name!r}: {extreme} does not fit into 64 bits; "
                    "convert the column with .astype(str)"
                )
        return column.astype("int64")
    if kind == "string":
        return column.astype(object)
    remedy = ".astype('int64')" if kind in ("floating", "decimal") else ".astype(str)"
    raise ValueError(
        f"{name}, column {column.name!r}: ids must be all int or all str, not {kind} "
        f"(the first is {_show(column.iloc[0])}); convert the column with {remedy}"
    )


def _clean_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return timestamps as numbers; datetimes become int64 counts of their own unit."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64")
    _require_numbers(column, "interactions")
    return column.astype("int64" if pd.api.types.is_integer_dtype(column) else "float64")


def _require_numbers(column: "pd.Series[Any]", name: str) -> None:
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not is_number:
        raise ValueError(
            f"{name}, column {column.name!r}: expected numbers, got {column.dtype} (the first is "
            f"{_show(column.iloc[0])}); convert it with pd.to_numeric or pd.to_datetime"
        )
    infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if infinite.any():
        row = int(infinite.argmax())
        raise ValueError(
            f"{name}, column {column.name!r}, row {row}: {column.iloc[row]} is not finite; "
            "replace or drop it"
        )


def _forbid_duplicates(table: pd.DataFrame) -> None:
    again = table.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"interactions has {int(again.sum())} duplicate rows; the first is row {row}: "
            f"{table.iloc[row].to_dict()}; remove them with .drop_duplicates()"
        )


def _clean_side(
    table: pd.DataFrame | None, key: str, seen: "pd.Series[Any]"
) -> pd.DataFrame | None:
    """Check the table of users (key "user") or items (key "item")."""
    if table is None:
        return None
    name = f"{key}s"
    _require_frame(table, name, (key,))
    table = table.reset_index(drop=True)
    _forbid_missing(table, key, name)
    if len(table) == 0:
        raise ValueError(f"the {name} table is empty; give rows or leave {name} out")
    ids = _clean_ids(table[key], name)
    if (ids.dtype == object) != (seen.dtype == object):
        raise ValueError(
            f"{name}, column {key!r}: id {_show(ids.iloc[0])} is of another type than id "
            f"{_show(seen.iloc[0])} in interactions; convert one of them with .astype"
        )
    again = ids.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"{name} has the id {_show(ids.iloc[row])} more than once (again in row {row}); "
            f"keep one row each with .drop_duplicates({key!r})"
        )
    return table.assign(**{key: ids})


# --- positions and order ----------------------------------------------------------------------


def _check_fractions(test: float, validation: float) -> None:
    for name, fraction in (("test", test), ("validation", validation)):
        if not 0 <= fraction < 1:
            raise ValueError(f"{name}={fraction} is no fraction; give 0 <= {name} < 1")
    if test + validation >= 1:
        raise ValueError(
            f"test={test} and validation={validation} leave nothing to train on; "
            "their sum must be less than 1"
        )


def _sorted_array(ids: Any) -> np.ndarray:
    """Sort ids of one type into an int64 or a fixed-width str array."""
    return np.sort(np.asarray(ids, dtype=np.str_ if ids.dtype == object else np.int64))


def _positions_of_all(
    column: "pd.Series[Any]", table: pd.DataFrame | None, key: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return all ids, sorted, and the position of each row's id among them."""
    codes, unique = pd.factorize(column.to_numpy())
    known = unique if table is None else pd.unique(np.concatenate([unique, table[key].to_numpy()]))
    ids = _sorted_array(known)
    place = pd.Index(ids).get_indexer(pd.Index(unique))
    return ids, place[codes].astype(np.int64)


def _order_by_user_and_time(users: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Sort rows by user, then time; both sorts are stable, so ties keep their row order."""
    by_time = np.argsort(times, kind="stable")
    return by_time[np.argsort(users[by_time], kind="stable")]


def _cuts(counts: np.ndarray, test: float, validation: float) -> np.ndarray:
    """Turn the users' numbers of interactions into the boundaries of their parts: (n, 4)."""
    # The same float product as int(test * n) in plain Python; int() of a positive is its floor.
    n_test = np.floor(test * counts).astype(np.int64)
    n_validation = np.floor(validation * counts).astype(np.int64)
    stops = np.cumsum(counts)
    starts = stops - counts
    return np.stack([starts, stops - n_test - n_validation, stops - n_test, stops], axis=1).astype(
        np.int64
    )  # (n_users, 4)


def _spans(cuts: np.ndarray, part: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (start, stop) arrays, one pair per part named in `part`, oldest part first."""
    names = part.split("+")
    unknown = [name for name in names if name not in PARTS]
    if unknown or len(set(names)) < len(names):
        raise ValueError(
            f"part {part!r} is not known; use 'train', 'validation', 'test' or several of them "
            "joined by '+', such as 'train+validation'"
        )
    columns = sorted(PARTS.index(name) for name in names)
    return [(cuts[:, column], cuts[:, column + 1]) for column in columns]


def _lookup(index: "pd.Index[Any]", raw_ids: Any, key: str) -> np.ndarray:
    raw_ids = raw_ids.tolist() if hasattr(raw_ids, "tolist") else raw_ids
    wanted = [raw_ids] if isinstance(raw_ids, str | int) else list(raw_ids)
    for value in wanted:
        # True would pass for 1, and a nested list for nothing at all.
        if isinstance(value, bool) or not pd.api.types.is_scalar(value):
            raise ValueError(f"unknown {key} {value!r}; give a flat list of ids from .{key}_ids")
    if not wanted:
        return np.empty(0, dtype=np.int64)
    positions = index.get_indexer(pd.Index(wanted, dtype=object).infer_objects())
    if (positions < 0).any():
        unknown = wanted[int((positions < 0).argmax())]
        near = ", ".join(map(repr, _nearest(index, unknown)))
        raise ValueError(
            f"unknown {key} {_show(unknown)}; the nearest known ids are {near}; "
            f"all {len(index)} are in .{key}_ids"
        )
    return positions.astype(np.int64)


def _nearest(index: "pd.Index[Any]", unknown: object) -> list[Any]:
    """Pick up to three known ids that resemble the unknown one."""
    ids = index.to_numpy()
    if ids.dtype == np.int64 and isinstance(unknown, int | float | np.number):
        near = ids[np.argsort(np.abs(ids - float(unknown)), kind="stable")[:3]]
        return list(near.tolist())
    middle = int(np.searchsorted(ids.astype(np.str_), str(unknown))) if ids.dtype.kind != "i" else 0
    # difflib is slow: look only at the neighbours in the sorted order.
    known = ids[max(0, middle - 1000) : middle + 1000].tolist()
    by_text = {str(value): value for value in known}
    close = difflib.get_close_matches(str(unknown), list(by_text), n=3, cutoff=0.0)
    return [by_text[text] for text in close]


# --- labels and features ----------------------------------------------------------------------


def _titles(table: pd.DataFrame | None, item_ids: np.ndarray) -> np.ndarray:
    titles = np.array([str(value) for value in item_ids.tolist()], dtype=object)
    label = next((c for c in LABEL_COLUMNS if table is not None and c in table.columns), None)
    if table is None or label is None:
        return titles.astype(np.str_)
    where = np.searchsorted(item_ids, table["item"].to_numpy().astype(item_ids.dtype))
    years = table["year"] if "year" in table.columns else itertools.repeat(None)
    for position, title, year in zip(where.tolist(), table[label], years, strict=False):
        if pd.api.types.is_scalar(title) and not pd.isna(title):
            titles[position] = _title_with_year(str(title), year)
    return titles.astype(np.str_)


def _title_with_year(title: str, year: Any) -> str:
    if not pd.api.types.is_scalar(year) or pd.isna(year):
        return title
    # A column with gaps is often float: 1995.0 is the year 1995.
    text = f"{year:.0f}" if isinstance(year, float | np.floating) else str(year)
    return title if title.endswith(f"({text})") else f"{title} ({text})"


def _features(table: pd.DataFrame | None, ids: np.ndarray, key: str) -> tuple[Feature, ...]:
    """Make a feature of every column that is neither the id nor a label."""
    if table is None:
        return ()
    labels = LABEL_COLUMNS if key == "item" else ()
    rows = np.searchsorted(ids, table[key].to_numpy().astype(ids.dtype))
    features = []
    for column in table.columns:
        if column == key or column in labels:
            continue
        kind, inner, vocabulary = _encode(table[column], f"{key}s")
        values = np.zeros((len(ids), inner.shape[1]), dtype=np.int64)  # (n, W)
        values[rows] = inner
        features.append(Feature(str(column), kind, values, vocabulary))
    return tuple(features)


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
        _require_numbers(column, name)
        if column.nunique() > NUMERIC_BINS:
            return "numeric", *_encode_numbers(column)
    codes, vocabulary = _encode_values(column, str(column.name), name)
    return "categorical", codes[:, None], vocabulary  # (rows, 1)


def _encode_values(values: Any, column: str, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number distinct values from 1 in sorted order; missing values are 0."""
    try:
        codes, unique = pd.factorize(values)
        known = list(unique)
        order = sorted(range(len(known)), key=known.__getitem__)
    except TypeError as error:
        raise ValueError(
            f"{name}, column {column!r}: its values are no plain numbers or strings of one type "
            f"({error}); convert them all to str"
        ) from error
    place = np.zeros(len(known) + 1, dtype=np.int64)  # the last entry serves code -1, missing
    place[order] = np.arange(1, len(known) + 1)
    return place[codes], (MISSING, *(str(known[number]) for number in order))


def _encode_numbers(column: "pd.Series[Any]") -> tuple[np.ndarray, tuple[str, ...]]:
    """Sort numbers into quantile bins [a, b); the last one is [a, b]."""
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    grid = np.linspace(0, 1, NUMERIC_BINS + 1)
    # method="lower" makes every edge a value of the column, so that no bin is empty.
    edges = np.unique(np.quantile(numbers[known], grid, method="lower"))
    codes = np.zeros((len(numbers), 1), dtype=np.int64)  # (rows, 1)
    codes[known, 0] = 1 + np.searchsorted(edges[1:-1], numbers[known], side="right")
    text = _number_texts(edges)
    bins = [f"[{low}, {high})" for low, high in itertools.pairwise(text)]
    return codes, (MISSING, *bins[:-1], f"{bins[-1][:-1]}]")


def _number_texts(numbers: np.ndarray) -> list[str]:
    """Write numbers with as few digits as keep them apart."""
    if (numbers == np.floor(numbers)).all():
        return [f"{number:.0f}" for number in numbers]
    for digits in (4, 6, 9, 17):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(texts):
            break
    return texts


def _encode_lists(column: "pd.Series[Any]", name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Encode cells that hold lists; sets are sorted first, for the same result every time."""
    cells: list[list[Any]] = []
    for row, value in enumerate(column):
        if isinstance(value, _LISTS):
            is_set = isinstance(value, set | frozenset)
            cells.append(sorted(value, key=repr) if is_set else list(value))
        elif pd.isna(value):
            cells.append([])
        else:
            raise ValueError(
                f"{name}, column {column.name!r}, row {row}: {value!r} is no list, but other rows "
                "hold lists; write it as a list with one entry"
            )
    lengths = np.array([len(cell) for cell in cells])
    flat = np.fromiter(itertools.chain.from_iterable(cells), dtype=object, count=lengths.sum())
    codes, vocabulary = _encode_values(flat, str(column.name), name)
    values = np.zeros((len(cells), max(1, int(lengths.max()))), dtype=np.int64)  # (rows, W)
    rows = np.repeat(np.arange(len(cells)), lengths)
    columns = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values[rows, columns] = codes
    return values, vocabulary
