"""Tables of ratings with raw ids, and their cut in time.

A `Ratings` holds plain tables with raw ids. `Ratings.split` turns them into a `Split`
(`sparcode_mini.data.split`): users and items get positions 0..n-1 in the order of their sorted raw
ids. The interactions of each user are put in time order and cut into training, validation and test.
Every column that describes users or items becomes a `Feature` (`sparcode_mini.data.features`).
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data import movielens
from sparcode_mini.data.clean import clean_interactions, clean_side
from sparcode_mini.data.features import features_of, places_of, sorted_ids, titles_of
from sparcode_mini.data.split import Split
from sparcode_mini.tools.checks import number

__all__ = ["Ratings", "from_frames", "movielens_100k"]


@dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """Interactions, with tables of users and items; make it with `from_frames`.

    Attributes:
        interactions: columns user, item, timestamp and, if known, rating; in file order.
        users: column user (raw id) and one column per feature, or None.
        items: column item (raw id), perhaps title, and one column per feature, or None.
        source: the origin of the data, in words.
    """

    interactions: pd.DataFrame
    users: pd.DataFrame | None
    items: pd.DataFrame | None
    source: str

    def __repr__(self) -> str:
        return f"Ratings({len(self.interactions):,} interactions; {self.source})"

    def positives(self, positive_from: float) -> "Ratings":
        """Keep the interactions with a rating of `positive_from` or more.

        Raises:
            ValueError: no number, no ratings, or none that high.
        """
        positive_from = number(positive_from, "positive_from")
        if "rating" not in self.interactions.columns:
            raise ValueError(f"positive_from = {positive_from:g}, but the data has no ratings")
        ratings = self.interactions["rating"]
        kept = self.interactions[ratings >= positive_from].reset_index(drop=True)
        if len(kept) == 0:
            raise ValueError(
                f"positive_from = {positive_from:g}: no rating is that high; they are "
                f"{ratings.min()} to {ratings.max()}"
            )
        note = (
            f"the {len(kept):,} of {len(ratings):,} rows with a rating of {positive_from:g} or "
            "more are the positives"
        )
        return dataclasses.replace(self, interactions=kept, source=f"{self.source}; {note}")

    def split(self, test: float = 0.2, validation: float = 0.1) -> Split:
        """Cut each user's interactions, oldest first, into training, validation and test.

        Of a user's n interactions the last ``int(test * n)`` are test, the ``int(validation * n)``
        before them validation, the rest training. Interactions at equal times keep the row order
        of the table. A user with few interactions may have an empty test or validation part. The
        cut is per user, so training data of one user may be later than test data of another.

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


def movielens_100k() -> Ratings:
    """Load MovieLens-100K (943 users, 1,682 films, 100,000 ratings), downloading it once.

    `Ratings.source` names the source; `sparcode_mini.data.movielens` says where the file is kept
    and what the environment variable SPARCODE_DATA does. Users have age (years), gender and
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
    positive_from: float | None = None,
) -> Ratings:
    """Make `Ratings` of your own tables, after checks.

    Args:
        interactions: one row per event: user and item (raw ids, all int or all str), timestamp
            (int, float or datetime; only its order counts) and perhaps rating (a number). Other
            columns are dropped. The same user and item may occur at several times.
        users: a column user with each id once; every other column becomes a feature.
        items: a column item with each id once; "title" and "name" are labels, every other column
            becomes a feature.
        positive_from: keep only rows with this rating or more. By default every row is a positive,
            whatever its rating.

    Users and items that only one of the tables holds are kept: without a row in their table they
    have missing features, without interactions an empty history. A feature column holds lists (kind
    "list"), numbers with more than 16 distinct values (kind "numeric", quantile bins) or anything
    else (kind "categorical").

    Raises:
        ValueError: a table is empty, lacks a column, or has a missing value, a wrong type, a
            duplicate row or a duplicate id; names the value and what to do.
    """
    table = clean_interactions(interactions)
    ratings = Ratings(
        interactions=table,
        users=clean_side(users, "user", table["user"]),
        items=clean_side(items, "item", table["item"]),
        source="from_frames",
    )
    return ratings if positive_from is None else ratings.positives(positive_from)


def _check_fractions(test: float, validation: float) -> None:
    for name, fraction in (("test", test), ("validation", validation)):
        if not 0 <= fraction < 1:
            raise ValueError(f"{name}={fraction} is no fraction; give 0 <= {name} < 1")
    if test + validation >= 1:
        raise ValueError(
            f"test={test} and validation={validation} leave nothing to train on; "
            "their sum must be less than 1"
        )


def _positions_of_all(
    column: "pd.Series[Any]", table: pd.DataFrame | None, key: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return all ids, sorted, and the position of each row's id among them."""
    codes, unique = pd.factorize(column.to_numpy())
    known = unique if table is None else pd.unique(np.concatenate([unique, table[key].to_numpy()]))
    ids = sorted_ids(known)
    return ids, places_of(unique, ids)[codes]


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
