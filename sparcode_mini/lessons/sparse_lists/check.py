"""Checks of the exercises of lesson 07: the sparse index."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def make_list(function: Function) -> Verdict:
    """Check exercise 1: `function(scores)` -> the list of one code as rows (item, score)."""
    scores = np.array([0.5, -1.0, 2.0, 0.0, 0.5])
    right = np.array([[2, 2.0], [0, 0.5], [4, 0.5]])
    nothing = np.array([-1.0, 0.0])
    cases = [
        Case(
            "S + b = 0.5, -1, 2, 0, 0.5",
            (scores,),
            right,
            mistakes=[
                (right[[1, 0, 2]], "That is the items' order; the largest score comes first."),
                (right[[0, 2, 1]], "Equal scores stand in the order of their items: 0 before 4. A "
                 "reversed or unstable sort turns them round."),
                (right[::-1], "The smallest comes first; turn the order round, but keep equal "
                 "scores in the order of their items."),
                (np.vstack([right, [3, 0.0]]), "A score of 0 adds nothing to any sum: keep > 0, "
                 "not >= 0."),
                (np.array([[2, 2.0], [0, 0.5], [4, 0.5], [3, 0.0], [1, -1.0]]), "You kept every "
                 "item. What the ReLU makes 0 adds nothing: leave it out."),
                (right[:, ::-1], "The columns are (item, score), in this order."),
            ],
            next_step="Take the positions of the scores > 0 and sort them by -score, stably.",
        ),
        Case(
            "a code that likes nothing",
            (nothing,),
            np.empty((0, 2)),
            next_step="An empty list is a list too: return shape (0, 2).",
        ),
    ]  # fmt: skip
    return judge(function, cases, "N^M such lists are the index.")


def read_lists(function: Function) -> Verdict:
    """Check exercise 2: `function(lists, codes, weights, n_items)` -> the scores of all items."""
    lists = {
        0: [(0, 2.0), (3, 1.0)],
        1: [(1, 2.5), (4, 1.5), (2, 1.0)],
        2: [(4, 1.5), (3, 1.0), (1, 0.5)],
    }
    two, three, twice = [2, 0.5, 0, 2, 1.5], [1, 0.65, 0.2, 0.8, 0.75], [0, 2.5, 1, 0, 1.5]
    cases = [
        Case(
            "codes 0 and 2, each with weight 1; Dumbo (item 3) stands in both lists",
            (lists, [0, 2], [1.0, 1.0], 5),
            two,
            mistakes=[
                ([2, 0.5, 0, 1, 1.5], "Item 3 stands in two lists: add to y[item], do not replace "
                 "it."),
                ([2, 0, 0, 1, 0], "Only the first list was read. Is `return` inside the loop?"),
            ],
        ),
        Case(
            "codes 0, 2 and 1 with the weights 0.5, 0.3 and 0.2",
            (lists, [0, 2, 1], [0.5, 0.3, 0.2], 5),
            three,
            mistakes=[
                ([2, 3, 1, 2, 3], "Multiply each score by the weight of its list."),
                ([number / 3 for number in (2, 3, 1, 2, 3)], "That is a mean. Use the weights."),
            ],
        ),
        Case(
            "code 1 twice, with the weights 0.6 and 0.4",
            (lists, [1, 1], [0.6, 0.4], 5),
            twice,
            mistakes=[
                ([0.6 * number for number in twice], "A code that is read twice counts twice."),
                ([0.4 * number for number in twice], "A code that is read twice counts twice."),
            ],
            next_step="Go through codes and weights together; the same code may come twice.",
        ),
    ]  # fmt: skip
    return judge(function, cases, "This is a search. What is left is to sort.")


def reading(choice: str) -> Verdict:
    """Check exercise 3: which sentence the table of best-n and lower b allows."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "These are the signs of three means. Each of the three intervals contains 0, so "
            "the signs may be chance.",
            "B": "Some of these intervals reach to half a point. 'Equal' needs an interval that is "
            "narrow around 0.",
            "C": "The interval lies above 0, and p is below 0.05 even after Holm's correction for "
            "all twelve rows.",
            "D": "That row no longer holds after Holm's correction, but its interval lies above 0. "
            "A difference that is not proven is not a proof of 'equal'.",
        },
    )


def to_bytes(function: Function) -> Verdict:
    """Check exercise 4: `function(values)` -> levels 0..255 and scale; values ~ levels * scale."""
    values = np.array([5.1, 2.552, 0.02, 0.005])
    levels, scale = np.array([255, 128, 1, 0]), 0.02

    def packed(numbers: Any, step: float) -> np.ndarray:
        return np.append(np.asarray(numbers, dtype=float), step)

    cases = [
        Case(
            "values 5.1, 2.552, 0.02, 0.005 (answer shown as levels, then the scale)",
            (values,),
            packed(levels, scale),
            mistakes=[
                (packed([255, 127, 1, 0], scale), "2.552 / 0.02 is 127.6: round, don't cut off."),
                (packed([127, 64, 0, 0], 5.1 / 127), "No value is negative, so all 255 levels are "
                 "free, not 127."),
                (packed([256, 128, 1, 0], 5.1 / 256), "256 does not fit into a byte: the largest "
                 "level is 255."),
                (packed(levels, 1 / scale), "The scale multiplies: value = level * scale."),
            ],
            next_step="scale = largest value / 255; levels = round(values / scale).",
        ),
        Case(
            "another list, 0.4 and 0.1: every list has a scale of its own",
            (np.array([0.4, 0.1]),),
            packed([255, 64], 0.4 / 255),
            mistakes=[(packed([20, 5], 0.02), "The scale comes from the values passed in.")],
            next_step="The scale comes from the values that are passed in.",
        ),
    ]  # fmt: skip
    praise = "An entry then takes 5 bytes: 4 for the item, 1 for the score."
    return judge(function, cases, praise, join=lambda pair: packed(*pair))


def pareto(function: Function) -> Verdict:
    """Check exercise 5: `function(sizes, quality)` -> positions of the settings on the front."""
    sizes = np.array([10, 20, 20, 30, 40, 50])
    quality = np.array([0.20, 0.25, 0.27, 0.26, 0.30, 0.30])
    hint = "Sort by bytes; keep a setting only if it is better than all that need no more bytes."
    cases = [
        Case(
            "six settings",
            (sizes, quality),
            [0, 2, 4],
            mistakes=[
                ([0, 1, 2, 4], "Setting 1 needs as many bytes as setting 2 and is worse."),
                ([0, 2, 4, 5], "Setting 5 is as good as 4 and larger: nobody would take it."),
                ([4], "The best alone is not a front: smaller settings that are worse stay in."),
                ([4, 5], "Those are the best ones; smaller settings that are worse stay in."),
                ([0, 1, 2, 3, 4, 5], "Some of these are beaten: smaller or equal, and better."),
                ([0, 2, 3, 4], "Setting 3 is larger than setting 2 and worse."),
            ],
            next_step=hint,
        ),
        Case(
            "the same, in another order",
            (sizes[::-1].copy(), quality[::-1].copy()),
            [1, 3, 5],
            mistakes=[([5, 3, 1], "Give the positions in ascending order.")],
            next_step="The settings come in any order, so sort by bytes first.",
        ),
        Case(
            "settings 1 and 2 are alike in bytes and in quality",
            (np.array([30, 20, 20]), np.array([0.30, 0.27, 0.27])),
            [0, 1],
            mistakes=[
                ([0, 1, 2], "Of two settings that are alike the first one counts."),
                ([0, 2], "Of two settings that are alike the first one counts."),
            ],
        ),
    ]
    return judge(function, cases, "Everything off the front can be had cheaper or better.")


def by_tables(function: Function) -> Verdict:
    """Check exercise 6: `function(C, G, codes)` -> what goes into the ReLU for each code (n, I).

    Only the M N codewords are multiplied; a code adds M of these rows.
    """
    rng = np.random.default_rng(0)
    C = rng.integers(-2, 3, (2, 3, 2)).astype(float)  # (M, N, d)
    G = rng.integers(-2, 3, (2, 4)).astype(float)  # (I, D_T): what one hidden unit asks of a token
    codes = np.array([[0, 2], [1, 1], [2, 0], [0, 0]])
    tokens = np.concatenate([C[0][codes[:, 0]], C[1][codes[:, 1]]], axis=1)  # (n, D_T)
    right = tokens @ G.T  # (n, I)
    first = C[0][codes[:, 0]] @ G[:, :2].T
    crossed = C[0][codes[:, 0]] @ G[:, 2:].T + C[1][codes[:, 1]] @ G[:, :2].T
    products = first * (C[1][codes[:, 1]] @ G[:, 2:].T)
    same = C[0][codes[:, 0]] @ G[:, :2].T + C[1][codes[:, 0]] @ G[:, 2:].T
    three = rng.integers(-2, 3, (3, 2, 4)).astype(float)  # (M, N, d)
    wide = rng.integers(-2, 3, (2, 12)).astype(float)  # (I, D_T)
    keys = np.array([[0, 1, 1], [1, 0, 1]])  # (n, M)
    cases = [
        Case(
            "M = 2 codebooks of N = 3 codewords of width 2, two items, four codes",
            (C, G, codes),
            right,
            mistakes=[
                (first, "Only the first codebook is in it; add the table of the second."),
                (crossed, "Codebook 1 meets the first d columns of G, codebook 2 the next d."),
                (products, "The parts of the sum T . G add; they are not multiplied."),
                (same, "Each codebook has an index of its own: codes[:, 1] for the second."),
                (right.T, "One row per code, one column per item."),
                (np.maximum(right, 0), "The ReLU comes after the first layer; return what goes "
                 "into it."),
            ],
            next_step="table_m = C[m] @ G[:, m*d:(m+1)*d].T is (N, I); add table_m[codes[:, m]].",
        ),
        Case(
            "one codebook: a plain product",
            (C[:1], G[:, :2], codes[:, :1]),
            first,
            next_step="Loop over the codebooks that are passed in; there may be one.",
        ),
        Case(
            "M = 3 codebooks of N = 2 codewords of width 4, two items, two codes",
            (three, wide, keys),
            sum(three[m][keys[:, m]] @ wide[:, 4 * m : 4 * m + 4].T for m in range(3)),
            next_step="Loop over all codebooks; codebook m meets columns m*d to (m + 1)*d.",
        ),
    ]  # fmt: skip
    return judge(function, cases, "M N rows are computed, N^M codes only add them.")


def new_film(function: Function) -> Verdict:
    """Check exercise 7: `function(items, values, item, score)` -> items, values with the film."""
    items, values = [4, 1, 7], [3.0, 2.0, 2.0]

    def both(a: Sequence[Any], b: Sequence[Any]) -> np.ndarray:
        return np.array([list(a), list(b)], dtype=float)

    cases = [
        Case(
            "film 9 with score 2.5 comes to [(4, 3), (1, 2), (7, 2)] (shown: items, then values)",
            (items, values, 9, 2.5),
            both([4, 9, 1, 7], [3, 2.5, 2, 2]),
            mistakes=[
                (both([4, 1, 7, 9], [3, 2, 2, 2.5]), "It stands at the end; best-n cuts would now "
                 "drop it. Put it in its place."),
            ],
            next_step="Find the first place whose value is smaller, and insert there.",
        ),
        Case(
            "film 5 with score 2: a tie with films 1 and 7",
            (items, values, 5, 2.0),
            both([4, 1, 5, 7], [3, 2, 2, 2]),
            mistakes=[
                (both([4, 5, 1, 7], [3, 2, 2, 2]), "Of equal values the smaller item comes first: "
                 "1, then 5, then 7."),
                (both([4, 1, 7, 5], [3, 2, 2, 2]), "Of equal values the smaller item comes first: "
                 "1, then 5, then 7."),
            ],
            next_step="Compare (-value, item).",
        ),
        Case(
            "film 9 with score -0.5",
            (items, values, 9, -0.5),
            both(items, values),
            mistakes=[
                (both([*items, 9], [*values, -0.5]), "The ReLU makes this score 0: the list stays "
                 "as it is."),
                (both([*items, 9], [*values, 0.0]), "An entry of 0 adds nothing; leave it out."),
            ],
            next_step="Only a score > 0 makes an entry.",
        ),
    ]  # fmt: skip
    praise = "The other films' scores were not even looked at."
    return judge(function, cases, praise, join=lambda pair: both(*pair))
