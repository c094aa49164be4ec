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

from jaxtyping import Float
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
