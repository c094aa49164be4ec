"""The pictures of lesson 01 are small, crisp, told in words, and show their arguments."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sparcode_mini.lessons.two_tower_limits import draw
from sparcode_mini.lessons.two_tower_limits.widget_index_error import index_data
from sparcode_mini.lessons.two_tower_limits.widget_world import world_data
from sparcode_mini.plots import picture as module
from sparcode_mini.results import load

RNG = np.random.default_rng(0)
POINTS = np.array([[4.0, 0.8], [2.0, 2.4], [0.9, 0.6]])
BEST = {"inner product": 0, "cosine": 1, "distance": 2}
ERRORS = {"index error": {"HNSW": -0.02, "none": -0.0}, "model error": {"all-to-all": 0.01}}
SIZES = {"matrix": 1000, "table": 10**12, "lists": 0}
ALL = {
    "geometry": lambda: draw.geometry(np.array([1.0, 1.0]), POINTS, ["a", "b", "c"], BEST),
    "circle": lambda: draw.circle(POINTS, POINTS),
    "low_rank": lambda: draw.low_rank(RNG.random((40, 60)), [2, 8]),
    "product": lambda: draw.product(np.eye(5), RNG.random((5, 30))),
    "dimensions": lambda: draw.product(
        RNG.normal(size=(5, 4)), RNG.normal(size=(4, 9)), ("u", "V", "y"), inner="dimensions"
    ),
    "world_still": lambda: draw.world_still(world_data(4, 0.05, 3), "A sentence."),
    "world_curves": lambda: draw.world_curves(load("fields")),
    "width_curves": lambda: draw.width_curves(load("width")),
    "two_errors": lambda: draw.two_errors(ERRORS),
    "index_still": lambda: draw.index_still(
        index_data(load("index_error"), 16, 2, 8), "A sentence."
    ),
    "storage_bars": lambda: draw.storage_bars(SIZES, {k: k for k in SIZES}, "A sentence."),
}


@pytest.fixture(scope="module", params=ALL)
def one(request):
    """(picture, figure) of each drawing, drawn once."""
    figures, png = [], module._png
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or png(figure))
        return ALL[request.param](), figures[0]


def test_small_crisp_and_told_in_words(one):
    shown, _ = one
    image = Image.open(BytesIO(shown.png))
    assert len(shown.png) < module.MOST_BYTES and image.width >= 1.5 * shown.width
    assert shown.width <= 1000 and 40 < len(shown.alt) < 2000
    assert not re.search(r"\bnan\b|np\.", shown.alt)


def test_every_axes_has_a_title(one):
    _, figure = one
    assert all(axes.get_title(loc="left") for axes in figure.axes)


def test_curves_and_bars_tell_their_values():
    told = draw.world_curves(load("fields")).alt
    assert "two-tower: width 4 0.451," in told and "SparCode: width 4 0.438," in told
    assert "two-tower: width 4 0.236," in draw.width_curves(load("width")).alt
    assert "HNSW -2.0; none 0.0; all-to-all +1.0." in draw.two_errors(ERRORS).alt


def test_bars_carry_their_numbers():
    figures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or b"")
        draw.two_errors(ERRORS)
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert texts == ["-2.0", "0.0", "+1.0"]
    assert [text.get_ha() for text in figures[0].axes[0].texts] == ["right", "left", "left"]
