"""The pictures of the lesson: their marks and their words."""

import pytest

from lessons.two_tower_limits.drawings import ERRORS
from sparcode_mini.lessons.two_tower_limits import draw
from sparcode_mini.plots import picture as module
from sparcode_mini.results import load


def test_curves_and_bars_tell_their_values():
    alt = draw.world_curves(load("fields")).alt
    (point,) = (
        p for p in load("fields")["points"]
        if (p["kind"], p["width"]) == ("two-tower, closed form", 16)
    )  # fmt: skip
    assert f"width 16 {point['r_precision']:.3f}," in alt and "free vectors: width" in alt
    screen, names = load("screen"), {"two-tower + EASE": "joined", "EASE": "EASE"}
    for name, key in (names | {". two-tower": "two-tower"}).items():
        one = f"{name}, cut to rank D: width 1 {screen[key][0]['test']:.3f},"
        assert one in draw.screen_curves(screen).alt
    words = "HNSW -2.0; none 0.0; all-to-all +1.0 (-0.4 to +2.0)."
    assert words in draw.two_errors(ERRORS).alt


def test_bars_carry_their_numbers():
    figures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or b"")
        draw.two_errors(ERRORS)
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert texts == ["-2.0", "0.0", "+1.0"]
    assert [text.get_ha() for text in figures[0].axes[0].texts] == ["right", "left", "left"]
