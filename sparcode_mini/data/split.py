"""Ratings cut into training, validation and test; models and evaluation read this.

Models see positions only; people see raw ids and titles.
"""

import hashlib
import heapq
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data.aliases import english_title
from sparcode_mini.data.clean import show
from sparcode_mini.data.features import Feature
from sparcode_mini.tools.nearest import nearest_texts

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Ratings cut into training, validation and test; `Ratings.split` makes it.

    A part is "train", "validation", "test" or several joined by "+", such as "train+validation".

    Attributes:
        user_ids: (n_users,) sorted raw ids; a user's position is its place here.
        item_ids: (n_items,) sorted raw ids; an item's position is its place here.
        titles: (n_items,) texts, for people to read.
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
        """Return the number of users."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Return the number of items of the catalogue."""
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
            part: one part, or several joined by "+".

        Raises:
            ValueError: an unknown user or part.
        """
        return self._histories(self.user_positions(users), part)

    def _histories(self, positions: np.ndarray, part: str) -> list[np.ndarray]:
        pieces = [
            [self.items[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]
            for start, stop in _spans(self.cuts[positions], part)
        ]
        # np.concatenate copies, so a change of a history does not change the split.
        return [np.concatenate(spans) for spans in zip(*pieces, strict=True)]

    def user_positions(self, raw_ids: Any) -> np.ndarray:
        """Map raw user ids to positions, (n,) int64.

        Raises:
            ValueError: an unknown id; names it and the nearest known ones.
        """
        return _lookup(self._user_index, raw_ids, "user")

    def user_values(self, name: str) -> np.ndarray:
        """Return the values of a user feature, (n_users, W) int64.

        Raises:
            ValueError: an unknown feature.
        """
        for feature in self.user_features:
            if feature.name == name:
                return feature.values
        known = sorted(f.name for f in self.user_features)
        raise ValueError(f"user feature {name!r} is unknown; there are {known}")

    def item_positions(self, raw_ids: Any) -> np.ndarray:
        """Map raw item ids to positions, (n,) int64.

        Raises:
            ValueError: an unknown id; names it and the nearest known ones.
        """
        return _lookup(self._item_index, raw_ids, "item")

    def find_titles(self, titles: Iterable[str]) -> np.ndarray:
        """Map titles, written as in `titles`, to item positions, (n,) int64.

        Well-known films may also be named in Chinese: "星球大战" or "《星球大战》".

        Raises:
            ValueError: an unknown title (names close ones) or one that several items have (names
                their raw ids).
        """
        wanted = [titles] if isinstance(titles, str) else list(titles)
        return np.array([self._find_title(title) for title in wanted], dtype=np.int64)

    def _find_title(self, title: str) -> int:
        positions = self._title_positions.get(_composed(title), [])
        if not positions:
            positions = self._title_positions.get(_composed(english_title(title)), [])
        if len(positions) > 1:  # written alike, perhaps with other code points
            positions = [p for p in positions if self.titles[p] == title] or positions
        if len(positions) == 1:
            return positions[0]
        if positions:
            same = ", ".join(repr(value) for value in self.item_ids[positions].tolist())
            raise ValueError(
                f"title {title!r} belongs to {len(positions)} items, with ids {same}; "
                "give the id of the one that is meant"
            )
        near = nearest_texts(_composed(title), list(self._title_positions), least=0.4)
        hint = (
            f"did you mean {' or '.join(map(repr, near))}?"
            if near
            else "write it as the table of items does"
        )
        raise ValueError(f"no item has the title {title!r}; {hint}")

    @cached_property
    def _title_positions(self) -> dict[str, list[int]]:
        """Return the positions of the items of each title, composed as people type it (NFC)."""
        positions: dict[str, list[int]] = {}
        for position, title in enumerate(self.titles.tolist()):
            positions.setdefault(_composed(title), []).append(position)
        return positions

    @cached_property
    def _user_index(self) -> "pd.Index[Any]":
        index: pd.Index[Any] = pd.Index(self.user_ids, dtype=self.user_ids.dtype)
        return index

    @cached_property
    def _item_index(self) -> "pd.Index[Any]":
        index: pd.Index[Any] = pd.Index(self.item_ids, dtype=self.item_ids.dtype)
        return index

    @cached_property
    def fingerprint(self) -> str:
        """Return a short sha256 of ids and parts: equal for equal data, on every machine."""
        digest = hashlib.sha256()
        for ids in (self.user_ids, self.item_ids):
            digest.update("\n".join(map(repr, ids.tolist())).encode("utf-8"))
            digest.update(b"\0")
        for array in (self.cuts, self.items):
            digest.update(array.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def features_fingerprint(self) -> str:
        """Return a short sha256 of all features, which `fingerprint` leaves out."""
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


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", str(text))


def _lookup(index: "pd.Index[Any]", raw_ids: Any, key: str) -> np.ndarray:
    """Map one id, or a flat list of ids, to positions (n,) int64."""
    raw_ids = raw_ids.tolist() if hasattr(raw_ids, "tolist") else raw_ids
    wanted = [raw_ids] if pd.api.types.is_scalar(raw_ids) else list(raw_ids)
    wanted = [value.item() if isinstance(value, np.generic) else value for value in wanted]
    kind = int if index.dtype == np.int64 else str
    for value in wanted:
        # True would pass for 1, 5.0 for 5, and a nested list for nothing at all.
        if isinstance(value, bool) or not isinstance(value, kind | str | int):
            raise ValueError(f"unknown {key} {value!r}; give a flat list of ids from .{key}_ids")
    objects = np.fromiter(wanted, dtype=object, count=len(wanted))
    positions: np.ndarray = index.get_indexer(pd.Index(objects, dtype=object))
    if (positions < 0).any():
        unknown = wanted[int((positions < 0).argmax())]
        near = ", ".join(map(repr, _nearest(index, unknown)))
        raise ValueError(
            f"unknown {key} {show(unknown)}; the nearest of the {len(index):,} known ids are {near}"
        )
    return positions.astype(np.int64)


def _nearest(index: "pd.Index[Any]", unknown: str | int) -> list[Any]:
    """Pick up to three known ids that resemble the unknown one."""
    ids = index.to_numpy()
    if ids.dtype == np.int64 and isinstance(unknown, int):
        return heapq.nsmallest(3, ids.tolist(), key=lambda known: abs(known - unknown))
    by_text = {str(value): value for value in ids.tolist()}
    return [by_text[text] for text in nearest_texts(str(unknown), list(by_text))]
