"""Which kinds of models of wishes are compared, and what is tried for each."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sparcode_mini.studies.wishing.models import (
    FILTER,
    AllLists,
    Constants,
    Counted,
    Entries,
    WishModel,
)
from sparcode_mini.studies.wishing.rarity import IDF
from sparcode_mini.studies.wishing.vectors import BestMatch, OneVector

TOWER = "two-tower"  # rows of the table


class Axis(NamedTuple):
    """What is tried of an option, in order, and where the walk along it starts."""

    values: tuple[Any, ...]
    start: int


class Kind(NamedTuple):
    """A kind of model, and the axes along which its options are chosen, one after the other."""

    model: Callable[..., WishModel]
    grid: dict[str, Axis]
    history: str = TOWER


RATES, FAST = (Axis((1e-3, 3e-3, 1e-2, 3e-2, 1e-1), start) for start in (2, 3))
FASTER = Axis((*RATES.values, 0.3, 1.0), 3)
SLOW = Axis((1e-5, 3e-5, 1e-4, 3e-4, *RATES.values), 6)
CONSTANTS, LEAST_CLICKS = (
    Axis((4.0, 8.0, 15.0, 30.0, 60.0), 2),
    Axis((1, 2, 4, 8, 16, 32, 64, 128), 0),
)
TEACH = Axis((0.03, 0.1, 1.0, 10.0), 1)
ONE, BEST_MATCH, FILTERED, CONSTANT, ENTRIES, RARITY, ALL_LISTS = KIND_NAMES = (
    "one vector", "MaxSim", "filter", "constants", "trained entries", "IDF", "all lists",
)  # fmt: skip
COUNTED = "counted entries"  # only where clicks may be wrong
AS_WIDE = "trained entries, as wide"  # beside as many numbers for the history as constants have
KINDS: dict[str, Kind] = {
    ONE: Kind(
        OneVector, {"lr": FAST, "hidden": Axis((0, 64), 1), "teach": TEACH, "least": LEAST_CLICKS}
    ),
    BEST_MATCH: Kind(
        BestMatch,
        {"lr": FAST, "vectors": Axis((1, 2, 3), 0), "teach": TEACH, "least": LEAST_CLICKS},
    ),
    FILTERED: Kind(
        Constants,
        {"lr": RATES, "constant": Axis((FILTER,), 0), "trained": Axis((False,), 0),
         "least": LEAST_CLICKS},
    ),
    CONSTANT: Kind(Constants, {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS}),
    ENTRIES: Kind(
        Entries,
        {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS,
         "pull": Axis((0.01, 0.1, 1.0, 10.0, 100.0), 2),
         "extra": Axis((None, 0.3, 0.03, 0.003), 0)},
    ),
    COUNTED: Kind(
        Counted,
        {"lr": FASTER, "constant": CONSTANTS, "least": LEAST_CLICKS,
         "doubt": Axis((0.03, 0.06, 0.125, 0.25, 0.5, 1.0, 2.0), 5)},
    ),
    RARITY: Kind(
        IDF, {"lr": SLOW, "constant": Axis((0.5, 1.0, 2.0, 4.0), 2), "least": LEAST_CLICKS}
    ),
    ALL_LISTS: Kind(
        AllLists, {"lr": RATES, "constant": CONSTANTS, "least": LEAST_CLICKS},
        history="sparcode-sparse",
    ),
}  # fmt: skip
# An end of these is no end of the search: none fewer, or none at all.
NATURAL_ENDS = {"hidden": (0, 64), "vectors": (1,), "least": (1,), "extra": (None,)}
MAIN = (ONE, BEST_MATCH, FILTERED, CONSTANT, ENTRIES)  # the others at one size, in WITH_ALL
WITH_ALL = ("plain", "logs")
# What is compared: whether lists beat vectors, and whether anything trained in them beats a count.
PAIRS = (
    (CONSTANT, ONE), (CONSTANT, BEST_MATCH), (CONSTANT, FILTERED), (CONSTANT, RARITY),
    (ENTRIES, CONSTANT), (ENTRIES, BEST_MATCH), (ENTRIES, COUNTED), (COUNTED, BEST_MATCH),
    (ALL_LISTS, CONSTANT), (ALL_LISTS, BEST_MATCH),
)  # fmt: skip
