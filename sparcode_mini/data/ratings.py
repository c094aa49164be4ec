"""Ratings, their split in time, and features as indices into vocabularies.

A `Ratings` holds plain tables with raw ids. `Ratings.split` turns them into a `Split`: users and
items get positions 0..n-1 (in the order of their sorted raw ids), each user's interactions are put
in time order and cut into training, validation and test, and every column that describes users or
items becomes a `Feature`
(`sparcode_mini.features`). Models see positions only; people see raw ids and titles.
"""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data import movielens
from sparcode_mini.data.clean import clean_interactions, clean_side, show
from sparcode_mini.data.features import Feature, features_of, titles_of

__all__ = ["PARTS", "Feature", "Ratings", "Split", "from_frames", "movielens_100k"]

PARTS = ("train", "validation", "test")


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
            titles=titles_of(self.items, item_ids),
            item_features=features_of(self.items, item_ids, "item"),
            user_features=features_of(self.users, user_ids, "user"),
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

    @cached_property
    def features_fingerprint(self) -> str:
        """Short sha256 of the features of items and users, which `fingerprint` leaves out."""
        digest = hashlib.sha256()
        for features in (self.item_features, self.user_features):
            for f in features:
                head = [f.name, f.kind, f.vocabulary, f.values.shape]
                digest.update(json.dumps(head).encode("ascii"))
                digest.update(f.values.astype("<i8").tobytes())
            digest.update(b"\0")
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
    table = clean_interactions(interactions)
    return Ratings(
        interactions=table,
        users=clean_side(users, "user", table["user"]),
        items=clean_side(items, "item", table["item"]),
        source="from_frames",
    )


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
            f"unknown {key} {show(unknown)}; the nearest known ids are {near}; "
            f"all {len(index)} are in .{key}_ids"
        )
    return positions.astype(np.int64)


def _nearest(index: "pd.Index[Any]", unknown: object) -> list[Any]:
    """Pick up to three known ids that resemble the unknown one."""
    ids = index.to_numpy()
    if ids.dtype == np.int64 and isinstance(unknown, int | float | np.number):
        near = ids[np.argsort(np.abs(ids - float(unknown)), kind="stable")[:3]]
        return list(near.tolist())
    by_text = {str(value): value for value in ids.tolist()}
    close = difflib.get_close_matches(str(unknown), list(by_text), n=3, cutoff=0.0)
    return [by_text[text] for text in close]
