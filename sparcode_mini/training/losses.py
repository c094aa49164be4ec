"""Distillation: the scores of the codes are pulled towards the scores of the tokens themselves.

    loss + weight * KL(softmax(a * y_all-to-all) || softmax(a * y_quantised))

Teacher and student are one model: the teacher scores the tokens as they are (all-to-all), the
student their codewords; a is the model's logit scale. The teacher knows of each item how likely it
is, where a target says it of one. No gradient reaches the teacher. The idea is that of Hinton,
Vinyals and Dean 2015 (arXiv 1503.02531), at temperature 1; a teacher that is the student's own
richer path is usual in quantised retrieval, a larger model trained before it is not tried here.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def distillation(student: Float[Tensor, "n I"], teacher: Float[Tensor, "n I"]) -> Float[Tensor, ""]:
    """Return the mean over rows of KL(softmax(teacher) || softmax(student)).

    Args:
        student: logits; -inf where an item is not on offer.
        teacher: logits, -inf in the same places; no gradient goes there.
    """
    log_p = F.log_softmax(teacher.detach(), dim=1)  # (n, I)
    log_q = F.log_softmax(student, dim=1)  # (n, I)
    p = log_p.exp()
    # 0 * (-inf - -inf) is no number; an item that is not on offer adds nothing
    return (p * (log_p - log_q).masked_fill(p == 0, 0.0)).sum(dim=1).mean()
