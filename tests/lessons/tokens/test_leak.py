"""Ranks of the answers, by hand."""

import numpy as np

from sparcode_mini.lessons.tokens.leak import PLACES, ranks_by_place, ranks_of

Y = np.array([0.9, 0.5, 0.5, 0.1, 0.7])


def test_ranks_among_what_was_not_seen():
    ranks = ranks_of(Y, np.array([0]), np.array([4, 3, 1]))
    assert ranks.tolist() == [1.0, 4.0, 2.5]  # films 1 and 2 are level on ranks 2 and 3


def test_the_last_answer_is_the_newest_film_of_the_history():
    medians = ranks_by_place(np.stack([Y, Y]), [np.array([0])] * 2, [np.array([3, 4])] * 2)
    assert list(medians) == list(PLACES)
    assert (medians["the last"], medians["1 to 4 back"]) == (1.0, 4.0)
