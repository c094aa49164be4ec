"""Checks of the exercises of lesson 10: switches beyond the paper."""

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.lessons.beyond_the_paper.again import step
from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge, normal_tensors


def weights(function: Function) -> Verdict:
    """Check exercise 1: `function(d (n, R), tau)`, squared distances -> softmax of -d / tau."""
    small = torch.tensor([[1.0, 4.0]], dtype=torch.float64)
    (large,) = normal_tensors(1, (3, 4))
    cases = []
    for title, d, tau in (("one token, two codewords, tau = 2", small, 2.0),
                          ("three tokens, tau = 5", 10 * large.square(), 5.0)):  # fmt: skip
        mistakes = [
            ((d / tau).softmax(1), "The nearest must weigh most: the distance needs a minus."),
            ((-d).softmax(1), "Divide the distances by tau before the softmax."),
            ((-d * tau).softmax(1), "Divide by tau, do not multiply: a large tau spreads more."),
            ((-d.sqrt() / tau).softmax(1), "The distances are squared already; leave them so."),
            ((-d / tau).exp(), "The weights of a token must add up to 1: divide by their sum."),
            ((-d / tau).softmax(0), "Each token's weights add up to 1: softmax over dim 1."),
        ]
        cases.append(Case(title, (d, tau), (-d / tau).softmax(1), mistakes))
    return judge(function, cases, "That is soft_weights; multi-probe uses the same numbers.")


def entry_step(function: Function) -> Verdict:
    """Check exercise 2: `function(A (codes, I), n_u (codes,), target, lr)` -> lists after it."""
    A = np.array([[1.0, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0], [0.5, 0.0, 1.0, 0.0]])
    low = np.array([[0.1, 0.0, 2.0], [0.0, 3.0, 0.2]])
    cases = []
    for title, table, n_u, target, lr in (
        ("list 0 is read twice, list 2 once", A, np.array([2.0, 0.0, 1.0]), 2, 0.5),
        ("a large step from small entries", low, np.array([1.0, 1.5]), 1, 4.0),
    ):
        y = n_u @ table
        p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
        slope = p - np.eye(len(p))[target]
        free, once = table - lr * np.outer(n_u, slope), table - lr * np.outer(n_u > 0, slope)
        stored = table > 0
        mistakes = [
            (free, "An entry that is not stored is no number to train: it stays 0."),
            (np.maximum(free, 0), "An entry that is not stored is no number to train: it stays 0."),
            (np.where(stored, free, 0), "An entry below 0 is not kept: clip at 0 after the step."),
            (np.where(stored, np.maximum(table + lr * np.outer(n_u, slope), 0), 0),
             "Against the slope: minus lr times the gradient."),
            (np.where(stored, np.maximum(table - lr * np.outer(n_u, p), 0), 0),
             "The target is missing: the slope of the loss in y is p, minus 1 at the target."),
            (np.where(stored, np.maximum(once, 0), 0),
             "A list that is read twice has twice the slope: use n_u itself."),
            (np.where(stored, np.maximum(table - np.outer(n_u, slope), 0), 0),
             "The learning rate is missing."),
        ]  # fmt: skip
        right = step(table, n_u, target, lr)
        mistakes = [m for m in mistakes if not np.allclose(m[0], right)]
        cases.append(Case(title, (table, n_u, target, lr), right, mistakes))
    return judge(function, cases, "The codes stay, no entry is added: only stored values move.")


def reading(choice: str) -> Verdict:
    """Check exercise 3: which sentence the comparisons of the wishes allow."""
    return choose(
        choice,
        right="A",
        reasons={
            "A": "At 30 kB, in plain and in logs, the intervals lie above 0 and both differences "
            "hold after Holm's correction for all comparisons of the study.",
            "B": "The interval reaches from below 0 to 0.8 points. 'Equally good' needs an "
            "interval that is narrow around 0.",
            "C": "The interval lies above 0, but the difference does not hold after Holm's "
            "correction for all comparisons of the study.",
            "D": "At 60 and at 110 kB the difference still holds.",
        },
    )


def discount(function: Function) -> Verdict:
    """Check exercise 4: `function(usage (N,), s)` -> r = min(s * usage / mean usage, 1)."""
    small = torch.tensor([0.5, 0.3, 0.2, 0.0], dtype=torch.float64)
    (large,) = normal_tensors(2, (7,))
    cases = []
    for title, usage, s in (("four codewords, s = 1", small, 1.0),
                            ("seven codewords, s = 0.7", large.square(), 0.7)):  # fmt: skip
        share = usage / usage.mean()
        mistakes = [
            (s * share, "A crowded codeword keeps its distance: r is never over 1."),
            ((usage / usage.sum() * s).clamp(max=1), "Divide by the mean usage, not by the sum."),
            (share.clamp(max=1) * s, "s belongs inside the min."),
            ((share / s).clamp(max=1), "Multiply by s: with a large s nothing gets a discount."),
            ((s / share).clamp(max=1), "Turned around: a little-used codeword gets the small r."),
            ((s * share).clamp(min=1), "The smaller of the two, not the larger."),
        ]
        right = (s * share).clamp(max=1.0)
        mistakes = [m for m in mistakes if not torch.allclose(m[0], right)]
        cases.append(Case(title, (usage, s), right, mistakes))
    return judge(function, cases, "Distances times r: who is little used seems nearer.")


def gated(function: Function) -> Verdict:
    """Check exercise 5: `function(A (codes, I), codes (K_u,), g (K_u,))` -> sum_i g_i A[code_i]."""
    A = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [5.0, 5.0, 0.0]], dtype=torch.float64)
    (large,) = normal_tensors(3, (6, 5))
    cases = []
    for title, table, codes, g in (
        ("two tokens of different codes", A, torch.tensor([0, 1]), torch.tensor([2.0, 0.5])),
        ("a code that is read twice", large.relu(), torch.tensor([4, 2, 4]),
         torch.tensor([1.0, 0.3, 2.0])),
    ):  # fmt: skip
        g = g.double()
        once = torch.zeros(len(table), dtype=torch.float64)
        once[codes] = g
        mistakes = [
            (table[codes].sum(0), "The gates are missing: each list is read with its g."),
            (g[:, None] * table[codes], "Add up the tokens: one number for each item."),
            (once @ table, "A list that is read twice counts twice: its two gates add up."),
            ((g[:, None] * table[codes]).mean(0), "The sum over the tokens, not the mean."),
            (g.sum() * table[codes].sum(0), "Each list has the gate of its own token."),
        ]
        right = g @ table[codes]
        mistakes = [m for m in mistakes if not _alike(m[0], right)]
        cases.append(Case(title, (table, codes, g), right, mistakes))
    return judge(function, cases, "A gate is the weight with which a list is read.")


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b)


def divergence(function: Function) -> Verdict:
    """Check exercise 6: `function(teacher (n, I), student (n, I))`, logits -> mean divergence.

    The divergence is KL(teacher || student) of one query.
    """
    easy = [torch.log(torch.tensor([row], dtype=torch.float64)) for row in ([1.0, 3], [1.0, 1])]
    hard = normal_tensors(4, (3, 5), (3, 5))
    cases = []
    for title, (teacher, student) in (("one query, two items", easy), ("three queries", hard)):
        log_p, log_q = teacher.log_softmax(1), student.log_softmax(1)
        p, q = log_p.exp(), log_q.exp()
        each = (p * (log_p - log_q)).sum(1)
        mistakes = [
            (
                (q * (log_q - log_p)).sum(1).mean(),
                "Turned around: the teacher's p stands in front.",
            ),
            (
                -(p * log_q).sum(1).mean(),
                "That is the cross-entropy; take the teacher's entropy away.",
            ),
            ((p * (teacher - student)).sum(1).mean(), "Logits are no probabilities: log_softmax."),
            ((p * (log_p - log_q)).mean(), "Sum over the items, then the mean over the queries."),
            (each.sum(), "The mean over the queries, not the sum."),
            ((teacher - student).square().sum(1).mean(), "That compares scores; compare rankings."),
            (-each.mean(), "The sign: a divergence is never below 0."),
        ]
        right = each.mean()
        mistakes = [m for m in mistakes if not torch.allclose(m[0], right)]
        cases.append(Case(title, (teacher, student), right, mistakes))
    return judge(function, cases, "0 only where the student's softmax is the teacher's.")


def best_n(function: Function) -> Verdict:
    """Check exercise 7: `function(lengths (codes,), budget)`, 6 bytes an entry -> the largest n."""
    cases = []
    for title, lengths, budget in (
        ("three lists of 10, room for 12 entries", [10, 10, 10], 72),
        ("lists of 2, 9 and 9, room for 13 entries", [2, 9, 9], 78),
        ("lists of 1, 1, 20 and 5, room for 15 entries", [1, 1, 20, 5], 90),
        ("one byte less than 12 entries need", [10, 10, 10], 71),
    ):
        counts = np.array(lengths)
        entries = budget // 6
        right = max(n for n in range(1, counts.max() + 1) if np.minimum(counts, n).sum() <= entries)
        mistakes = [
            (entries // len(counts), "Lists that are shorter than n leave room for the others."),
            (right + 1, "One too many: the entries no longer fit."),
            (right - 1, "One more still fits."),
            (entries, "That is all entries together; n is for each list."),
            (budget // len(counts), "An entry takes 6 bytes."),
        ]
        mistakes = [m for m in mistakes if m[0] != right]
        cases.append(Case(title, (counts, budget), right, mistakes))
    return judge(function, cases, "Equal bytes, whatever the number and length of the lists.")


def both_sizes(function: Function) -> Verdict:
    """Check exercise 8: `function(lists, D)` -> bytes of the lists, bytes of the vectors.

    An entry takes 6 bytes, a number 2. Only items that stand in a list need a vector; with the
    bias of the item it has D + 1 numbers.
    """
    cases = []
    for title, lists, D in (
        ("three lists over four items, D = 4", [[0, 5], [5, 9], [7, 5, 0]], 4),
        ("an item in every list, D = 8", [[3], [3], [3], [3, 1]], 8),
        ("an empty list, D = 1", [[2, 4], []], 1),
    ):
        entries, items = sum(map(len, lists)), {i for row in lists for i in row}
        right = (6 * entries, 2 * (D + 1) * len(items))
        mistakes = [
            ((right[0], 2 * D * len(items)), "An item has D + 1 numbers: its bias is served too."),
            ((right[0], 2 * (D + 1) * entries), "An item has one vector, in however many lists."),
            ((right[0], 2 * (D + 1) * (max(items) + 1)), "Only listed items need a vector."),
            ((4 * entries, right[1]), "An entry takes 6 bytes: a position of 4 and a value of 2."),
            (right[::-1], "The lists first, then the vectors."),
            ((right[0], 4 * (D + 1) * len(items)), "2 bytes a number: equal precision."),
        ]
        mistakes = [m for m in mistakes if m[0] != right]
        cases.append(Case(title, (lists, D), right, mistakes))
    return judge(function, cases, "The catalogue's size has dropped out; lists per item decide.")
