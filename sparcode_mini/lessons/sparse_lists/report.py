"""What lesson 07 measures of its lists, and the studies `front` and `shorter_lists` in words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sparcode_mini.evaluation.metrics import ndcg_at
from sparcode_mini.evaluation.paired import holds, with_interval
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.index.search import CodesLike
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.studies.front import AGAIN, GRAPH, ItemStorage, best_at, front_of, settings

UNEQUAL = (10_000, 16_000)  # bytes at which the matrix is also shown limited


RULES = ("all 15", "all that are not 0", "all above 0", "the best of each row")


def least_stored(S_b: Float[np.ndarray, "N I"]) -> tuple[str, str]:
    """Return the rule that stores least of a table and loses nothing, and a line for each rule.

    Args:
        S_b: scores of N codes against I items, with the bias and before the ReLU; 15 of them.
    """
    best = S_b == S_b.max(axis=1, keepdims=True)
    keeps = np.ones(S_b.shape, dtype=bool), S_b != 0, S_b > 0, best
    lossless, lines = {}, []
    for rule, keep in zip(RULES, keeps, strict=True):
        entries = np.maximum(np.where(keep, S_b, 0), 0)  # (N, I), what is then added up
        wrong = int((entries != np.maximum(S_b, 0)).sum())
        lines.append(f"{rule:<21} stores {keep.sum():>2}; entries that come out wrong: {wrong}")
        if not wrong:
            lossless[rule] = int(keep.sum())
    return min(lossless, key=lambda rule: lossless[rule]), "\n".join(lines)


class Readings(NamedTuple):
    """How the lists of an index answer everybody."""

    entries: int
    kept: float  # share of the exact answer
    empty: int  # people without any film
    missing: float  # share of the people with a code that has no list
    ndcg: float  # NDCG@50

    def __str__(self) -> str:
        return (
            f"{self.entries:>7,} entries  kept {self.kept:6.1%}  no film {self.empty}  "
            f"NDCG@50 {self.ndcg:.4f}"
        )


def share_kept(
    answer: Int[np.ndarray, "B k"], exact: Int[np.ndarray, "B k"], pad: int = -1
) -> float:
    """Return how much of the exact answer is still there, the mean over people.

    Args:
        answer: items of each person, in any order; `pad` fills rows that are too short.
        exact: the same of the exact answer; a person whose row is empty is left out.
        pad: what is no item.
    """
    shares = []
    for row, wanted in zip(answer.tolist(), exact.tolist(), strict=True):
        films = set(wanted) - {pad}
        if films:
            shares.append(len(films & set(row)) / len(films))
    return float(np.mean(shares))


def read(
    index: SparseIndex,
    codes: CodesLike,
    seen: Sequence[np.ndarray],
    test: Sequence[np.ndarray],
    exact: Int[np.ndarray, "B k"],
    on_missing: str = "error",
) -> Readings:
    """Answer everybody from an index and describe the answer.

    Args:
        index: the lists.
        codes: of everybody.
        seen: items that a person must not get.
        test: items that are right.
        exact: the answer to compare with; it decides how many films are asked for.
        on_missing: as `SparseIndex.search`.
    """
    k = exact.shape[1]
    answer = index.search(codes, k, seen, on_missing)
    items, lost = answer[0], float((answer.missing > 0).mean())
    kept, empty = share_kept(items, exact), int((items[:, 0] < 0).sum())
    return Readings(len(index.items), kept, empty, lost, ndcg_at(items, test, k))


def entries_read(index: SparseIndex, codes: CodesLike) -> float:
    """Return how many entries a person reads, the mean; a list that is read twice counts twice.

    Args:
        index: the lists.
        codes: of everybody; a code without a list reads nothing.
    """
    lengths = np.append(np.diff(index.offsets), 0)  # row -1: no list
    keys, _ = index.as_arrays(codes)  # (B, K_u R, M)
    return float(lengths[index.rows_of(keys)].sum(axis=1).mean())


def probes_of_cards(cards: dict[str, dict[str, Any]]) -> str:
    """Describe the quality of the models that come with the course, a line for each."""
    lines = [f"{'NDCG@50':<17}{'1 probe':>8}{'4 probes':>10}"]
    for name, card in cards.items():
        four = card.get("ndcg@50 probes=4")
        rest = "  (it reads no lists)" if four is None else f"{four:>10.4f}"
        lines.append(f"{name:<17}{card['ndcg@50']:>8.4f}{rest}")
    return "\n".join(lines)


def shorter(stored: dict[str, Any]) -> str:
    """Describe what the best n of each list keep, a line for each share of the entries."""
    head = f"{'entries kept':<16}{'1 probe':>9}{'4 probes':>10}{'trained again, 4 probes':>25}"
    rows, lines = stored["rows"], [head]
    for share in sorted({row["share"] for row in rows}, reverse=True):
        same = {"way": "best-n", "share": share, "precision": "float16"}
        one, four, again = (
            next(r for r in rows if {**same, "probes": R, "tuned": tuned}.items() <= r.items())
            for R, tuned in ((1, False), (4, False), (4, True))
        )
        a, b, c = (row["ndcg@50"] for row in (one, four, again))
        lines.append(f"{share:>4.0%}{one['entries']:>10,.0f}  {a:>9.4f}{b:>10.4f}{c:>25.4f}")
    seeds = len(rows[0]["each"])
    return "\n".join([f"best-n: NDCG@50, mean of {seeds} seeds; 16 bits a score", *lines])


def ahead(row: dict[str, float]) -> str:
    """Return which side is ahead for sure in a row of `front.compared`, or that it is open."""
    if not holds(row):
        return "open"
    return "the lists" if row["difference"] > 0 else "the two-tower"


def best_n_or_bias(stored: dict[str, Any]) -> str:
    """Describe how best-n and bias compare at equal entries, a line for each setting."""
    lines = ["best-n minus bias at equal entries, NDCG@50 in points, 95% over people and seeds"]
    for row in stored["compared"]:
        probes = f"{row['probes']} probe{'s' if row['probes'] > 1 else ' '}"
        tuned = "trained again" if row["tuned"] else ""
        lines.append(f"{row['share']:>4.0%} kept, {probes} {tuned:<14}{difference(row)}")
    return "\n".join(lines)


def compared_sides(stored: dict[str, Any]) -> str:
    """Describe what validation chose of both sides within each number of bytes."""
    seeds = len({run["seed"] for run in stored["runs"]})
    lines = [
        f"NDCG@50, {seeds} seed{'s' if seeds > 1 else ''} of each model",
        "lists - two-tower in points, with 95% over people and seeds",
    ]
    for row in stored["compared"]:
        head = f"within {row['budget'] / 1000:.0f} kB"
        for side, name in (("matrix", "two-tower"), ("lists", "lists")):
            ndcg, size = row[f"{side} ndcg@50"], show_bytes(row[f"{side} bytes"])
            lines.append(f"{head:<15}{name:<11}{ndcg:.4f}  {size:>7}  {row[side]}")
            head = ""
        lines.append(f"{'':<15}lists - two-tower {difference(row)}")
    return "\n".join(lines)


def passing(stored: dict[str, Any]) -> tuple[ItemStorage, ItemStorage | None]:
    """Return the best lists of any size, and the smallest matrix that is better; on validation.

    Raises:
        ValueError: the study holds no lists.
    """
    matrix, lists = (settings(stored, side) for side in ("matrix", "lists"))
    best = best_at(lists, np.inf)
    if best is None:
        raise ValueError("the stored front has no lists")
    return best, next((s for s in front_of(matrix) if s.validation > best.validation), None)


def difference(row: dict[str, float]) -> str:
    """Return a result of `paired.compare` in points of percent, with Holm's p."""
    return f"{with_interval(row)}, p (Holm) {row['p, Holm']:.4f}"


def rights(stored: dict[str, Any]) -> str:
    """Describe where the two-tower passes all lists, and what it is when it alone is limited.

    Then it keeps every film, in 8 or 16 bits, as it was trained.
    """
    matrix, lists = (settings(stored, side) for side in ("matrix", "lists"))
    best, first = passing(stored)
    (graph,) = [s for s in matrix if s.name == GRAPH]
    lines = [
        "bytes, NDCG@50 (test) and setting; lists and matrix chosen by validation",
        f"the best lists of any size    {_setting(best)}",
        f"the two-tower passes them at  {_setting(first)}",
        f"the two-tower as a graph      {_setting(graph)}",
        f"not counted: the lists' codebook {show_bytes(best.beside)}; encoders: two-tower "
        f"{show_bytes(graph.encoder)}, SparCode {show_bytes(best.encoder)}",
        "",
        "the matrix limited to all films, 8 or 16 bits, as trained; the lists not limited:",
    ]
    strict = [s for s in matrix if not any(w in s.name for w in ("films", "int4", "codes", AGAIN))]
    for budget in UNEQUAL:
        pair = f"{_ndcg(best_at(strict, budget))}, lists {_ndcg(best_at(lists, budget))}"
        lines.append(f"within {show_bytes(budget)}: two-tower {pair}")
    return "\n".join(lines)


def certain(rows: Sequence[dict[str, float]]) -> bool:
    """Return whether the first of the two is behind in every row, for sure and after Holm."""
    return all(row["high"] < 0 and holds(row) for row in rows)


def _setting(setting: ItemStorage | None) -> str:
    if setting is None:
        return "no size"
    return f"{show_bytes(setting.item_bytes):>7}  {setting.ndcg:.4f}  {setting.name}"


def _ndcg(setting: ItemStorage | None) -> str:
    return "none fits" if setting is None else f"{setting.ndcg:.4f}"
