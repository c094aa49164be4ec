"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np
import torch

import sparcode_mini as sm
from sparcode_mini.lessons.product_quantization import draw
from sparcode_mini.lessons.product_quantization import widget_arrows as arrows_module
from sparcode_mini.lessons.product_quantization import widget_sizes as sizes_module

C = torch.tensor(arrows_module.CODEWORDS).double()


def look_up():
    pq = sm.ProductQuantizer(2, 3, 4, dtype=torch.float64)
    T = torch.tensor([[1.0, 0.5, -1.0, 0.25], [0.0, 2.0, 1.0, 1.0]]).double()
    codes = pq.encode(T)
    return draw.look_up(T, pq.codebooks, codes, pq.decode(codes))


def staircase():
    ts = np.linspace(-2.5, 2.8, 200)
    hard, soft = draw.line_losses(
        ts, C, torch.tensor(arrows_module.TARGET).double(), (0.1, 1.0), 0.9
    )
    return draw.staircase(ts, hard, soft, at=-0.9)


def arrows():
    data = arrows_module.arrow_data(-0.9, 0.9, 1.0)
    where = arrows_module.loss_map(20, 20)
    return draw.arrows(data, where, arrows_module.CODEWORDS, arrows_module.TARGET, "Said.")


def sizes():
    row = sizes_module.toy(2, 4)
    return draw.sizes(sizes_module.size_data([row], row), "Said.")


ENTRIES = [
    {"name": name, "ndcg@50": 0.2 + seed / 100, "distortion": 0.1}
    for name in ("literal", "rotation")
    for seed in range(2)
]
SETTINGS = [
    {"M": M, "N": N, "validation ndcg@50": 0.2 + N / 1000}
    | {"entry_bytes_fp16": 1000 * N**M, "other_bytes": 10}
    for M in (1, 2)
    for N in (4, 8)
]
DRAWINGS = {
    "look up": (look_up, ["cut into 2 parts"]),
    "cells": (
        lambda: draw.cells(torch.from_numpy(np.random.default_rng(0).normal(size=(60, 2))), 2),
        ["grid"],
    ),
    "sizes": (sizes, ["Said."]),
    "staircase": (staircase, ["staircase with 3 steps; at the token it is 3.20 and its slope 0"]),
    "arrows": (arrows, ["Said.", "from 0.27 to 6.10"]),
    "learning": (
        lambda: draw.learning({"literal": [2.0, 1.9], "soft": [2.0, 0.1]}),
        ["tenth for: soft; it"],
    ),
    "circle": (
        lambda: draw.circle(
            torch.eye(2),
            torch.eye(2),
            {"start": (2.0, -torch.eye(2)), "later": (0.0, torch.eye(2))},
        ),
        ["start: loss 2.00; later: loss 0.00", "2 codewords"],
    ),
    "estimators": (
        lambda: draw.estimators(ENTRIES, ["literal", "rotation"]),
        ["literal 0.205, rotation 0.205"],
    ),
    "trade off": (
        lambda: draw.trade_off(SETTINGS, {"validation ndcg@50": 0.3}),
        ["The best is M=1, N=8 with 0.208", "two-tower's 0.300"],
    ),
    "relatives": (
        lambda: draw.relatives({"product": {4: 0.5, 8: 0.2}}, "toy"),
        ["At 8 bits: product 0.200"],
    ),
}
