"""The pictures of the lesson: their marks and their words."""

from lessons.sparse_lists.drawings import FRONT, HAND, S
from sparcode_mini.lessons.sparse_lists import draw
from sparcode_mini.plots import picture


def test_the_words_name_every_list_entry():
    assert "code 0: C 2, A 1; code 1: empty" in draw.index_by_hand(S, HAND, ["A", "B", "C"]).alt


def test_a_front_is_drawn_as_steps(monkeypatch):
    figures = []
    monkeypatch.setattr(picture, "_png", lambda figure: figures.append(figure) or b"")
    draw.front(FRONT)
    (axes,) = figures[0].axes
    lines = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    found = [(list(line.get_xdata()), list(line.get_ydata())) for line in lines]
    right = axes.get_xlim()[1]
    assert found == [
        ([8e3, 7e5, right], [0.29, 0.31, 0.31]),
        ([9e3, 3e4, right], [0.26, 0.29, 0.29]),
        ([9e3 + 16_384, 3e4 + 16_384, right], [0.26, 0.29, 0.29]),
    ]
