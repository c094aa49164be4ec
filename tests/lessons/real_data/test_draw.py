"""The map of lesson 08: a line for each setting, a marker for each reading, all of it in words."""

import pytest

from lessons.real_data.drawings import row
from sparcode_mini import results
from sparcode_mini.lessons.real_data import draw, where_it_pays
from sparcode_mini.lessons.real_data import draw_map as lesson07_pays
from sparcode_mini.lessons.real_data.draw_map import pays_map
from sparcode_mini.studies import front


def test_the_words_hold_every_number():
    drawn = pays_map([row(), row(reading="4 probes", difference=-0.01, **{"p, Holm": 0.4})], "Map")
    assert drawn.alt.startswith("Map. Difference SparCode - two-tower")
    assert "1 token: SparCode, 1 probe +2.50 (+2.00 to +3.00, holds)" in drawn.alt
    assert "SparCode, 4 probes -1.00 (+2.00 to +3.00)" in drawn.alt


def test_markers_are_filled_only_where_a_difference_holds():
    rows = [row(), row(reading="4 probes", **{"p, Holm": 0.4}), row(point="base")]
    figure, _ = pays_map.__wrapped__(rows, "Map")
    axes = figure.axes[0]
    marks = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [m.get_marker() for m in marks] == ["o", "D", "o"]
    assert [m.get_markerfacecolor() == "white" for m in marks] == [False, True, False]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["1 token", "base"]
    assert marks[0].get_ydata()[0] < marks[1].get_ydata()[0] < marks[2].get_ydata()[0]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["SparCode, 1 probe", "SparCode, 4 probes", "holds", "may be chance"]


def test_everything_that_is_stored_can_be_drawn():
    rows = results.load("pays")["rows"]
    assert len(pays_map(rows, "All").png) > 10_000
    assert {lesson07_pays.reading(r) for r in rows} == set(lesson07_pays.MARKS)


def test_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="no rows"):
        pays_map([], "Map")
    with pytest.raises(ValueError, match="no marker"):
        pays_map([row(reading="9 probes")], "Map")


def test_kinds_of_models_stand_apart_and_open_differences_are_empty():
    stored = results.load("table")
    figure, _ = draw.against_twins.__wrapped__(stored)
    places = figure.axes[0].get_yticks()
    assert set((places[1:] - places[:-1]).round(1)) == {1.0, 1.0 + draw.GAP}
    first, second = stored["paired"][:2]
    few = {**stored, "paired": [{**first, "p, Holm": 0.001}, {**second, "p, Holm": 0.9}]}
    figure, _ = draw.against_twins.__wrapped__(few)
    marks = [line for line in figure.axes[0].lines if line.get_marker() in ("o", "s", "^", "D")]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [False, True]


def test_a_second_training_is_told_for_both_sides():
    names = [n + word + end for side in where_it_pays.AGAIN.values() for n, end in side
             for word in ("", front.AGAIN)]  # fmt: skip
    points = [
        {"name": name.removeprefix("sparcode: "), "bytes": 1, "validation": 0.3,
         "test": 0.31 if front.AGAIN in name else 0.3}
        for name in names
    ]  # fmt: skip
    both = {"codebook_bytes": 0, "encoder_bytes": 0, "seed": 0, "points": points}
    stored = {"runs": [{"row": row, **both} for row in ("two-tower", "sparcode")]}
    text = where_it_pays.trained_again(stored)
    assert text.count("30.00 -> 31.00 (+1.00)") == 5
