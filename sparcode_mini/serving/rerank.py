"""Retrieve, then re-rank: the usual way to use a scorer that is too slow for all items.

A fast model fetches a few hundred items; a slow one, such as all-to-all, puts them in order. What
the fast model misses is lost, and each request costs the slow one as many scores as were fetched.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import Scorer
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.top_k import top_k


class ReRanked:
    """The order of one model among the best unseen items of another.

    Args:
        first: fetches.
        second: puts what was fetched in order.
        split: the data of both; the items of a history are not fetched.
        fetch: items of each query that the second model scores.

    Raises:
        ValueError: a `fetch` below 1 or above the number of items.
    """

    nonnegative = False

    def __init__(self, first: Scorer, second: Scorer, split: Split, fetch: int = 200) -> None:
        self.first, self.second, self.split = first, second, split
        self.fetch = count(fetch, "fetch", 1, split.n_items)

    def scores(self, users: Any, history: str = "train+validation") -> Float[Tensor, "B I"]:
        """Return the scores of the second model, -inf for what was not fetched.

        Here the second model scores everything, since that is one product; a server would let it
        score what was fetched.
        """
        seen = self.split.history(users, history)
        y = self.first.scores(users, history).numpy()  # (B, I)
        fetched, _ = top_k(y, self.fetch, seen)  # (B, fetch), -1 where there were fewer
        rows, places = np.nonzero(fetched >= 0)
        kept = torch.full(y.shape, -torch.inf, dtype=torch.float64)  # (B, I)
        columns = torch.from_numpy(fetched[rows, places])
        z = self.second.scores(users, history).double()  # (B, I)
        kept[torch.from_numpy(rows), columns] = z[torch.from_numpy(rows), columns]
        return kept
