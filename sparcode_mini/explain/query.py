"""Follow one query through the index: tokens -> codes -> lists -> sums -> top k, with the numbers.

All numbers are read from a model and an index, and they add up to what `SparseIndex.search` returns
(`explain` asserts that).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool
from torch import Tensor

from sparcode_mini.index.origin import require_model
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools import checks
from sparcode_mini.tools.unicode import NO_TITLE, isolated, safe, told_apart


@dataclass(frozen=True)
class Read:
    """One list that was read.

    Attributes:
        token: the number of the token that reads it, 0 .. K_u - 1.
        code: its M indices.
        weight: of this probe (1.0 with one probe).
        items: positions in the list, largest entry first.
        values: their entries, unweighted.
        listed: False if the index has no list for this code, which then adds nothing.
        word: of a list that a request opens, such as "Comedy"; its `code` is then (). Numbers of
            such lists follow those of the tokens.
    """

    token: int
    code: tuple[int, ...]
    weight: float
    items: np.ndarray
    values: np.ndarray
    listed: bool = True
    word: str = ""

    def entry(self, item: int) -> float:
        """Return what this list adds to an item: weight * value, or 0 if the item is not in it."""
        places = np.flatnonzero(self.items == item)
        return self.weight * float(self.values[places[0]]) if len(places) else 0.0

    @property
    def opener(self) -> str:
        """Return what opens the list, in words."""
        return "request" if self.word else f"token {self.token + 1}"

    @property
    def key(self) -> str:
        """Return what the list is found by, in words: a code, or a word of the request."""
        if self.word:
            return f"“{self.word}”"
        codes = ", ".join(map(str, self.code))
        return f"code {codes}" if len(self.code) == 1 else f"code ({codes})"


@dataclass(frozen=True)
class Explanation:
    """One query, from history to results.

    Attributes:
        history: item positions, oldest first.
        reads: the lists read, token by token.
        positions: top-k item positions (k,), -1 where fewer scored above zero.
        values: their sums (k,).
        parts: (k, reads) what each list added; rows sum to `values`.
        titles: of all items.
        ids: of all items, to tell titles apart that look alike; None if the titles are so already.
    """

    history: np.ndarray
    reads: tuple[Read, ...]
    positions: np.ndarray
    values: np.ndarray
    parts: np.ndarray
    titles: np.ndarray
    ids: np.ndarray | None = None

    def names(self, *positions: np.ndarray) -> dict[int, str]:
        """Return what to show for items: the title made safe, with the id if two look alike."""
        places = np.unique(np.concatenate(positions)).astype(np.int64)
        places = places[places >= 0]
        titles = [str(self.titles[place]) for place in places]
        shown = (
            [safe(title) for title in titles]
            if self.ids is None
            else told_apart([t if t.strip() else NO_TITLE for t in titles], self.ids[places])
        )
        return dict(zip(places.tolist(), shown, strict=True))

    def results(self) -> list[str]:
        """Return the titles of the top k, best first."""
        return [str(self.titles[p]) for p in self.positions if p >= 0]

    def lines(self, lists: int = 4) -> list[str]:
        """Return a line for each result: its score and the list entries that add up to it.

        Args:
            lists: so many of the largest parts are named; the others are one sum.
        """
        out, names = [], self.names(self.positions)
        for rank, (position, value) in enumerate(zip(self.positions, self.values, strict=True), 1):
            if position < 0:
                out.append(f"{rank:>2}.   (no further film has a positive score)")
                break
            by_size = sorted(
                zip(self.parts[rank - 1], self.reads, strict=True), key=lambda pair: -pair[0]
            )
            shares = [(part, read) for part, read in by_size if part > 0]
            summands = [f"{read.opener} {read.key}: {part:.3f}" for part, read in shares[:lists]]
            others = [part for part, _ in shares[lists:]]
            if others:
                summands.append(f"{len(others)} others: {sum(others):.3f}")
            name = isolated(names[int(position)])
            out.append(f"{rank:>2}. {value:7.3f}  {name}  =  {' + '.join(summands)}")
        for read in self.reads:
            if not read.listed:
                out.append(
                    f"    ({read.opener} {read.key} has no list in this index, so it adds nothing)"
                )
        return out


def explain(
    model: SparCode,
    index: SparseIndex,
    history: Sequence[int] | np.ndarray,
    k: int = 10,
    probes: int | None = None,
    exclude_history: bool = True,
    codes: Codes | None = None,
    among: np.ndarray | None = None,
) -> Explanation:
    """Explain one query given as item positions, oldest first.

    A code without a list adds nothing; the Explanation says so.

    Args:
        model: the model that the index was built from.
        index: its index.
        history: item positions (`split.find_titles` gives them for titles).
        k: results.
        probes: R, nearest codes read per token; None as the model was trained.
        exclude_history: leave out the items of the history.
        codes: of this one query, if the model reads more of a person than the history; None makes
            them from the history.
        among: (I,) bool, the items that may be found, such as `Labels.fits`; None: all.

    Raises:
        ValueError: an empty history, a position outside the catalogue, `among` that has not one
            mark for each item, or an index that another model filled, or this one before more
            training.
    """
    if not isinstance(model, SparCode) or not isinstance(index, SparseIndex):
        given = f"{type(model).__name__} and {type(index).__name__}"
        raise ValueError(f"model and index are {given}; give a SparCode and its SparseIndex")
    positions = checks.positions(history, model.n_items, "history")
    if len(positions) == 0:
        raise ValueError("the history is empty; give at least one film")
    if codes is None:
        codes = model.encode_histories([model.catalogue.item_ids[positions].tolist()], probes)
    if len(codes.codes) != 1:
        raise ValueError(f"codes has {len(codes.codes)} queries; give those of one")
    require_model(index, model)
    left_out = [positions] if exclude_history else []
    if among is not None:
        left_out.append(np.flatnonzero(~_marks(among, model.n_items)))
    exclude = [np.concatenate(left_out)] if left_out else None
    best, values = index.search(codes, k=k, exclude=exclude, on_missing="empty")
    reads = tuple(_reads(index, codes))
    parts = np.array([[read.entry(item) for read in reads] for item in best[0].tolist()])
    if not np.allclose(parts.sum(axis=1), values[0], rtol=1e-6, atol=1e-9):
        raise AssertionError("the parts of a score do not add up to it; index and model disagree")
    known = model.catalogue
    return Explanation(positions, reads, best[0], values[0], parts, known.titles, known.item_ids)


def _marks(among: Any, n_items: int) -> Bool[np.ndarray, " I"]:
    marks = np.asarray(among)
    if marks.dtype != bool or marks.shape != (n_items,):
        raise ValueError(f"among is {marks.dtype} {marks.shape}; give bool ({n_items},)")
    return marks


def _reads(index: SparseIndex, codes: Codes) -> list[Read]:
    """Return the lists of one query's codes, token by token and probe by probe."""
    reads = []
    keys: Tensor = codes.codes[0]  # (K_u, R, M)
    for token in range(keys.shape[0]):
        for probe in range(keys.shape[1]):
            code = tuple(keys[token, probe].tolist())
            weight = float(codes.weights[0, token, probe])
            try:
                reads.append(Read(token, code, weight, *index.posting_list(code)))
            except KeyError:
                nothing = np.array([], dtype=np.int32), np.array([])
                reads.append(Read(token, code, weight, *nothing, listed=False))
    return reads
