"""The pictures of the lesson: their marks and their words."""

import pytest

from lessons.beyond_the_paper.drawings import DRAWINGS, FOUND
from sparcode_mini.lessons.beyond_the_paper import draw
from sparcode_mini.plots import picture as module


def test_the_words_hold_the_numbers():
    assert "soft, tau 10 +1.50" in DRAWINGS["gains"][0]().alt
    assert "gates" not in DRAWINGS["gains"][0]().alt  # may be chance
    assert "density 4.0%, 0.3050" in DRAWINGS["densities"][0]().alt
    assert "lists 9 kB to 9 kB; matrix 1.8 kB to 18 MB" in DRAWINGS["growth"][0]().alt
    assert "nearest: 70.0% to 0.0%, 1 never chosen" in DRAWINGS["usage"][0]().alt


def test_dots_are_filled_only_where_a_gain_holds():
    figures, png = [], module._png
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or png(figure))
        draw.gains({"whole": FOUND}, "base")
    dots = [line for line in figures[0].axes[0].lines if line.get_marker() == "o"]
    drawn, legend = dots[:2], dots[2:]
    assert [line.get_markerfacecolor() == "white" for line in drawn] == [False, True]
    assert [line.get_markerfacecolor() == "white" for line in legend] == [False, True]
