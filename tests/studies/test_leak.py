"""Cuts in time: who is tested, what is learnt from."""

import numpy as np
import pytest

from sparcode_mini.studies import leak


@pytest.mark.parametrize("way", leak.WAYS)
def test_tests_lie_after_the_moment_and_training_before_or_elsewhere(movielens_split, way):
    split = movielens_split
    timed = leak.cut_in_time(split, way)
    moment = np.sort(split.times)[int(leak.SHARE * len(split.times))]
    tested = timed.cuts[:, 2] < timed.cuts[:, 3]
    for user, (start, train, validation, end) in enumerate(timed.cuts.tolist()):
        learnt = split.times[start:validation]
        if tested[user]:
            assert (learnt < moment).all() and len(learnt)
            assert (split.times[validation:end] >= moment).all() and end == split.cuts[user, 3]
        elif way == leak.WAYS[0]:
            assert (learnt < moment).all()
        else:
            assert (learnt < moment).all() or (learnt >= moment).all()
        assert start <= train <= validation


def test_all_ways_share_the_test_and_two_the_size(movielens_split):
    ways = [leak.cut_in_time(movielens_split, way) for way in leak.WAYS]
    tests = [[items.tolist() for items in split.histories("test")] for split in ways]
    assert tests[0] == tests[1] == tests[2]
    before, later, as_many = (split.count("train") for split in ways)
    assert later > before + 10_000
    assert abs(as_many - before) < 800  # whole people are left out


def test_few_people_have_both_sides_of_the_moment(movielens_split):
    assert leak.counts(movielens_split)["people with both"] == 109
