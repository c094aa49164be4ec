"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

from sparcode_mini.lessons.two_tower_limits import draw
from sparcode_mini.lessons.two_tower_limits.widget_index_error import index_data
from sparcode_mini.lessons.two_tower_limits.widget_world import world_data
from sparcode_mini.results import load

RNG = np.random.default_rng(0)
POINTS = np.array([[4.0, 0.8], [2.0, 2.4], [0.9, 0.6]])
QUERY = np.array([1.0, 1.0])
BEST = {"inner product": 0, "cosine": 1, "distance": 2}
ERRORS = {
    "index error": {"HNSW": (-0.02,), "none": (-0.0,)},
    "model error": {"all-to-all": (0.01, -0.004, 0.02)},
}
FALLING = np.geomspace(100, 0.1, 64)
SIZES = {"matrix": 1000, "table": 10**12, "lists": 0}
DRAWINGS = {
    "geometry": (lambda: draw.geometry(QUERY, POINTS, ["a", "b", "c"], BEST), ["a (4, 0.8)"]),
    "circle": (lambda: draw.circle(5), ["first for 5 of 5"]),
    "low rank": (lambda: draw.low_rank(RNG.random((40, 60)), [2, 8]), []),
    "world still": (lambda: draw.world_still(world_data(4, 0.05, 3), "A sentence."), []),
    "screen": (lambda: draw.screen_curves(load("screen")), []),
    "spectra": (lambda: draw.spectra({"slow": FALLING**0.2, "fast": FALLING}), ["number 46"]),
    "indices": (lambda: draw.indices(), ["of the 5 nearest"]),
    "two errors": (lambda: draw.two_errors(ERRORS), []),
    "index still": (
        lambda: draw.index_still(
            index_data(load("index_error"), 4, 200, 2, 8, True), "A sentence."
        ),
        [],
    ),
    "storage dots": (lambda: draw.storage_dots(SIZES, {k: k for k in SIZES}, "A sentence."), []),
}
