"""Several query vectors: the best of several dot products, as multi-interest models have it.

A query has K_u vectors, an item one; the item's score is that of its best match,

    y = max_i <T_i^u, sum_j T_j^c> + item bias

ComiRec (Cen et al. 2020, arXiv 2005.09347) and MIND serve so: K_u searches of one matrix, each item
with its best score. ColBERT (Khattab and Zaharia 2020, arXiv 2004.12832) turns it round: the best
item token for each query token, summed. SparCode's sum of ReLUs lies between: every token adds.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import Source
from sparcode_mini.model.two_tower import TwoTower


class MaxSim(TwoTower):
    """A two-tower with K_u query vectors, of which the best one counts for each item.

    Args: those of TwoTower; `query_tokens` is the number of vectors.
    """

    def __init__(
        self,
        source: Source,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        **options: Any,
    ) -> None:
        super().__init__(source, tokenizer=tokenizer, query_tokens=query_tokens, **options)

    def training_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> tuple[Float[Tensor, "B I"], Float[Tensor, ""]]:
        """Return the best dot product of each item, and no additional loss."""
        each = T @ T_c.sum(dim=1).T  # (B, K_u, I)
        return each.amax(dim=1) + item_bias, T.new_zeros(())
