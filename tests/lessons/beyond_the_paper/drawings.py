"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

from sparcode_mini.lessons.beyond_the_paper import draw
from sparcode_mini.lessons.beyond_the_paper.effects import Effect
from sparcode_mini.studies.beyond import SparseTarget

PLACES = np.linspace(0, 1, 50)
OPEN = {"difference": 0.0, "low": -0.01, "high": 0.01, "p, Holm": 1.0}
SURE = {"difference": 0.015, "low": 0.01, "high": 0.02, "p, Holm": 0.001}
FOUND = [
    Effect("base", [0.30, 0.31], OPEN, 6000, 0.5, 10.0),
    Effect("soft, tau 10", [0.31, 0.33], SURE, 6000, 0.4, 12.0),
    Effect("gates", [0.29, 0.32], OPEN, 600, 0.04, 11.0),
]
TARGET = SparseTarget("gates", "cut", 0.04, [0.29, 0.32], [0.30, 0.31])
SIZES = np.geomspace(100, 1e6, 9)
DRAWINGS = {
    "along a line": (
        lambda: draw.along_a_line(
            PLACES, np.array([0.2, 0.8]), {"hard": PLACES > 0.5, "soft": PLACES}
        ),
        [],
    ),
    "usage": (
        lambda: draw.usage({"nearest": np.array([0.7, 0.0, 0.3]), "even": np.ones(3) / 3}),
        [],
    ),
    "gains": (lambda: draw.gains({"whole": FOUND, "cut": FOUND}, "base"), []),
    "densities": (lambda: draw.densities({"whole": FOUND, "cut": FOUND}, TARGET, 0.05, 0.02), []),
    "growth": (
        lambda: draw.growth(SIZES, {"lists": 0 * SIZES + 9e3, "matrix": 18 * SIZES}, "grow"),
        [],
    ),
}
