"""The pictures of the lesson: their words hold no times that a second run would change."""

from lessons.serving.drawings import WAYS
from sparcode_mini.lessons.serving import draw


def test_the_words_name_every_way_and_no_time():
    alt = draw.serving(WAYS).alt
    assert "lists, 1 probe" in alt and "310" not in alt
