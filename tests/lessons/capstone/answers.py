"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np
import torch


def quantise(T, C):
    return torch.cdist(T, C).argmin(dim=-1)


def scores(linear=True, bias=True, relu=True, meet=torch.mul, path=lambda z, T_c: (T_c @ z).sum(1)):
    def solution(C, T_c, W, h_0, w_h, item_bias):
        rows = []
        for z in C:
            hidden = meet(z, T_c).flatten(1) @ W.T + h_0
            S = (hidden.relu() if relu else hidden) @ w_h
            S = S + path(z, T_c) if linear else S
            rows.append(S + item_bias if bias else S)
        return torch.stack(rows)

    return solution


def lists(keep=lambda row: row > 0, sort=lambda v: np.argsort(-v, kind="stable"), start=(0,)):
    def solution(A, n):
        items, values, lengths = [], [], []
        for row in A:
            best = np.flatnonzero(keep(row))
            best = best[sort(row[best])][:n]
            items, values = [*items, *best], [*values, *row[best]]
            lengths.append(len(best))
        return np.array([*start, *np.cumsum(lengths)]), np.array(items), np.array(values)

    return solution


def of_lengths(A, n):
    offsets, items, values = lists()(A, n)
    return np.diff(offsets), items, values


def cut_before_sorting(A, n):
    first = [np.flatnonzero(row > 0)[:n] for row in A]
    short = np.zeros_like(A)
    for row, source, kept in zip(short, A, first, strict=True):
        row[kept] = source[kept]
    return lists()(short, None)


def with_floats(A, n):
    offsets, items, values = lists()(A, n)
    return offsets, items.astype(float), values


def of_positive(A, n):
    rows = [row[row > 0] for row in A]
    best = [np.argsort(-row, kind="stable")[:n] for row in rows]
    return lists()(A, n)[0], np.concatenate(best), lists()(A, n)[2]


def items_alone_sorted(A, n):
    offsets, items, _ = lists()(A, n)
    return offsets, items, np.concatenate([row[row > 0][:n] for row in A])


def search(add=True, mask=True, weigh=True, pad=True, stable=True, kind="stable"):
    def solution(index, codes, weights, seen, n_items, k):
        offsets, items, values = index
        y = np.zeros(n_items)
        for code, weight in zip(codes, weights, strict=True):
            span = slice(offsets[code], offsets[code + 1])
            amount = (weight if weigh else 1) * values[span]
            y[items[span]] = y[items[span]] + amount if add else amount
        if mask:
            y[seen] = 0
        order = np.argsort(-y, kind=kind) if stable else np.argsort(y, kind="stable")[::-1]
        best = order[:k]
        return np.where(y[best] > 0, best, -1) if pad else best

    return solution


def masked_too_late(index, codes, weights, seen, n_items, k):
    answer = search()(index, codes, weights, [], n_items, k)
    return answer[~np.isin(answer, seen)]


def ndcg(places=0, ideal=lambda k, right, hits: min(k, len(right))):
    def solution(answer, right, k):
        hits = np.flatnonzero(np.isin(answer[:k], right))
        best = np.arange(ideal(k, right, hits))
        return (1 / np.log2(hits + 2 + places)).sum() / (1 / np.log2(best + 2)).sum()

    return solution


def dcg(answer, right, k):
    return (1 / np.log2(np.flatnonzero(np.isin(answer[:k], right)) + 2)).sum()


def probes(power=2, sign=-1, divide=True, over="R", weigh=lambda x: x.softmax(-1)):
    def solution(T, C, R, tau):
        d = torch.cdist(T, C) ** power
        near, codes = d.topk(R, largest=False)
        source = near if over == "R" else d
        weights = weigh(sign * source / (tau if divide else 1))
        return codes, weights if over == "R" else weights.gather(-1, codes)

    return solution


def farthest(T, C, R, tau):
    return torch.cdist(T, C).topk(R).indices, probes()(T, C, R, tau)[1]


SOLUTIONS = {
    "quantise": quantise,
    "score": scores(),
    "make_lists": lists(),
    "search": search(),
    "measure": ndcg(),
    "probes": probes(),
}
MISTAKES = [
    ("quantise", lambda T, C: (T @ C.T).argmax(-1), "largest dot product"),
    ("quantise", lambda T, C: torch.cdist(T, C).argmin(dim=1), "dim=-1"),
    ("quantise", lambda T, C: torch.cdist(T, C).argmax(-1), "farthest"),
    ("quantise", lambda T, C: torch.cdist(T, C).amin(-1), "argmin, not min"),
    ("quantise", lambda T, C: torch.cdist(T.flatten(0, 1), C).argmin(1), "(B, K_u)"),
    ("quantise", lambda T, C: C[quantise(T, C)], "These are the codewords"),
    ("quantise", lambda T, C: quantise(T, C).float(), "integers"),
    ("score", scores(linear=False), "linear path is missing"),
    ("score", scores(bias=False), "item bias is missing"),
    ("score", scores(linear=False, bias=False), "as in lesson 06"),
    ("score", scores(relu=False), "need their ReLU"),
    ("score", lambda *args: scores()(*args).T, "One row for each codeword"),
    ("score", lambda *args: scores()(*args).relu(), "after the bias b"),
    ("score", lambda C, T_c, W, h_0, *rest: scores()(C, T_c, W, 0 * h_0, *rest), "offset h_0"),
    ("score", scores(path=lambda z, T_c: (T_c @ z).mean(1)), "not a mean"),
    ("score", scores(path=lambda z, T_c: T_c[:, 0] @ z), "not the first one"),
    ("score", scores(meet=torch.add), "multiplied, not added"),
    ("make_lists", lists(start=()), "begin with 0"),
    ("make_lists", of_lengths, "cumsum"),
    ("make_lists", lambda A, n: lists()(A[A.any(1)], n), "empty list"),
    ("make_lists", lists(keep=lambda row: row >= 0), "keep > 0"),
    ("make_lists", lists(sort=lambda v: np.arange(len(v))), "comes first"),
    ("make_lists", lists(sort=lambda v: np.argsort(v, kind="stable")[::-1]), "0 before 3"),
    ("make_lists", lists(sort=lambda v: np.argsort(v, kind="stable")), "sort by -score"),
    ("make_lists", lambda A, n: lists()(A, None), "n is not used"),
    ("make_lists", cut_before_sorting, "Sort first"),
    ("make_lists", lambda A, n: lists()(A, n and n - 1), "One entry too few"),
    ("make_lists", lambda A, n: (*lists()(A, n)[:2], np.ones(6)), "values are the scores"),
    ("make_lists", with_floats, "integers"),
    ("make_lists", lambda A, n: [part.tolist() for part in lists()(A, n)], "one flat array"),
    ("make_lists", lists(sort=lambda v: np.argsort(-v, kind="heapsort")), 'kind="stable"'),
    ("make_lists", of_positive, "places among the scores"),
    ("make_lists", items_alone_sorted, "sort both"),
    ("make_lists", lambda A, n: lists()(A, n)[1:], "return 3 results"),
    ("make_lists", lambda A, n: [np.column_stack([np.flatnonzero(row), row[row > 0]])[
        np.argsort(-row[row > 0], kind="stable")] for row in A], "This is one list"),
    ("make_lists", lambda A, n: [lists()(A, n)[i] for i in (1, 2, 0)], "The order is offsets"),
    ("search", lambda *args: search()(*args).astype(float), "integers"),
    ("search", search(kind="heapsort"), 'kind="stable"'),
    ("search", lambda index, codes, *rest: search()(index, codes - 1, *rest), "List k is"),
    ("search", search(add=False), "don't replace"),
    ("search", search(mask=False), "set its sum to 0"),
    ("search", search(weigh=False), "by its weight"),
    ("search", search(pad=False), "write -1"),
    ("search", search(stable=False), "stably"),
    ("search", masked_too_late, "Mask first"),
    ("search", lambda index, c, w, *rest: search()(index, *map(np.array, zip(*dict(
        zip(c.tolist(), w, strict=True)).items(), strict=True)), *rest), "counts twice"),
    ("measure", dcg, "That is DCG"),
    ("measure", lambda a, r, k: dcg(a, r, k) / len(r), "not by the number"),
    ("measure", ndcg(places=1), "begin at 1"),
    ("measure", ndcg(ideal=lambda k, right, hits: k), "not k"),
    ("measure", ndcg(ideal=lambda k, right, hits: len(hits)), "was not found"),
    ("measure", ndcg(ideal=lambda k, right, hits: len(right)), "only k places"),
    ("measure", lambda a, r, k: np.isin(a, r).mean(), "precision"),
    ("measure", ndcg(places=-1), "count from 0"),
    ("measure", lambda a, r, k: ndcg()(r, a[a >= 0], k), "`answer`"),
    ("probes", farthest, "farthest"),
    ("probes", lambda *args: probes()(*args)[::-1], "The order is codes"),
    ("probes", lambda *args: probes()(*args)[0], "return 2 results"),
    ("probes", lambda *args: (probes()(*args)[0].double(), probes()(*args)[1]), "integers"),
    ("probes", lambda T, C, R, tau: (torch.cdist(T, C).argmin(-1, keepdim=True), None), "R codes"),
    ("probes", lambda T, C, *rest: [x.flip(-1) for x in probes()(T, C, *rest)], "nearest comes"),
    ("probes", probes(power=1), "Square the distances"),
    ("probes", probes(divide=False), "by tau"),
    ("probes", probes(sign=1), "minus d^2"),
    ("probes", probes(over="N"), "sum to 1"),
    ("probes", probes(weigh=lambda x: x.softmax(1)), "last dimension"),
    ("probes", probes(weigh=torch.exp), "Divide by the sum"),
    ("probes", probes(weigh=lambda x: torch.full_like(x, 1 / x.shape[-1])), "counts more"),
]  # fmt: skip
