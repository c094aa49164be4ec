"""Four faults of a codebook with their cures: collapse, drift, a scale that does not fit, a factor.

All of it is float64 with numpy's random numbers, so that the numbers are the same everywhere.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.lessons.vector_quantization.widget_codebook import measure, path, start_of
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.worlds.fields import clusters_2d

FAR, N = 20.0, 16  # how far away the codewords begin, and how many there are
NEAR, RUNS = 1.05, 5  # an end is good up to this multiple of the best; runs to choose among


class End(NamedTuple):
    """Where Lloyd ends from one start.

    Attributes:
        distortion: mean squared distance to the codeword.
        least: tokens of the least used codeword, as a share of its fair share 1/N.
    """

    distortion: float
    least: float


def learn_from_far_away(
    points: Float[Tensor, "n d"], restart: float, steps: int = 60
) -> ProductQuantizer:
    """Let 16 codewords learn by EMA that all begin far from the points.

    Args:
        points: the points that are quantised.
        restart: codewords used less than this share of the mean usage are restarted; 0 = never.
        steps: of EMA, with all points.
    """
    pq = ProductQuantizer(
        N=N, token_dim=points.shape[1], decay=0.9, restart=restart, dtype=points.dtype
    )
    pq.codebooks.data += FAR
    rng = np.random.default_rng(0)
    for _ in range(steps):
        pq.learn(points, pq.encode(points), rng)
    return pq


def ends_of_starts(
    points: Float[Tensor, "n 2"], kind: str, codewords: int = 8, starts: int = 40, steps: int = 25
) -> list[End]:
    """Return where Lloyd ends, from many starts of one kind (as `start_of`)."""
    ends = []
    for seed in range(starts):
        book = path("lloyd", points, start_of(kind, points, codewords, seed), steps)[-1]  # (N, 2)
        counts = torch.bincount(torch.cdist(points, book).argmin(1), minlength=codewords)
        least = float(counts.min()) * codewords / len(points)
        ends.append(End(float(measure(points, book)["distortion"]), least))
    return ends


def bad_ends_in_words(ends: dict[str, list[End]]) -> str:
    """Describe the bad ends of each kind of start, and what the best of five runs reaches."""
    limit = NEAR * min(end.distortion for each in ends.values() for end in each)
    bad = [end.least for each in ends.values() for end in each if end.distortion >= limit]
    lines = [
        f"{len(bad)} bad ends; the least used codeword of each has "
        f"{min(bad):.2f} to {max(bad):.2f} of its fair share"
    ]
    for kind, each in ends.items():
        groups = [each[i : i + RUNS] for i in range(0, len(each) - RUNS + 1, RUNS)]
        good = sum(min(end.distortion for end in group) < limit for group in groups)
        lines.append(f"{kind}: the best of {RUNS} runs is good in {good} of {len(groups)} groups")
    return "\n".join(lines)


def train_encoder(beta: float, rate: float = 0.5, steps: int = 200) -> dict[str, list[float]]:
    """Train an encoder T = xW by a classifier that sees the quantised tokens alone.

    The loss is cross-entropy + beta * commitment; the gradient passes the argmin straight through.

    Args:
        beta: weight of the commitment.
        rate: learning rate.
        steps: of gradient descent, with all 200 points.

    Returns:
        One number a step: "size" (root mean square of the tokens), "error" (mean squared distance
        to the codeword, as a share of the tokens' mean square), "right" (labels found, of 200),
        "outwards" (share of the tokens that the classifier's gradient makes longer), "possible"
        (labels that the best classifier of these codes would find), "moved" (root mean square of
        the way from the first token, as a share of the first size).
    """
    data, labels = (torch.from_numpy(a) for a in clusters_2d(200, clusters=5, spread=0.3, seed=0))
    rng = np.random.default_rng(0)
    W = torch.eye(2, dtype=torch.float64).requires_grad_()
    V = torch.from_numpy(rng.normal(size=(5, 2))).requires_grad_()
    pq = ProductQuantizer(N=5, token_dim=2, decay=0.99, restart=0.0, dtype=torch.float64).fit(data)
    names = ("size", "error", "right", "outwards", "possible", "moved")
    curve: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(steps):
        T = data @ W  # (n, 2)
        T_q, codes = pq(T)  # straight-through
        commitment, logits = pq.losses(T, codes)[1], T_q @ V.T  # (), (n, 5)
        matching = F.cross_entropy(logits, labels)
        (push,) = torch.autograd.grad(matching, T, retain_graph=True)  # (n, 2)
        slopes = torch.autograd.grad(matching + beta * commitment, [W, V])
        with torch.no_grad():
            for weight, slope in zip((W, V), slopes, strict=True):
                weight -= rate * slope
        pq.learn(T, codes, rng)
        square = float(T.detach().square().mean())
        curve["size"].append(square**0.5)
        curve["error"].append(float(commitment.detach()) / square)
        curve["right"].append(int((logits.argmax(1) == labels).sum()))
        curve["outwards"].append(float(((push * T).sum(1) < 0).double().mean()))
        table = F.one_hot(codes[:, 0], 5).T @ F.one_hot(labels, 5)  # (codes, classes)
        curve["possible"].append(int(table.amax(1).sum()))
        way = float((T.detach() - data).square().mean())  # W begins as the identity
        curve["moved"].append((way / float(data.square().mean())) ** 0.5)
    return curve


def in_words(curve: dict[str, list[float]]) -> str:
    """Describe a curve of `train_encoder` in a line."""
    size, error = curve["size"], curve["error"]
    return (
        f"tokens {size[-1] / size[0]:.1f} times as long; error after step 10 at most "
        f"{max(error[10:]):.2f}, in the end {error[-1]:.2f}; "
        f"{curve['right'][-1]} of 200 labels right"
    )


def codes_with(
    factor: float, tokens: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"]
) -> Int[Tensor, " n"]:
    """Return the codes that minimise ||C||^2 - factor * T.C; only factor 2 finds the nearest."""
    return (codewords.square().sum(1) - factor * tokens @ codewords.T).argmin(dim=1)


def logs(points: Float[Tensor, "n d"]) -> dict[str, dict[str, float]]:
    """Return what a log of four codebooks would hold; exercise 3 asks for the fault of one.

    A collapsed, B is as it should be, C uses the factor 100, D begins at another scale.

    Args:
        points: the points that are quantised; D quantises a hundredth of them.
    """
    width = points.shape[1]
    good = ProductQuantizer(N=N, token_dim=width, dtype=points.dtype).fit(points)
    fresh = ProductQuantizer(N=N, token_dim=width, dtype=points.dtype)
    far = learn_from_far_away(points, restart=0.0)
    return {
        "A": _log(points, far, 2.0),
        "B": _log(points, good, 2.0),
        "C": _log(points, good, 100.0),
        "D": _log(points / 100, fresh, 2.0),
    }


def _log(tokens: Tensor, pq: ProductQuantizer, factor: float) -> dict[str, float]:
    """Measure one codebook; distortions are shares of the tokens' mean square."""
    book = pq.codebooks[0].detach()  # (N, d)
    codes = codes_with(factor, tokens, book)  # (n,)
    usage = pq.usage(codes[:, None])
    square = tokens.square().sum(1).mean()

    def share(chosen: Tensor) -> float:
        return float((tokens - book[chosen]).square().sum(1).mean() / square)

    log: dict[str, Any] = {
        "used": usage.used[0],
        "perplexity": usage.perplexity[0],
        "distortion": share(codes),
        "distortion of the nearest": share(codes_with(2.0, tokens, book)),
        "length of tokens": float(tokens.norm(dim=1).mean()),
        "length of codewords": float(book.norm(dim=1).mean()),
    }
    return log
