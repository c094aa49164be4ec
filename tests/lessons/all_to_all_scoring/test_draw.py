"""The pictures of the lesson: their marks and their words."""

from lessons.all_to_all_scoring.drawings import FLOW
from sparcode_mini.lessons.all_to_all_scoring.draw import flow
from sparcode_mini.lessons.all_to_all_scoring.gradient_flow import GROUPS, LOSSES


def test_a_line_is_drawn_only_where_a_gradient_arrives():
    silent = {loss: dict.fromkeys(GROUPS, 0.0) for loss in LOSSES}
    assert flow({"one": silent}).alt.count("reaches nobody") == 3
    assert flow({"one": silent}).png != flow({"one": FLOW}).png
