"""Soft assignment: a token is spread over its R nearest codewords, in training as in serving.

    w_r = softmax over r of (-||T - C_r||^2 / tau)        y = sum_i sum_r w_ir A[code_ir]

Multi-probe reads the same lists with the same weights, but of a model that was trained with one
codeword per token. Here the weights are there from the first quantised step, and the gradient
reaches the tokenizer through them; nothing has to be passed around an argmin, so there is no
straight-through step. The choice of the R codewords itself has no gradient.

Codebooks that learn by EMA stay out of the matching loss, as in the paper (they follow the tokens
nearest to them). Codebooks with update="gradient" are parameters: here the matching loss moves
them too, through the weights and through the scores of the codewords.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def soft_weights(
    T: Float[Tensor, "n D_T"], words: Float[Tensor, "n R D_T"], temperature: float
) -> Float[Tensor, "n R"]:
    """Return softmax(-||T - word||^2 / tau) over the R codewords of each token.

    Args:
        T: tokens.
        words: the codewords that each token is spread over.
        temperature: tau; near 0 only the nearest counts, far above all distances all count alike.
    """
    distances = (T[:, None] - words).square().sum(dim=-1)  # (n, R)
    return (-distances / temperature).softmax(dim=-1)  # (n, R)


def spread_counts(
    weights: Float[Tensor, "B Q"], row: Int[Tensor, "B Q"], lists: int
) -> Float[Tensor, "B lists"]:
    """Return n_u: how much of each list a query reads, the weights of equal rows added up.

    Args:
        weights: of each read.
        row: which of the lists it reads.
        lists: how many there are.
    """
    return torch.zeros(len(row), lists, dtype=weights.dtype).scatter_add(1, row, weights)
