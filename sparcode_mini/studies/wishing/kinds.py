"""Which kinds of models of wishes are compared, and what is tried for each."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sparcode_mini.studies.wishing.models import (
    FILTER,
    IDF,
    AllLists,
    Constants,
    Entries,
    WishModel,
)
from sparcode_mini.studies.wishing.vectors import BestMatch, OneVector

TOWER = "two-tower"  # rows of the table


class Kind(NamedTuple):
    """A kind of model, and what is tried; the first value of an axis is where the search starts."""

    model: Callable[..., WishModel]
    grid: dict[str, tuple[Any, ...]]
    history: str = TOWER


RATES, CONSTANTS, LEAST_CLICKS = (1e-2, 1e-3, 3e-3, 3e-2, 1e-1), (15.0, 8.0, 30.0), (1, 2, 4)
TEACH = (1.0, 0.1, 10.0)
ONE, BEST_MATCH, FILTERED, CONSTANT, ENTRIES, RARITY, ALL_LISTS = KIND_NAMES = (
    "one vector", "MaxSim", "filter", "constants", "trained entries", "IDF", "all lists",
)  # fmt: skip
AS_WIDE = "trained entries, as wide"  # beside as many numbers for the history as constants have
KINDS: dict[str, Kind] = {
    ONE: Kind(OneVector, {"lr": RATES, "hidden": (0, 64), "teach": TEACH, "least": LEAST_CLICKS}),
    BEST_MATCH: Kind(
        BestMatch, {"lr": RATES, "vectors": (1, 2), "teach": TEACH, "least": LEAST_CLICKS}
    ),
    FILTERED: Kind(
        Constants, {"lr": RATES, "constant": (FILTER,), "trained": (False,), "least": LEAST_CLICKS}
    ),
    CONSTANT: Kind(Constants, {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS}),
    ENTRIES: Kind(
        Entries,
        {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS, "pull": (1.0, 0.1, 10.0),
         "extra": (None, 0.03, 0.3)},
    ),
    RARITY: Kind(IDF, {"lr": RATES, "constant": (2.0, 1.0, 4.0), "least": LEAST_CLICKS}),
    ALL_LISTS: Kind(
        AllLists, {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS},
        history="sparcode",
    ),
}  # fmt: skip
MAIN = (ONE, BEST_MATCH, FILTERED, CONSTANT, ENTRIES)  # the others at one size, in WITH_ALL
WITH_ALL = ("plain", "logs")
# What is compared: whether lists beat vectors, and whether anything trained in them beats a count.
PAIRS = (
    (CONSTANT, ONE), (CONSTANT, BEST_MATCH), (CONSTANT, FILTERED), (CONSTANT, RARITY),
    (ENTRIES, CONSTANT), (ALL_LISTS, CONSTANT), (ALL_LISTS, BEST_MATCH),
)  # fmt: skip
