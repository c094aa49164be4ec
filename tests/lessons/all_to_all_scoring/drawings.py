"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np
import torch

from sparcode_mini.lessons.all_to_all_scoring import draw
from sparcode_mini.lessons.all_to_all_scoring.gradient_flow import GROUPS, LOSSES
from sparcode_mini.lessons.all_to_all_scoring.one_pair import meet
from sparcode_mini.model.scorer import ProductScorer
from sparcode_mini.results import load
from sparcode_mini.worlds.likes import likes, train

RNG = np.random.default_rng(0)


def meeting(width, hidden=2):
    scorer = ProductScorer(width, 2, hidden=hidden).double()
    token, item = (torch.from_numpy(RNG.normal(size=s)) for s in ((width,), (2, width)))
    return draw.meeting(meet(scorer, token, item, 0.5), ["id", "genres"], "a token meets a film")


def runs():
    wanted = likes(groups=2, people=2, items=10, each=2)
    return {"alive": train(wanted, steps=5), "gone": train(wanted, steps=5, bias=-9.0)}


FLOW = {loss: {group: float(loss == "matching") for group in GROUPS} for loss in LOSSES}
POINT = {"ndcg@50": 0.2, "density": 0.3}
BIAS = {"bias": 0.5, "relu": True, "chosen": POINT, "curve": [POINT, POINT], "corner": torch.eye(4)}
DRAWINGS = {
    "meeting": (
        lambda: meeting(4),
        ["a token of width 4 is multiplied with each of the 2 tokens", "T~ (token): "],
    ),
    "meeting 2": (lambda: meeting(30, hidden=12), ["(id, genres)", "Of the 2 only id is drawn."]),
    "flow": (
        lambda: draw.flow({"one": FLOW, "two": FLOW, "three": FLOW}),
        ["codebook reaches nobody", "matching reaches history 1, tokenizer 1"],
    ),
    "bias still": (
        lambda: draw.bias_still(BIAS, (0.0, 0.5), "Said."),
        ["25.0% of the cells hold an entry. Said."],
    ),
    "bias still 2": (
        lambda: draw.bias_still(BIAS | {"relu": False}, (0.0, 0.5), "Said."),
        ["the chosen setting marked"],
    ),
    "toy runs": (lambda: draw.toy_runs(runs()), ["gone: loss 2.30, dead"]),
    "histogram": (
        lambda: draw.histogram({"a": RNG.normal(size=90), "b": -RNG.random(50)}),
        ["b: 0% above 0"],
    ),
    "world": (
        lambda: draw.world_points(load("fields")),
        ["two-tower, hinge: width 4 ", "SparCode, penalty: width 4 ", "known person: width 12 "],
    ),
    "dots": (lambda: draw.dots({"x": [0.1, 0.2], "y": [0.3]}, "Said", "x"), ["x 0.150, y 0.300"]),
}
