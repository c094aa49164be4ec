"""Serve a two-tower: search its item vectors, or rank by vectors that are stored in fewer bytes."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY, audience
from sparcode_mini.evaluation.metrics import ndcg_at, ndcg_of_each
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.serving.ann import ExactIndex, HNSWIndex, IVFPQIndex, VectorIndex
from sparcode_mini.serving.finetune import keep_best, train_values, training_prefixes
from sparcode_mini.tools.timing import median_us
from sparcode_mini.tools.top_k import top_k

K, FETCH = 50, 200
LINKS = 16
NLIST = 16
TIMED = 200  # searches of one query each, for the median time


class Served:
    """A two-tower ready to be served: its vectors, and the exact answer to compare with.

    Args:
        model: a trained two-tower that knows its split.

    Attributes:
        queries: (B, D) float64, of everybody with test items.
        items, bias: (I, D) and (I,).
        exact: (B, K) the best unseen items by exact search, NDCG@50 `exact_ndcg`.
    """

    def __init__(self, model: TwoTower) -> None:
        split: Split = model.data
        users, self.seen, self.relevant = audience(split, "test")
        self.queries = model.tokens(split.user_ids[users]).sum(dim=1).numpy()  # (B, D)
        self.items, self.bias = model.item_matrix().numpy(), model.item_bias.detach().numpy()
        self._fetch = min(FETCH, len(self.items))
        ranking, _ = ExactIndex(self.items, self.bias).search(self.queries, len(self.items))
        self.exact = self.unseen(ranking)  # (B, K)
        self.exact_ndcg = ndcg_at(self.exact, self.relevant, K)

    def unseen(self, ranking: np.ndarray) -> np.ndarray:
        """Return the first K items of each row that the user has not seen, padded with -1."""
        return first_unseen(ranking, self.seen)

    def judge(
        self, index: VectorIndex, fetch: int | None = None, turn: np.ndarray | None = None
    ) -> dict[str, float]:
        """Ask the index for `fetch` items (FETCH), drop the seen ones, keep K.

        Queries are multiplied by `turn` (D, r) first, if there is one.

        Returns:
            "recall" (share of the exact answer that the index finds), "ndcg@50", and "bytes".
        """
        fetch = self._fetch if fetch is None else fetch
        queries = self.queries if turn is None else self.queries @ turn  # (B, r)
        ranking = self.unseen(index.search(queries, fetch)[0])  # (B, K)
        pairs = zip(ranking.tolist(), self.exact.tolist(), strict=True)
        recall = np.mean([len(set(a) & set(e) - {-1}) / len(set(e) - {-1}) for a, e in pairs])
        ndcg = ndcg_at(ranking, self.relevant, K)
        return {"recall": float(recall), "ndcg@50": ndcg, "bytes": index.nbytes}

    def microseconds(self, index: VectorIndex) -> float:
        """Return the median time of a search for one query."""
        queries = self.queries[:TIMED, None]  # (n, 1, D)
        return median_us(lambda query: index.search(query, self._fetch), queries)


def first_unseen(
    ranking: Int[np.ndarray, "B fetch"], seen: Sequence[np.ndarray]
) -> Int[np.ndarray, "B K"]:
    """Return the first K items of each row that its user has not seen, padded with -1."""
    unseen = np.full((len(ranking), K), -1)
    for row, positions, items in zip(unseen, ranking.tolist(), seen, strict=True):
        known = set(items.tolist())
        new = [p for p in positions if p >= 0 and p not in known][:K]
        row[: len(new)] = new
    return unseen


def hnsw(served: Served, ef_search: int = FETCH, links: int = LINKS) -> HNSWIndex:
    """Return the graph index with one efSearch, at least as many as are fetched.

    `links` is faiss' M: links of an item on an upper level, half of those on the lowest.
    """
    return HNSWIndex(served.items, served.bias, m=links, ef_search=ef_search)


def ivfpq(served: Served, M: int, nprobe: int, rerank: bool = False) -> IVFPQIndex:
    """Return the index of cells and codes, M bytes an item, with one nprobe.

    With `rerank` it keeps the exact vectors too, and puts what is fetched in their order.
    """
    return IVFPQIndex(
        served.items, served.bias, nlist=NLIST, M=M, nprobe=nprobe, rerank=int(rerank)
    )


class Tower:
    """A two-tower as an item matrix that can be compressed, trained again and ranked from.

    Args:
        model: a trained two-tower.
        split: its data.

    Attributes:
        items: (I, D + 1), the item vectors and, as the last column, the item bias.
        people, queries: for each part ("validation", "test"), the users who have items in it, and
            their query vectors (B, D).
    """

    def __init__(self, model: TwoTower, split: Split) -> None:
        self.model, self.split = model, split
        bias = model.item_bias.detach().numpy()
        self.items = np.column_stack([model.item_matrix().numpy(), bias])  # (I, D + 1)
        self.people = {on: audience(split, on) for on in ("validation", "test")}
        self.queries = {
            on: model.tokens(split.user_ids[users], HISTORY[on]).sum(dim=1).numpy()  # (B, D)
            for on, (users, _, _) in self.people.items()
        }
        self.prefixes = training_prefixes(model, split)

    def ndcg(self, items: np.ndarray, turn: np.ndarray, on: str = "test") -> float:
        """Return NDCG@50 of item vectors with bias (I, r + 1); queries are turned first."""
        return float(self.per_user(items, turn, on).mean())

    def per_user(self, items: np.ndarray, turn: np.ndarray, on: str = "test") -> np.ndarray:
        """Return NDCG@50 of each user with an item in part `on`, (B,)."""
        y = self.queries[on] @ turn @ items[:, :-1].T + items[:, -1]  # (B, I)
        _, seen, relevant = self.people[on]
        ranked, _ = top_k(y, min(K, self.split.n_items), seen)
        return ndcg_of_each(ranked, relevant, ranked.shape[1])

    def per_user_by(self, index: VectorIndex, on: str = "test") -> np.ndarray:
        """Return the same by a vector index over the items, asked for FETCH of them, (B,)."""
        ranked, _ = index.search(self.queries[on], min(FETCH, len(self.items)))
        _, seen, relevant = self.people[on]
        return ndcg_of_each(first_unseen(ranked, seen), relevant, K)

    def tuned(
        self, items: np.ndarray, turn: np.ndarray, seed: int, epochs: int, rates: Sequence[float]
    ) -> tuple[np.ndarray, float | None]:
        """Train the item vectors and biases again as the entries of lists are.

        Returns:
            The values with the best NDCG@50 on validation over all passes at all rates, and their
            rate (None: the old values are best).
        """
        queries = self.prefixes.tokens.sum(dim=1) @ torch.from_numpy(turn)  # (n, r)
        scale = float(self.model.logit_scale.detach())

        def logits(values: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
            return scale * (queries[part] @ values[:, :-1].T + values[:, -1])

        def judge(values: torch.Tensor) -> float:
            return self.ndcg(values.numpy(), turn, "validation")

        start = torch.from_numpy(items)
        tries = []
        for lr in rates:
            passes = train_values(start, logits, self.prefixes, lr=lr, batch=512, seed=seed)
            tries.append((lr, *keep_best(start, passes, judge, epochs)))
        lr, best, _ = max(tries, key=lambda attempt: max(attempt[2]))
        return best.numpy(), None if best is start else lr
