"""The drawings of lesson 05 are pictures with words that say what is drawn."""

import base64

import numpy as np
import pytest
import torch

from sparcode_mini.lessons.all_to_all_scoring import draw
from sparcode_mini.lessons.all_to_all_scoring.draw_gradient_flow import flow
from sparcode_mini.lessons.all_to_all_scoring.gradient_flow import GROUPS, LOSSES
from sparcode_mini.lessons.all_to_all_scoring.one_pair import meet
from sparcode_mini.model.scorer import ProductScorer
from sparcode_mini.plots.picture import Picture
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
BIAS = {"bias": 0.5, "chosen": POINT, "curve": [POINT, POINT], "corner": torch.eye(4)}
DRAWINGS = {
    lambda: meeting(4): "a token of width 4 is multiplied with each of the 2 tokens",
    lambda: meeting(30, hidden=12): "(id, genres)",
    lambda: flow({"one": FLOW, "two": FLOW, "three": FLOW}): "codebook reaches nobody",
    lambda: draw.bias_still(BIAS, (0.0, 0.5), "Said."): "25.0% of the cells hold an entry. Said.",
    lambda: draw.toy_runs(runs()): "gone: loss 2.30, dead",
    lambda: draw.histogram({"a": RNG.normal(size=90), "b": -RNG.random(50)}): "b: 0% above 0",
    lambda: draw.dots({"x": [0.1, 0.2], "y": [0.3]}, "Said", "x"): "x 0.150, y 0.300",
}


@pytest.mark.parametrize("made", DRAWINGS)
def test_each_drawing_is_a_picture_that_says_what_it_shows(made):
    picture = made()
    assert isinstance(picture, Picture)
    assert picture.png.startswith(b"\x89PNG") and len(base64.b64encode(picture.png)) < 90_000
    assert DRAWINGS[made] in picture.alt and "None" not in picture.alt and "nan" not in picture.alt


def test_a_line_is_drawn_only_where_a_gradient_arrives():
    silent = {loss: dict.fromkeys(GROUPS, 0.0) for loss in LOSSES}
    assert flow({"one": silent}).alt.count("reaches nobody") == 3
    assert flow({"one": silent}).png != flow({"one": FLOW}).png
