"""One token and one item: all numbers of the products scorer on the way to an entry."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.scorer import ProductScorer, Scorer, activate
from sparcode_mini.model.sparcode import SparCode


class Meeting(NamedTuple):
    """The numbers of one pair in the order of the formula; S = linear + network + item_bias.

    `linear` is 0 if the scorer has no dot product beside its network.
    """

    token: Float[Tensor, " D_T"]  # T~
    item: Float[Tensor, "K_c D_T"]  # T^c
    products: Float[Tensor, "K_c D_T"]  # T~ * T_j^c
    linear: float  # sum of all products
    hidden: Float[Tensor, " h"]  # ReLU(W [products] + h_0)
    weights: Float[Tensor, " h"]  # w
    network: float  # w . hidden
    item_bias: float
    S: float
    entry: float  # ReLU(S + b)


@torch.no_grad()
def meet(
    scorer: Scorer,
    token: Float[Tensor, " D_T"],
    item: Float[Tensor, "K_c D_T"],
    item_bias: float | Tensor = 0.0,
    bias: float | int = 0.0,
) -> Meeting:
    """Return all numbers that the scorer computes for one token and one item.

    Args:
        scorer: a products scorer.
        token: one row of Z, usually quantised.
        item: the tokens of one item.
        item_bias: bias of this item.
        bias: b.

    Raises:
        ValueError: another kind of scorer.
    """
    if not isinstance(scorer, ProductScorer):
        raise ValueError(f"a {type(scorer).__name__} has no products to show; use 'products'")
    products = token * item  # (K_c, D_T)
    hidden = scorer.first(products.flatten()).relu()  # (h,)
    w = scorer.last.weight[0]  # (h,)
    linear = float(products.sum()) if scorer.has_linear_path else 0.0
    network = float(w @ hidden) if scorer.mlp_on else 0.0
    S = torch.as_tensor(linear + network + float(item_bias), dtype=token.dtype)
    entry = float(activate(S, float(bias), 0.0))
    return Meeting(
        token, item, products, linear, hidden, w, network, float(item_bias), float(S), entry
    )


def meet_person(model: SparCode, user: int | str, item: int) -> list[Meeting]:
    """Return the numbers of one item and each token of one person; their entries add up to y.

    Args:
        model: a SparCode with the products scorer.
        user: raw id.
        item: position of the item.
    """
    tokens = model.quantizer.decode(model.encode([user]).codes[0, :, 0])  # (K_u, D_T)
    T_c, item_bias = model.items()[item].detach(), model.item_bias[item].detach()
    return [meet(model.scorer, token, T_c, item_bias, model.bias) for token in tokens]
