"""A two-tower as it is served: vectors of users and items, and approximate search over them."""

import statistics
import time

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.metrics import ndcg_at
from sparcode_mini.model.sparcode import TwoTower
from sparcode_mini.serving.ann import ExactIndex, HNSWIndex, IVFPQIndex, VectorIndex

K, FETCH = 50, 200
LINKS = 16
NLIST = 16
TIMED = 200  # searches of one query each, for the median time


class Served:
    """A two-tower ready to be served: vectors of users and items, and what to compare with.

    Args:
        model: a trained two-tower that knows its split.
        users: raw ids; None for all that have test items.

    Attributes:
        queries: (B, D) float64.
        items, bias: (I, D) and (I,).
        exact: (B, K) the best unseen items by exact search, NDCG@50 `exact_ndcg`.
    """

    def __init__(self, model: TwoTower, users: np.ndarray | None = None) -> None:
        split: Split = model.data
        tests = split.histories("test")
        users = split.user_ids[[len(t) > 0 for t in tests]] if users is None else users
        who = split.user_positions(users)
        self.queries = model.tokens(users).sum(dim=1).numpy()  # (B, D)
        self.items, self.bias = model.item_matrix().numpy(), model.item_bias.detach().numpy()
        self._fetch = min(FETCH, len(self.items))
        histories = split.histories("train+validation")
        self.seen = [set(histories[u].tolist()) for u in who]
        self.relevant = [tests[u] for u in who]
        everything, _ = ExactIndex(self.items, self.bias).search(self.queries, len(self.items))
        self.exact = self.unseen(everything)  # (B, K)
        self.exact_ndcg = ndcg_at(self.exact, self.relevant, K)

    def unseen(self, found: np.ndarray) -> np.ndarray:
        """The first K of each row of `found` that the user has not seen, padded with -1."""
        kept = np.full((len(found), K), -1)
        for row, positions, seen in zip(kept, found.tolist(), self.seen, strict=True):
            new = [p for p in positions if p >= 0 and p not in seen][:K]
            row[: len(new)] = new
        return kept

    def judge(self, index: VectorIndex, fetch: int | None = None) -> dict[str, float]:
        """Ask the index for `fetch` items (FETCH), drop the seen ones, keep K.

        Returns:
            "recall" (share of the exact answer that was found), "ndcg@50", and "bytes".
        """
        found = self.unseen(index.search(self.queries, fetch or self._fetch)[0])  # (B, K)
        pairs = zip(found.tolist(), self.exact.tolist(), strict=True)
        recall = np.mean([len(set(a) & set(e) - {-1}) / len(set(e) - {-1}) for a, e in pairs])
        ndcg = ndcg_at(found, self.relevant, K)
        return {"recall": float(recall), "ndcg@50": ndcg, "bytes": index.nbytes}

    def microseconds(self, index: VectorIndex) -> float:
        """Median time of a search for one query."""
        times = []
        for query in self.queries[:TIMED]:
            start = time.perf_counter()
            index.search(query[None], self._fetch)
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e6


def hnsw(served: Served, ef_search: int) -> HNSWIndex:
    """The graph at one efSearch."""
    return HNSWIndex(served.items, served.bias, m=LINKS, ef_search=ef_search)


def ivfpq(served: Served, M: int, nprobe: int) -> IVFPQIndex:
    """Cells and codes of M bytes an item, at one nprobe."""
    return IVFPQIndex(served.items, served.bias, nlist=NLIST, M=M, nprobe=nprobe)
