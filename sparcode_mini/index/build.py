"""Make the lists: score codes against all items, block by block, and keep the best scores.

Tokens of items, tables of codewords and scores exist for one block of items at a time. So the build
needs memory for the lists only, whatever the size of the catalogue.

Symbols: C lists (codes), M codebooks, N codewords, I items, m items of a block.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparcode_mini.index.lists import Lists, joined
from sparcode_mini.model.codebook_tables import items_at_once
from sparcode_mini.model.codes import Codes, as_codes, distinct_codes
from sparcode_mini.model.score_blocks import score_blocks, tables_pay
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.checks import count, positions
from sparcode_mini.tools.progress import Progress, progress

MOST_CODES = 2**20  # "all" refuses more lists than this
LISTS_AT_ONCE = 4096  # they share one pass over the items, and the tables made for it
SHOW_PAIRS = 10**8  # with fewer (code, item) pairs a build is too short for a progress bar
LEAST_WAITING = 2**20  # entries that may wait before anything is cut
TIMES_TOO_MANY = 4  # how far the heap of waiting entries may outgrow C x best


# --- which codes get a list ---------------------------------------------------------------------


def codes_to_build(
    model: SparCode, codes: str | Codes | np.ndarray | Tensor, probes: int | None
) -> Int[Tensor, "C M"]:
    """Return the distinct codes to make lists for, in lexicographic order.

    Args:
        model: whose codes they are.
        codes: "seen" (codes of the users), "all" (codes that exist), or the codes themselves.
        probes: for "seen": number of nearest codes per token.

    Raises:
        ValueError: too many codes for "all", or codes outside the codebooks.
    """
    M, N = model.quantizer.M, model.quantizer.N
    if isinstance(codes, str):
        if codes == "all":
            if N**M > MOST_CODES:
                raise ValueError(
                    f'codes="all" makes N^M = {N}^{M} = {N**M:,} lists (limit {MOST_CODES:,}); '
                    'use codes="seen" or pass the codes you need'
                )
            return torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)  # (N^M, M)
        if codes != "seen":
            raise ValueError(f"codes = {codes!r}; choose 'seen', 'all' or an array (C, M)")
        return distinct_codes(torch.cat(list(_seen(model, probes))))[0]
    table = as_codes(codes.codes if isinstance(codes, Codes) else codes, "codes", N)
    table = table.flatten(0, -2) if isinstance(codes, Codes) else table
    if table.ndim != 2 or table.shape[1] != M:
        raise ValueError(f"codes have shape {tuple(table.shape)}; give integers (C, M = {M})")
    if len(table) == 0:
        raise ValueError("no codes given; an index needs at least one list")
    return distinct_codes(table)[0]


def _seen(model: SparCode, probes: int | None) -> Iterator[Int[Tensor, "n M"]]:
    """Yield the codes of the users of the model's split, with both histories."""
    split = model.data
    for part in ("train", "train+validation"):
        known = [len(h) > 0 for h in split.histories(part)]
        codes = model.encode(split.user_ids[np.array(known)], part, probes).codes
        yield codes.reshape(-1, codes.shape[-1])  # (B * K_u * R, M)


def codebooks_of(model: SparCode) -> Float[np.ndarray, "M N d"] | None:
    """Return the codewords by which an index finds the nearest code that has a list.

    An index puts codewords side by side; it returns None if the quantiser adds codewords up.
    """
    quantizer = model.quantizer
    if quantizer.parts != quantizer.M:
        return None
    return quantizer.codebooks.detach().numpy().copy()


# --- their lists --------------------------------------------------------------------------------


def lists_of(
    model: SparCode,
    codes: Int[Tensor, "C M"],
    best: int | None = None,
    items: Any = None,
    engine: str = "plain",
    by_tables: bool | None = None,
) -> Lists:
    """Return the list of each code.

    Args:
        model: a SparCode in evaluation mode.
        codes: of the lists; a build is faster in lexicographic order.
        best: keep the n largest entries of each list; None keeps all.
        items: positions of the items on offer; None for the whole catalogue.
        engine: "plain" or "compiled".
        by_tables: as `model.score_blocks`; None decides by the number of codes.

    Raises:
        ValueError: best < 1, positions outside the catalogue, a score that is NaN or infinite, or
            as `score_blocks`.
    """
    best = None if best is None else count(best, "best")
    on_offer = None if items is None else _on_offer(model.n_items, items)  # (I,)
    by_tables = tables_pay(model, len(codes)) if by_tables is None else by_tables
    groups, parts = codes.split(LISTS_AT_ONCE), []
    with _bar(model, len(codes), len(groups)) as bar:
        for group in groups:
            running = RunningLists(len(group), best)
            blocks = score_blocks(model, group, by_tables=by_tables, engine=engine)
            for block, A in blocks:  # (m,), (C, m)
                _check_scores(model, A.numpy(), group, block)
                keep = slice(None) if on_offer is None else on_offer[block]
                running.add(block.numpy()[keep], A.numpy()[:, keep])
                if bar is not None:
                    bar.update()
            parts.append(running.lists())
    return joined(parts)


def _bar(model: SparCode, n_codes: int, groups: int) -> "Progress[None] | nullcontext[None]":
    """Return a progress bar over all blocks of all groups, or nothing for a short build."""
    if n_codes * model.n_items < SHOW_PAIRS:
        return nullcontext()
    blocks = -(-model.n_items // items_at_once(model.config.hidden))
    bar: Progress[None] = progress(total=groups * blocks, desc="build index")
    return bar


def _check_scores(
    model: SparCode,
    A: Float[np.ndarray, "C m"],
    codes: Int[Tensor, "C M"],
    block: Int[Tensor, " m"],
) -> None:
    """Refuse NaN and infinity: lists would silently leave out NaN, which is not above 0."""
    finite = np.isfinite(A)  # (C, m)
    if not finite.all():
        row, column = np.unravel_index(finite.argmin(), A.shape)
        item = model.catalogue.item_ids.tolist()[block[column]]
        raise ValueError(
            f"the score of item {item!r} under code {codes[row].tolist()} is {A[row, column]}; the "
            "model's weights are broken: train it again with a lower lr, or load an earlier file"
        )


def _on_offer(n_items: int, items: Any) -> Bool[np.ndarray, " I"]:
    """Mark the items on offer. All are scored: values must not depend on the others on offer."""
    offered = positions(items, n_items, "items")
    if len(offered) == 0:
        raise ValueError(f"items is empty; give at least one position in 0..{n_items - 1}")
    marks = np.zeros(n_items, dtype=bool)
    marks[offered] = True
    return marks


class RunningLists:
    """C lists of positive values that grow while blocks of items come in.

    An entry that is not among the n best of the items so far never will be, so it needs no memory.
    A full list has a floor, its n-th best value; an entry of a later item counts only above it (at
    the same value the earlier item wins). Entries wait in one heap for all lists, which is cut down
    when it is several times too large.

    Args:
        n_lists: C.
        best: keep the n largest entries of each list; None keeps all.

    Raises:
        ValueError: best < 1.
    """

    def __init__(self, n_lists: int, best: int | None = None) -> None:
        self.best = None if best is None else count(best, "best")
        best = self.best
        self._floor = np.zeros(n_lists, dtype=np.float32)  # (C,), values at or below don't count
        self._small = np.min_scalar_type(max(n_lists - 1, 0))  # numbers of 16 bits sort in one go
        self._waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._most = None if best is None else max(TIMES_TOO_MANY * n_lists * best, LEAST_WAITING)
        self.count = 0  # entries that wait

    def add(self, positions: Int[np.ndarray, " m"], A: Float[np.ndarray, "C m"]) -> None:
        """Take the scores of the next items; their positions are larger than all before."""
        self._floor = self._floor.astype(A.dtype, copy=False)
        places = np.flatnonzero(self._floor[:, None] < A)  # (entries,)
        rows, columns = np.divmod(places, len(positions))
        entries = rows.astype(self._small), positions[columns].astype(np.int32), A.ravel()[places]
        self._waiting.append(entries)
        self.count += len(places)
        if self._most is not None and self.count > self._most:
            self._cut()

    def _cut(self) -> None:
        """Keep the best entries so far, and raise the floor of the lists that are full."""
        assert self.best is not None
        lists = self.lists()
        full = np.diff(lists.offsets) == self.best  # (C,)
        self._floor[full] = lists.values[lists.offsets[1:][full] - 1]
        self._waiting = [(lists.rows().astype(self._small), lists.items, lists.values)]
        self.count = len(lists.items)

    def lists(self) -> Lists:
        """Return the lists of all items so far: largest first, equal ones by position."""
        rows, items, values = map(np.concatenate, zip(*self._waiting, strict=True))
        # Stable sorts: inside a list equal values stay in the order in which they came.
        by_list = np.argsort(rows, kind="stable")
        ends = np.cumsum(np.bincount(rows, minlength=len(self._floor)))  # (C,)
        of_list = np.split(by_list, ends[:-1])  # C arrays of places in the heap
        best = [p[np.argsort(-values[p], kind="stable")[: self.best]] for p in of_list]
        return joined(
            Lists(np.array([0, len(places)]), items[places], values[places]) for places in best
        )
