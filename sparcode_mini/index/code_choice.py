"""Which codes get a list: those that occur, all that exist, or those that are named."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.model.codes import Codes, distinct_codes
from sparcode_mini.model.sparcode import SparCode

MOST_CODES = 2**20  # "all" refuses more lists than this


def codes_to_build(
    model: SparCode, codes: str | Codes | np.ndarray | Tensor, probes: int | None
) -> Tensor:
    """Return the distinct codes (C, M) to make lists for, in lexicographic order."""
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
    table = codes.codes.flatten(0, -2) if isinstance(codes, Codes) else torch.as_tensor(codes)
    if table.ndim != 2 or table.shape[1] != M or table.is_floating_point():
        raise ValueError(f"codes have shape {tuple(table.shape)}; give integers (C, M = {M})")
    if len(table) == 0:
        raise ValueError("no codes given; an index needs at least one list")
    if int(table.min()) < 0 or int(table.max()) >= N:
        raise ValueError(f"codes span {int(table.min())}..{int(table.max())}; N = {N}")
    return distinct_codes(table.long())[0]


def _seen(model: SparCode, probes: int | None) -> Iterator[Tensor]:
    split = model.data
    for part in ("train", "train+validation"):
        known = [len(h) > 0 for h in split.histories(part)]
        codes = model.encode(split.user_ids[np.array(known)], part, probes).codes
        yield codes.reshape(-1, codes.shape[-1])  # (B * K_u * R, M)
