"""Many codes against the items, block by block: how lists are computed."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.codebook_tables import CODES_AT_ONCE, check_engine, items_at_once, pays
from sparcode_mini.model.scorer import activate

Model = Any  # a QuantisedAllToAll, which imports this module


def score_blocks(
    model: Model,
    codes: Any,
    T_c: Float[Tensor, "I K_c D_T"] | None = None,
    item_bias: Float[Tensor, " I"] | None = None,
    by_tables: bool | None = None,
    engine: str = "plain",
) -> Iterator[tuple[Int[Tensor, " m"], Float[Tensor, "n m"]]]:
    """Yield (positions, columns of A) for a block of items at a time.

    Args:
        model: in evaluation mode.
        codes: (n, M) integers, rows of A.
        T_c: tokens of the items if they are not those of the model.
        item_bias: their bias, with T_c.
        by_tables: by `CodebookTables`, or each code by itself? None: what is less work.
        engine: how tables are added up, "plain" or "compiled" (CodebookTables.scores).

    Raises:
        ValueError: codes outside the codebooks, an unknown engine, or engine "compiled" where
            there are no tables to add up.
    """
    codes = model.quantizer.as_codes(codes)
    items = torch.arange(model.n_items if T_c is None else len(T_c))  # (I,)
    item_bias = model.item_bias if item_bias is None else item_bias
    by_tables = tables_pay(model, len(codes)) if by_tables is None else by_tables
    with torch.no_grad():
        shift = model.shift_of(codes)  # (n,)
    for block in items.split(items_at_once(model.config.hidden)):
        with torch.no_grad():  # one block at a time: a yield must not leave it switched off
            T_b = model.items(block) if T_c is None else T_c[block]  # (m, K_c, D_T)
            S = _scores_before_bias(model, codes, T_b, item_bias[block], by_tables, engine)
            S = S if shift is None else S + shift[:, None]  # (n, m)
            A = activate(S, model.bias, model.slope)  # (n, m)
        yield block, A


def _scores_before_bias(
    model: Model,
    codes: Tensor,
    T_c: Tensor,
    item_bias: Tensor,
    by_tables: bool,
    engine: str,
) -> Float[Tensor, "n I"]:
    tables = None
    if by_tables:
        tables = model.scorer.tables(model.quantizer.codebooks, T_c, item_bias)
    check_engine(engine, tables)
    if tables is not None:
        return tables.scores(codes, engine)
    Z = (model.quantizer.decode(part) for part in codes.split(CODES_AT_ONCE))
    return torch.cat([model.scorer(Z_part, T_c, item_bias) for Z_part in Z])


def tables_pay(model: Model, n_codes: int) -> bool:
    """Return whether tables are less work than scoring so many codes one by one."""
    return pays(n_codes, model.quantizer.M, model.quantizer.N)
