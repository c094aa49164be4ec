"""Two towers: a query and an item meet in one dot product."""

from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import MatchingModel, Source
from sparcode_mini.model.configs import Config, TwoTowerConfig


class TwoTower(MatchingModel):
    """y = <sum_i T_i^u, sum_j T_j^c> + item bias: the only meeting point is one dot product.

    The item side does not depend on the query, so `item_matrix` can be cached.

    Args:
        source: see MatchingModel.
        tokenizer: one of tokenizers.TOKENIZERS.
        query_tokens: K_u.
        **options: `user_features`, `dtype`, and the other fields of configs.TwoTowerConfig.
    """

    config_class: ClassVar[type[Config]] = TwoTowerConfig
    normalise_tokens = False

    def __init__(
        self,
        source: Source,
        tokenizer: str = "self-attention",
        query_tokens: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(source, tokenizer=tokenizer, query_tokens=query_tokens, **options)

    @torch.no_grad()
    def item_matrix(self) -> Float[Tensor, "I D_T"]:
        """Return the side that is cached: one vector per item."""
        return self.items().sum(dim=1)

    def training_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> tuple[Float[Tensor, "B I"], Float[Tensor, ""]]:
        """Return dot products, and no additional loss."""
        return T.sum(dim=1) @ T_c.sum(dim=1).T + item_bias, T.new_zeros(())
