"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np


def listed(keep=lambda s: s > 0, order=lambda s: np.argsort(-s, kind="stable")):
    def solution(scores):
        positions = np.flatnonzero(keep(scores))
        positions = positions[order(scores[positions])]
        return np.column_stack([positions, scores[positions]])

    return solution


def read_lists(pairs=zip, add=True, weigh=lambda w, n: w):
    def solution(lists, codes, weights, n_items):
        y = np.zeros(n_items)
        for code, weight in pairs(codes, weights):
            for item, score in lists[code]:
                amount = weigh(weight, len(codes)) * score
                y[item] = y[item] + amount if add else amount
        return y

    return solution


def last_of_equal(codes, weights):
    return dict(zip(codes, weights, strict=True)).items()


def first_of_equal(codes, weights):
    return last_of_equal(codes[::-1], weights[::-1])


def eight_bits(rounding=np.rint, levels=255):
    def solution(values):
        scale = values.max() / levels
        return rounding(values / scale), scale

    return solution


def tables(C, G, codes):
    d = C.shape[2]
    return sum(C[m][codes[:, m]] @ G[:, m * d : (m + 1) * d].T for m in range(len(C)))


def two_tables(C, G, codes):
    if len(C) == 1:
        return tables(C, G, codes)
    return C[0][codes[:, 0]] @ G[:, :2].T + C[1][codes[:, 1]] @ G[:, 2:4].T


def inserted(items, values, item, score):
    rows = [*zip(items, values, strict=True)] + ([(item, score)] if score > 0 else [])
    rows.sort(key=lambda row: (-row[1], row[0]))
    return [row[0] for row in rows], [row[1] for row in rows]


def at_the_first_smaller(compare):
    def solution(items, values, item, score):
        if score <= 0:
            return items, values
        place = next((i for i, v in enumerate(values) if compare(v, score)), len(items))
        return [*items[:place], item, *items[place:]], [*values[:place], score, *values[place:]]

    return solution


def front(sizes, quality):
    kept, best = [], -np.inf
    for i in np.lexsort((-quality, sizes)):
        if quality[i] > best:
            kept.append(int(i))
            best = quality[i]
    return sorted(kept)


def last_of_alike(sizes, quality):
    turned = front(sizes[::-1], quality[::-1])
    return sorted(len(sizes) - 1 - i for i in turned)


def front_with_ties(sizes, quality):
    return [
        i for i in range(len(sizes))
        if all(quality[i] >= q for s, q in zip(sizes, quality, strict=True) if s <= sizes[i])
    ]  # fmt: skip


def front_of_smaller(sizes, quality):
    return [
        i for i in range(len(sizes))
        if all(quality[i] > q for s, q in zip(sizes, quality, strict=True) if s < sizes[i])
    ]  # fmt: skip


SOLUTIONS = {
    "make_list": listed(),
    "read_lists": read_lists(),
    "to_bytes": eight_bits(),
    "by_tables": tables,
    "new_film": inserted,
    "pareto": front,
}
MISTAKES = [
    ("make_list", listed(order=lambda s: np.arange(len(s))), "largest score comes first"),
    ("make_list", listed(order=lambda s: np.argsort(s, kind="stable")[::-1]), "0 before 4"),
    ("make_list", listed(keep=lambda s: s >= 0), "keep > 0"),
    ("make_list", listed(keep=lambda s: s < 9), "kept every"),
    ("make_list", lambda s: listed()(s)[::-1], "smallest comes first"),
    ("make_list", lambda s: listed()(s)[:, ::-1], "columns"),
    ("make_list", lambda s: listed()(s) if (s > 0).any() else np.empty(0), "empty list"),
    ("read_lists", read_lists(add=False), "add to y[item]"),
    ("read_lists", read_lists(lambda c, w: zip(c[:1], w[:1], strict=True)), "Only the first list"),
    ("read_lists", read_lists(weigh=lambda w, n: 1), "Multiply each score"),
    ("read_lists", read_lists(weigh=lambda w, n: w if n < 3 else 1 / n), "a mean"),
    ("read_lists", read_lists(last_of_equal), "counts twice"),
    ("read_lists", read_lists(first_of_equal), "counts twice"),
    ("to_bytes", eight_bits(np.floor), "round"),
    ("to_bytes", eight_bits(levels=127), "255 levels are free"),
    ("to_bytes", eight_bits(levels=256), "does not fit"),
    ("to_bytes", lambda v: (np.rint(v * 255 / v.max()), 255 / v.max()), "multiplies"),
    ("to_bytes", lambda v: (np.rint(v / 0.02), 0.02), "passed in"),
    ("by_tables", lambda C, G, codes: tables(C[:1], G, codes), "second"),
    ("by_tables", lambda C, G, codes: tables(C, np.roll(G, 2, axis=1), codes), "next d"),
    ("by_tables", lambda C, G, codes: tables(C, G, codes[:, [0, 0]]), "index of its own"),
    ("by_tables", lambda C, G, codes: tables(C, G, codes).T, "One row per code"),
    ("by_tables", lambda C, G, codes: np.maximum(tables(C, G, codes), 0), "ReLU"),
    ("by_tables", two_tables, "M = 3"),
    ("new_film", lambda i, v, c, s: ([*i, c], [*v, s]), "at the end"),
    ("new_film", at_the_first_smaller(lambda v, s: v <= s), "1, then 5"),
    ("new_film", at_the_first_smaller(lambda v, s: v < s), "1, then 5"),
    ("new_film", lambda i, v, c, s: inserted(i, v, c, s) if s > 0 else ([*i, c], [*v, s]),
     "stays as it is"),
    ("new_film", lambda i, v, c, s: inserted(i, v, c, s) if s > 0 else ([*i, c], [*v, 0.0]),
     "leave it out"),
    ("pareto", front_of_smaller, "Setting 1"),
    ("pareto", front_with_ties, "Setting 5"),
    ("pareto", last_of_alike, "the first one counts"),
    ("pareto", lambda s, q: [int(q.argmax())], "not a front"),
    ("pareto", lambda s, q: list(range(len(s))), "beaten"),
    ("pareto", lambda s, q: front(s, q)[::-1] if s[0] > 10 else front(s, q), "ascending"),
]  # fmt: skip
