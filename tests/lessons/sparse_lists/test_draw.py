"""The pictures of the lesson: their marks and their words."""

from lessons.sparse_lists.drawings import HAND, WAYS, S
from sparcode_mini.lessons.sparse_lists import draw


def test_the_words_name_every_list_entry_and_no_time():
    assert "code 0: C 2, A 1; code 1: empty" in draw.index_by_hand(S, HAND, ["A", "B", "C"]).alt
    alt = draw.serving(WAYS).alt
    assert "lists, 1 probe" in alt and "310" not in alt
