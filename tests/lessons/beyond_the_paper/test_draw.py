"""The pictures of lesson 08 are small, crisp, told in words, and show their arguments."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sparcode_mini.lessons.beyond_the_paper import draw
from sparcode_mini.plots import picture as module
from sparcode_mini.studies.beyond import Effect, SparseTarget

PLACES = np.linspace(0, 1, 50)
FOUND = [
    Effect("base", [0.30, 0.31], [0.0, 0.0], 6000, 0.5, 10.0),
    Effect("soft assignment", [0.31, 0.33], [0.01, 0.02], 6000, 0.4, 12.0),
    Effect("gates", [0.29, 0.32], [-0.01, 0.01], 600, 0.04, 11.0),
]
TARGET = SparseTarget("gates", "cut", 0.04, [0.29, 0.32], [0.30, 0.31])
SIZES = np.geomspace(100, 1e6, 9)
ALL = {
    "along_a_line": lambda: draw.along_a_line(
        PLACES, np.array([0.2, 0.8]), {"hard": PLACES > 0.5, "soft": PLACES}
    ),
    "usage": lambda: draw.usage({"nearest": np.array([0.7, 0.1, 0.2]), "even": np.ones(3) / 3}),
    "gains": lambda: draw.gains({"whole": FOUND, "cut": FOUND}, "base"),
    "densities": lambda: draw.densities({"whole": FOUND, "cut": FOUND}, TARGET, 0.05, 0.02),
    "growth": lambda: draw.growth(SIZES, {"lists": 0 * SIZES + 9e3, "matrix": 18 * SIZES}, "grow"),
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


def test_the_words_hold_the_numbers():
    assert "soft assignment +1.50" in ALL["gains"]().alt
    assert "gates" not in ALL["gains"]().alt  # its seeds disagree
    assert "density 4.0%, 0.3050" in ALL["densities"]().alt
    assert "lists 9 kB to 9 kB; matrix 1.8 kB to 18 MB" in ALL["growth"]().alt
    assert "nearest: 70.0% to 10.0%" in ALL["usage"]().alt


def test_dots_are_filled_only_where_seeds_agree():
    figures, png = [], module._png
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or png(figure))
        draw.gains({"whole": FOUND}, "base")
    dots = [line for line in figures[0].axes[0].lines if line.get_marker() == "o"]
    drawn, legend = dots[:2], dots[2:]
    assert [line.get_markerfacecolor() == "none" for line in drawn] == [False, True]
    assert [line.get_markerfacecolor() == "none" for line in legend] == [False, True]
