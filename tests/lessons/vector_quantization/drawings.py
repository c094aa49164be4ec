"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

from sparcode_mini.lessons.vector_quantization import draw

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(60, 2))
PATH = np.stack([POINTS[:4], POINTS[10:14]])  # (2, N, 2): a start and one step
FAR = np.stack([POINTS[:4], POINTS[10:14]])
FAR[1, 3] = 40.0  # dead


def row(side, M, after, learnt):
    """A setting of the study, two seeds: plain and VQ are a tenth below the best."""
    ways = {"plain": after - 0.1, "weighted": after, "VQ": learnt - 0.1, "JPQ": learnt}
    return {
        "side": side, "M": M, "N": 16, "bytes": 1000 * M, "after": "weighted", "with": "JPQ",
        "ways": {way: [{"test": value}, {"test": value}] for way, value in ways.items()},
    }  # fmt: skip


STUDY = {
    "plain": [{"test": 9.0, "rate": 0.0}, {"test": 0.3, "rate": 0.1}, {"test": 0.32, "rate": 0.1}],
    "settings": [
        row("items", 1, 0.2, 0.25),
        row("items", 2, 0.3, 0.31),
        row("queries", 1, 0.4, 0.41),
    ],
}
T = np.array([[1.0, 0.0], [0.0, 3.0]])
C = np.array([[1.0, 1.0], [0.0, 2.0], [5.0, 5.0]])
SQUARED = ((T[:, None] - C) ** 2).sum(2)

DRAWINGS = {
    "three ways": (
        lambda: draw.three_ways(POINTS, {"lloyd": PATH, "gradient": FAR, "ema": PATH}),
        ["60 points", "4 codewords after 1 steps", "gradient", "1 dead", "0 dead"],
    ),
    "lookup": (
        lambda: draw.lookup(T, C, SQUARED, SQUARED.argmin(1)),
        [
            "token 0: squared distances 1, 5, 41, code 0",
            "token 1: squared distances 5, 1, 29, code 1",
        ],
    ),
    "starts": (
        lambda: draw.starts({"a": [1.0, 1.04, 2.0], "b": [1.0, 3.0]}, 1.0),
        ["a: 2 of 3 within 5%", "b: 1 of 2 within 5%"],
    ),
    "drift": (
        lambda: draw.drift(
            {
                "free": {"size": [1.0, 4.0], "error": [0.1, 2.0]},
                "tied": {"size": [2.0, 3.0], "error": [0.1, 0.1]},
            }
        ),
        ["free: tokens grow to 4.0 times", "tied: tokens grow to 1.5 times"],
    ),
    "factor": (
        lambda: draw.wrong_factor(POINTS, PATH[1], [1.0, 2.0, 100.0], [0.25, 0.0, 0.5]),
        ["1: 25%", "2: 0%", "100: 50%"],
    ),
    "after or with": (
        lambda: draw.after_or_with(STUDY),
        [
            "without codes, after the tail, 31.0",
            "items after: plain 10.0, 20.0",
            "items after: best on validation 20.0, 30.0",
            "items with: VQ 15.0, 21.0",
            "queries with: best on validation 41.0",
        ],
    ),
}
