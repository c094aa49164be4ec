"""Worlds whose rules are known, so that the scores of a model can be compared with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sparcode_mini import data
from sparcode_mini.tools.top_k import top_k

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FieldsWorld:
    """Users are described by a few fields; each value of a field likes some items.

    A user likes an item if *any* of the fields does (an OR). The likes of different fields are
    independent. So one list of items per field value answers every query, while a single vector
    for a user must hold all the lists at once.

    Attributes:
        user_fields: (U, fields) int64, the value of each field; no two users are the same.
        likes: (fields, values, I) bool, which items a field value likes.
    """

    user_fields: npt.NDArray[np.int64]
    likes: Bools

    def __repr__(self) -> str:
        fields, values, n_items = self.likes.shape
        return f"FieldsWorld({self.n_users} users, {fields} fields x {values}, {n_items} items)"

    @property
    def n_users(self) -> int:
        """Return the number of users, U."""
        return len(self.user_fields)

    @property
    def n_items(self) -> int:
        """Return the number of items, I."""
        return int(self.likes.shape[2])

    def oracle(self, users: npt.ArrayLike | None = None) -> npt.NDArray[np.float64]:
        """Score by the rules of the world: how many fields of the user like the item.

        Args:
            users: (B,) positions; None for all users.

        Returns:
            (B, I) float64, 0 to the number of fields.

        Raises:
            ValueError: a position outside 0..U-1.
        """
        rows = self.user_fields[self._positions(users)]  # (B, fields)
        fields = np.arange(rows.shape[1])
        scores: npt.NDArray[np.float64] = self.likes[fields, rows].sum(axis=1, dtype=np.float64)
        return scores  # (B, I)

    def relevant(self, users: npt.ArrayLike | None = None) -> Bools:
        """Return (B, I) bool: liked by any field of the user; arguments as `oracle`."""
        liked: Bools = self.oracle(users) > 0
        return liked

    def r_precision(self, scores: npt.ArrayLike, users: npt.ArrayLike | None = None) -> float:
        """Return the mean share of relevant items among the first R of each user.

        R is the number of the user's relevant items. Users who like nothing are left out. The
        oracle gets 1; random scores get about the share of items that are relevant.

        Args:
            scores: (B, I) scores of all items.
            users: (B,) positions; None for all users.

        Raises:
            ValueError: scores of another shape, or no user likes anything.
        """
        relevant = self.relevant(users)
        if np.shape(scores) != relevant.shape:
            raise ValueError(
                f"scores have shape {np.shape(scores)}; expected (users, items) = {relevant.shape}"
            )
        sizes = relevant.sum(axis=1)  # (B,)
        if sizes.max(initial=0) == 0:
            raise ValueError("none of these users likes anything; make a world with more likes")
        ranked, _ = top_k(scores, int(sizes.max()))
        hits = np.take_along_axis(relevant, np.maximum(ranked, 0), axis=1) & (ranked >= 0)
        hits &= np.arange(ranked.shape[1]) < sizes[:, None]  # only the first R places of each
        known = sizes > 0
        return float((hits.sum(axis=1)[known] / sizes[known]).mean())

    def ratings(self, seed: int = 0) -> data.Ratings:
        """Return the world as ratings: every liked item once, in a random order for each user.

        Users have one categorical feature for each field; raw ids are the positions. Users who like
        nothing keep their features and have no interactions.

        Args:
            seed: decides the order of each user's interactions.
        """
        users, items = np.nonzero(self.relevant())
        order = np.lexsort((np.random.default_rng(seed).random(len(users)), users))
        first = np.searchsorted(users, users)  # users is sorted, and stays so in this order
        interactions = pd.DataFrame(
            {"user": users, "item": items[order], "timestamp": np.arange(len(users)) - first}
        )
        # as text: a column of many different numbers would be cut into bins
        table = {
            f"field {f}": [str(value) for value in column]
            for f, column in enumerate(self.user_fields.T)
        }
        return data.from_frames(
            interactions,
            users=pd.DataFrame({"user": np.arange(self.n_users), **table}),
            items=pd.DataFrame({"item": np.arange(self.n_items)}),
        )

    def _positions(self, users: npt.ArrayLike | None) -> npt.NDArray[np.int64]:
        if users is None:
            return np.arange(self.n_users, dtype=np.int64)
        positions = np.asarray(users)
        if positions.ndim != 1 or not np.issubdtype(positions.dtype, np.integer):
            raise ValueError(f"users must be a list of positions, not {positions!r}")
        wrong = positions[(positions < 0) | (positions >= self.n_users)]
        if len(wrong):
            raise ValueError(f"there is no user {wrong[0]}; positions are 0 to {self.n_users - 1}")
        return positions.astype(np.int64)


def fields_world(
    fields: int = 3,
    values: int = 16,
    n_items: int = 400,
    likes: float = 0.05,
    n_users: int = 1200,
    seed: int = 0,
) -> FieldsWorld:
    """Draw a `FieldsWorld`: each (field value, item) pair is liked independently.

    The users are different combinations of values, so a user held out for a test is a combination
    that training has not seen. An item is relevant with probability 1 - (1 - likes)^fields.

    Args:
        fields: fields of a user.
        values: values of a field.
        n_items: items, I.
        likes: probability that a field value likes an item.
        n_users: users, U; at most values^fields.
        seed: of the random numbers.

    Raises:
        ValueError: a size below 1, a probability outside 0..1, or more users than combinations.
    """
    sizes = {"fields": fields, "values": values, "n_items": n_items, "n_users": n_users}
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")
    if not 0 <= likes <= 1:
        raise ValueError(f"likes is {likes}; it is a probability, 0 to 1")
    if n_users > values**fields:
        raise ValueError(
            f"n_users is {n_users}, but {fields} fields of {values} values make only "
            f"{values**fields} different users; ask for fewer users or more values"
        )
    rng = np.random.default_rng(seed)
    combinations = rng.choice(values**fields, size=n_users, replace=False)  # (U,)
    user_fields = np.stack(np.unravel_index(combinations, (values,) * fields), axis=1)
    liked = rng.random((fields, values, n_items)) < likes  # (fields, values, I)
    return FieldsWorld(user_fields.astype(np.int64), liked)


def clusters_2d(
    n: int = 300, clusters: int = 5, spread: float = 0.3, seed: int = 0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Draw points around centres that stand on a rough ring, for pictures of quantisers.

    Args:
        n: points.
        clusters: centres, at equal angles and 1 to 2 away from the origin.
        spread: standard deviation of the points around their centre.
        seed: of the random numbers.

    Returns:
        points (n, 2) float64, labels (n,) int64; clusters differ in size by at most one point.

    Raises:
        ValueError: fewer points than clusters, no cluster, or a negative spread.
    """
    if not 1 <= clusters <= n:
        raise ValueError(f"clusters is {clusters}; it must be between 1 and the {n} points")
    if spread < 0:
        raise ValueError(f"spread is {spread}; a standard deviation is not negative")
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * (rng.random() + np.arange(clusters)) / clusters
    radius = rng.uniform(1, 2, size=clusters)
    centres = radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (clusters, 2)
    labels = rng.permutation(np.arange(n, dtype=np.int64) % clusters)
    return centres[labels] + spread * rng.normal(size=(n, 2)), labels


def dice_world(
    n_users: int = 400, n_items: int = 40, length: int = 20, seed: int = 0
) -> data.Ratings:
    """Draw histories that nobody can predict: every user gets random items, none twice.

    A model that predicts anything here has seen it in advance.

    Raises:
        ValueError: histories longer than the catalogue.
    """
    if not 1 <= length <= n_items:
        raise ValueError(f"length = {length}; without repeats it must be 1 to n_items = {n_items}")
    rng = np.random.default_rng(seed)
    items = np.concatenate([rng.permutation(n_items)[:length] for _ in range(n_users)])
    return data.from_frames(
        pd.DataFrame(
            {
                "user": np.repeat(np.arange(n_users), length),
                "item": items,
                "timestamp": np.tile(np.arange(length), n_users),
            }
        )
    )
