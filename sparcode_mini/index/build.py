"""Construction: codes are scored against all items, block by block, and lists collect the best.

Items are streamed: their tokens, the tables of codewords and the scores exist for one block of
items at a time, so memory is what the lists themselves need, whatever the size of the catalogue.

Symbols: C lists (codes), M codebooks, I items.
"""

from contextlib import nullcontext

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparcode_mini.index.lists import Lists, check_best, joined
from sparcode_mini.index.running_lists import RunningLists
from sparcode_mini.model.codebook_tables import items_at_once
from sparcode_mini.model.quantised import score_blocks, tables_pay
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.progress import Progress, progress

LISTS_AT_ONCE = 4096  # they share one pass over the items, and the tables made for it
SHOW_PAIRS = 10**8  # fewer (code, item) pairs than this take no time worth a progress bar


def lists_of(
    model: SparCode,
    codes: Int[Tensor, "C M"],
    best: int | None = None,
    items: Int[np.ndarray, " n"] | None = None,
    engine: str = "plain",
    by_tables: bool | None = None,
) -> Lists:
    """The posting lists of codes.

    Args:
        model: a SparCode in evaluation mode.
        codes: whose lists; in lexicographic order they go faster.
        best: keep the n largest entries of each list; None keeps all.
        items: positions of the items on offer; None for the whole catalogue.
        engine: "plain" or "compiled".
        by_tables: as `SparCode.code_score_blocks`; None decides by the number of codes.

    Raises:
        ValueError: best < 1, positions outside the catalogue, a score that is NaN or infinite, or
            as `code_score_blocks`.
    """
    check_best(best)
    offered = None if items is None else _offered(model.n_items, items)  # (I,) bool
    by_tables = tables_pay(model, len(codes)) if by_tables is None else by_tables
    groups = codes.split(LISTS_AT_ONCE)
    blocks = -(-model.n_items // items_at_once(model.config.hidden))
    shown = len(codes) * model.n_items >= SHOW_PAIRS
    total = len(groups) * blocks
    parts = []
    bar: Progress[None] | None = progress(total=total, desc="build index") if shown else None
    with nullcontext() if bar is None else bar:
        for group in groups:
            running = RunningLists(len(group), best)
            scored = score_blocks(model, group, by_tables=by_tables, engine=engine)
            for block, A in scored:
                _check_scores(model, A.numpy(), group, block)
                keep = slice(None) if offered is None else offered[block]
                running.add(block.numpy()[keep], A.numpy()[:, keep])
                if bar is not None:
                    bar.update()
            parts.append(running.lists())
    return joined(parts)


def _check_scores(
    model: SparCode,
    A: Float[np.ndarray, "C m"],
    codes: Int[Tensor, "C M"],
    block: Int[Tensor, " m"],
) -> None:
    """Refuse scores that are no numbers; lists would just leave NaN out, as not above 0."""
    finite = np.isfinite(A)  # (C, m)
    if not finite.all():
        row, column = np.unravel_index(finite.argmin(), A.shape)
        item = model.catalogue.item_ids[block[column]].item()
        raise ValueError(
            f"the score of item {item!r} under code {codes[row].tolist()} is {A[row, column]}; the "
            "model's weights are broken: train it again with a lower lr, or load an earlier file"
        )


def _offered(n_items: int, items: np.ndarray) -> Bool[np.ndarray, " I"]:
    """Which items are on offer. All are scored: values must not depend on who else is there."""
    if len(items) == 0 or not 0 <= np.min(items) <= np.max(items) < n_items:
        raise ValueError(f"items = {items}; give at least one position in 0..{n_items - 1}")
    return np.isin(np.arange(n_items), items)


def codebooks_of(model: SparCode) -> Float[np.ndarray, "M N d"] | None:
    """What an index keeps to find the nearest code; it concatenates, so not codewords to add up."""
    quantizer = model.quantizer
    if quantizer.parts != quantizer.M:
        return None
    return quantizer.codebooks.detach().numpy().copy()
