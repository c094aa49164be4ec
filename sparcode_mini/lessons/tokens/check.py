"""Checks of the exercises of lesson 05: masks, what tokens ask for, means, routing, fields."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge
from sparcode_mini.model.capsules import squash
from sparcode_mini.model.items import field_embedding


def _draw(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def asks_for(function: Function) -> Verdict:
    """Check exercise 1: `function(T (D_T,), T_c (I, K_c, D_T), k)` -> k positions, best first.

    The score of a film is the sum of the dot products of the token with the film's tokens.
    """
    token = torch.tensor([1.0, 0.0], dtype=torch.float64)
    tokens = [[3, 0.5], [-2, 0.5]], [[0.5, 0], [2.5, 4]], [[1, 0], [1, 0]], [[-1, 9], [0, 0]]
    films = torch.tensor(tokens, dtype=torch.float64)  # (I=4, K_c=2, D_T=2)
    cases = []
    for title, T, T_c, k in (
        ("four films of two tokens, k = 2", token, films, 2),
        ("nine films of three tokens, k = 4", _draw(7, 5), _draw(8, 9, 3, 5), 4),
    ):
        S = torch.einsum("d,fkd->f", T, T_c)
        right = S.argsort(descending=True)[:k]
        mistakes = [
            (S.argsort()[:k], "Smallest first; a token asks for the largest scores."),
            (S.sort(descending=True).values[:k], "Those are the scores; return the positions."),
            (right.sort().values, "Right films; keep them in the order of their scores."),
            (
                (T_c[:, 0] @ T).argsort(descending=True)[:k],
                "Only the first token of each film was read; add up all K_c of them.",
            ),
            (
                F.cosine_similarity(T_c.sum(1), T[None]).argsort(descending=True)[:k],
                "Do not divide by the lengths: the score is a dot product.",
            ),
            (S.argsort(descending=True), "Right order; return the first k only."),
        ]
        cases.append(Case(title, (T, T_c, k), right, mistakes))
    return judge(function, cases, "The scorer of lesson 06 adds a small network to this sum.")


def one_or_four(choice: str) -> Verdict:
    """Check exercise 2: how many tokens the comparison speaks for."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "Every one of these intervals contains 0, so no gain of four tokens is shown. "
            "What four tokens surely do: they read 3.3 to 3.8 times as many entries.",
            "B": "An interval that contains 0 also contains other numbers. These reach 1.2 points: "
            "too much for 'equal'.",
            "C": "No difference is shown. The cost differs: four tokens read 3.3 to 3.8 times as "
            "many entries. So the cheaper one is the choice until a test shows a gain.",
            "D": "The quality is open, but the cost is not: one token reads about a quarter to a "
            "third of the entries. That is enough to decide.",
        },
    )


def mask_of(function: Function) -> Verdict:
    """Check exercise 3: `function(lengths (B,), L)` -> mask (B, L), True where no padding is.

    The padding stands on the right.
    """
    cases = []
    for lengths, L in ((torch.tensor([2, 4, 1]), 4), (torch.tensor([3, 5]), 6)):
        places = torch.arange(L)
        right = places < lengths[:, None]  # (B, L)
        mistakes = [
            (~right, "Turned round: True marks what is real, not what is padding."),
            (places <= lengths[:, None], "One too many: places count from 0, so place < length."),
            (
                places >= L - lengths[:, None],
                "That is padding on the left. Here the history stands first.",
            ),
            (right.T, "Shape (L, B) came; a row is a query: (B, L)."),
        ]
        title = f"lengths {lengths.tolist()}, L = {L}"
        cases.append(Case(title, (lengths, L), right, mistakes))
    return judge(function, cases, "With it a tokenizer knows where a history ends.")


def prefix_means(function: Function) -> Verdict:
    """Check exercise 4: `function(H_u (B, L, D))` -> (B, L, D), at place p the mean of 0..p."""
    small = torch.tensor([[[2.0, 0.0], [0.0, 4.0], [4.0, 2.0]]], dtype=torch.float64)
    cases = []
    for title, H in (("one query, L = 3, D = 2", small), ("two queries, L = 4", _draw(1, 2, 4, 3))):
        L = H.shape[1]
        count = torch.arange(1, L + 1, dtype=H.dtype)[:, None]
        sums = H.cumsum(1)
        mistakes = [
            (sums, "These are sums; divide place p by the p + 1 embeddings that it has read."),
            (sums / L, "Divided by L everywhere; place p has read p + 1 embeddings."),
            (H.mean(1), "One mean per query came; give one for each prefix: (B, L, D)."),
            (
                H.mean(1, keepdim=True).expand_as(H),
                "Every place got the mean of the whole history: that looks into the future.",
            ),
            (
                H.flip(1).cumsum(1).flip(1) / count.flip(0),
                "These are means of what comes after. A prefix ends at p.",
            ),
            (
                (sums - H) / (count - 1).clamp(min=1),
                "Place p left out embedding p itself; the prefix includes it.",
            ),
        ]
        cases.append(Case(title, (H,), sums / count, mistakes))
    return judge(function, cases, "That is the heart of the DNN tokenizer.")


def squash_of(function: Function) -> Verdict:
    """Check exercise 5: `function(z (K, D))` -> (K, D), z with the length |z|^2 / (1 + |z|^2)."""
    small = torch.tensor([[3.0, 4.0], [0.6, 0.8]], dtype=torch.float64)
    cases = []
    for title, z in (("lengths 5 and 1", small), ("three capsules of width 4", _draw(2, 3, 4))):
        length = z.norm(dim=-1, keepdim=True)
        mistakes = [
            (z / length, "Length 1 for all: the factor |z|^2 / (1 + |z|^2) is missing."),
            (
                z * length**2 / (1 + length**2),
                "The factor must act on the unit vector z / |z|, not on z itself.",
            ),
            (z / (1 + length), "Nearly: that has length |z| / (1 + |z|); square both lengths."),
            (
                z * z.norm() / (1 + z.norm() ** 2),
                "One length for all capsules together; take the norm of each row (dim=-1).",
            ),
        ]
        cases.append(Case(title, (z,), squash(z), mistakes))
    return judge(function, cases, "A long vector nearly reaches length 1, a short one vanishes.")


def copies(function: Function) -> Verdict:
    """Check exercise 7: `function(T (K, D))` -> mean cosine of two *different* tokens."""
    small = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]], dtype=torch.float64)
    cases = []
    for title, T in (("two tokens of one direction, a third across", small),
                     ("four tokens of width 5", _draw(5, 4, 5))):  # fmt: skip
        K = len(T)
        unit = F.normalize(T, dim=1)
        C, products = unit @ unit.T, T @ T.T
        off = ~torch.eye(K, dtype=torch.bool)
        mistakes = [
            (C.mean(), "Each token was also compared with itself (cosine 1); leave these out."),
            (products[off].mean(), "That is the mean product; divide by both lengths first."),
            (C[off].abs().mean(), "Opposite tokens are no copies: keep the sign."),
            (C[off].sum(), "That is the sum; divide by K (K - 1) pairs."),
            (
                torch.cdist(T, T)[off].mean(),
                "That is the mean distance; copies have cosine 1, not distance 1.",
            ),
        ]
        cases.append(Case(title, (T,), C[off].mean(), mistakes))
    return judge(function, cases, "1 means copies: K_u lists are read, and they are one list.")


def patches(function: Function) -> Verdict:
    """Check exercise 8: `function(image (S, S), side)` -> blocks, row by row, (L, side * side)."""
    cases = []
    for S, side in ((4, 2), (8, 2), (6, 3)):
        image = torch.arange(S * S, dtype=torch.float64).reshape(S, S)
        n = S // side
        blocks = image.reshape(n, side, n, side).transpose(1, 2)  # (n, n, side, side)
        mistakes = [
            (
                image.reshape(-1, side * side),
                "Those are runs of one row; a block has pixels of several rows: reshape to "
                "(n, side, n, side), then swap the middle two.",
            ),
            (
                blocks.transpose(0, 1).reshape(-1, side * side),
                "Right blocks, read column by column; read them row by row.",
            ),
            (blocks, "Right blocks; flatten to (L, side * side)."),
            (
                blocks.transpose(2, 3).reshape(-1, side * side),
                "Right blocks in the right order, each turned on its side.",
            ),
        ]
        title = f"image {S} x {S}, blocks of {side} x {side}"
        cases.append(Case(title, (image, side), blocks.reshape(-1, side * side), mistakes))
    return judge(function, cases, "Now an image is a sequence, and any tokenizer reads it.")


def routing_round(function: Function) -> Verdict:
    """Check exercise 6: `function(votes (L, K, D), logits (L, K))` -> shares, new logits (L, K).

    Shares are the softmax of the logits; a capsule is the squashed weighted sum of the votes; the
    new logits are the old ones plus the agreement of votes and capsules.
    """
    small = torch.tensor(
        [[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]], [[-1.0, 0.0], [0.0, 3.0]]],
        dtype=torch.float64,
    )
    start = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 0.2]], dtype=torch.float64)
    cases = []
    for title, votes, b in (
        ("three films, two capsules", small, start),
        ("five films, three capsules", _draw(3, 5, 3, 4), _draw(4, 5, 3)),
    ):
        c = b.softmax(1)
        right = _round(votes, c, b)
        wrong = b.softmax(0)
        mistakes = [
            (_round(votes, wrong, b), "Softmax over the films; a film shares itself among the "
             "capsules, so softmax over the capsules: dim 1."),
            ((c, right[1] - b), "Those are the agreements alone; add them to the old logits."),
            (_round(votes, c, b, squashed=False), "The capsule was not squashed before the "
             "agreement."),
            (_round(votes, torch.full_like(c, 1 / c.shape[1]), b), "Equal shares in every round: "
             "take the softmax of the logits."),
            ((right[1].softmax(1), right[1]), "Those are the shares of the *next* round; "
             "return the ones that made the capsules."),
        ]  # fmt: skip
        cases.append(
            Case(title, (votes, b), _together(right), [(_together(m), s) for m, s in mistakes])
        )
    return judge(function, cases, "Three of these are the tokenizer.", join=_together)


def field_tokens(function: Function) -> Verdict:
    """Check exercise 9: `function(table (V, D), values (n, W))` -> mean embeddings (n, D).

    Value 0 is padding and is left out of the mean.
    """
    small = torch.tensor([[9.0, 9.0], [2.0, 0.0], [0.0, 4.0], [4.0, 2.0]], dtype=torch.float64)
    cases = []
    for title, table, values in (
        ("three films, up to two genres", small, torch.tensor([[1, 0], [1, 2], [3, 0]])),
        ("four films, up to three genres", _draw(9, 6, 4),
         torch.tensor([[5, 0, 0], [1, 2, 3], [4, 1, 0], [2, 0, 0]])),
    ):  # fmt: skip
        rows = table[values]  # (n, W, D)
        real = (values > 0).to(table.dtype)[..., None]  # (n, W, 1)
        mistakes = [
            (rows.mean(1), "Padding was counted: row 0 of the table is no genre."),
            ((rows * real).mean(1), "Padding adds nothing now, but it still counts in the divisor: "
             "divide by the number of real values."),
            ((rows * real).sum(1), "That is the sum; divide by the number of real values."),
            (rows[:, 0], "Only the first genre was read; take the mean of all real ones."),
        ]  # fmt: skip
        cases.append(Case(title, (table, values), field_embedding(_Table(table), values), mistakes))
    return judge(function, cases, "That is the token of a field with several values.")


def new_word(choice: str) -> Verdict:
    """Check exercise 10: what a model can do with a word that training never showed."""
    return choose(
        choice,
        right="B",
        reasons={
            "A": "Its id learnt nothing, and neither did 'Polish'. But parity, loops and lines are "
            "shared with words that training did show.",
            "B": "Parity, loops and lines have embeddings that other words trained. Language "
            "'Polish' and the id have none that mean anything.",
            "C": "'seven' was shown: it also has a trained id and a trained language. In the table "
            "of this lesson two thirds of the new words came back, not all.",
            "D": "Nothing of an image goes into the tokens of a word. A word is found by the "
            "fields that it shares.",
        },
    )


class _Table(torch.nn.Module):
    """An embedding table with given rows."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, values: Tensor) -> Tensor:
        """Return the rows of these values."""
        return self.rows[values]


def _round(votes: Tensor, c: Tensor, b: Tensor, squashed: bool = True) -> tuple[Tensor, Tensor]:
    z = torch.einsum("lk,lkd->kd", c, votes)  # (K, D)
    u = squash(z) if squashed else z
    return c, b + torch.einsum("kd,lkd->lk", u, votes)


def _together(pair: Any) -> Any:
    """Return two tables as one tensor, so that they are compared together."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError("return two tables: the shares and the new logits")
    return torch.stack([torch.as_tensor(table) for table in pair])  # (2, L, K)
