"""Labels: who has them, what a wish leaves, what is refused."""

import numpy as np
import pandas as pd
import pytest

from sparcode_mini import data
from sparcode_mini.data.labels import labels_of, title_words


@pytest.fixture
def films():
    plays = pd.DataFrame({"user": [1, 1, 1, 1], "item": [1, 2, 3, 4], "timestamp": [1, 2, 3, 4]})
    items = pd.DataFrame(
        {
            "item": [1, 2, 3, 4],
            "title": ["Star Wars", "Star Trek", "War Games", "Alien"],
            "genres": [["War", "Space"], ["Space"], ["Comedy"], ["Horror"]],
        }
    )
    return data.from_frames(plays, items=items).split(0.0, 0.0)


def test_values_of_features_and_words_of_titles(films):
    labels = labels_of(films)
    assert labels.names[0] == "" and not labels.holds[0].any()
    rows = zip(labels.names[1:], labels.holds[1:], strict=True)
    held = {name: np.flatnonzero(row).tolist() for name, row in rows}
    assert held["Space"] == [0, 1] and held["star"] == [0, 1] and held["Comedy"] == [2]
    assert held["War"] == [0] and "war" not in held  # the word of a title stands back


def test_a_wish_is_or_and_not(films):
    labels = labels_of(films)
    assert labels.fits(["comedy", "STAR"]).tolist() == [True, True, True, False]
    assert labels.fits(["star"], without=["war"]).tolist() == [False, True, False, False]
    assert labels.fits([], without=["horror"]).tolist() == [True, True, True, False]
    assert labels.fits([]).all()


def test_large_and_small_letters_are_one_label_and_words_have_any_letters():
    plays = pd.DataFrame({"user": [1] * 4, "item": [1, 2, 3, 4], "timestamp": [1, 2, 3, 4]})
    items = pd.DataFrame(
        {
            "item": [1, 2, 3, 4],
            "title": ["Amélie", "Сталкер", "千と千尋", "Star"],
            "genres": [["Drama"], ["drama"], ["Drama"], ["Comedy"]],
        }
    )
    labels = labels_of(data.from_frames(plays, items=items).split(0.0, 0.0))
    assert labels.fits(["DRAMA"]).tolist() == [True, True, True, False]
    assert labels.fits(["amélie"]).tolist() == [True, False, False, False]
    assert labels.fits(["сталкер", "千と千尋"]).tolist() == [False, True, True, False]


def test_labels_of_each_item(films):
    labels = labels_of(films)
    for item, row in enumerate(labels.of_items):
        assert row[row > 0].tolist() == np.flatnonzero(labels.holds[:, item]).tolist()
    assert (np.diff(labels.of_items.astype(bool).astype(int), axis=1) <= 0).all()  # padding behind


def test_rare_and_common_labels_are_left_out(films):
    assert set(labels_of(films, least=2).names) == {"", "Space", "star"}
    assert labels_of(films, ["genres"]).names[1:5] == ("Comedy", "Horror", "Space", "War")
    with pytest.raises(ValueError, match="no label belongs to 3 items or more and to at most 50%"):
        labels_of(films, least=3, most=0.5)


def test_what_is_unknown_is_named(films):
    with pytest.raises(ValueError, match=r"no item has the label 'comdy'; there are .*comedy"):
        labels_of(films).fits(["comdy"])
    with pytest.raises(ValueError, match="item feature 'colour' is unknown"):
        labels_of(films, ["colour"])


def test_title_words_are_those_of_several_titles():
    titles = ["The Rock", "Rock the House, the", "Toy (1995)"]
    assert title_words(titles) == [["rock", "the"], ["rock", "the"], []]
    assert title_words(titles, least=1)[2] == ["1995", "toy"]
    with pytest.raises(ValueError, match="least = 0"):
        title_words(titles, least=0)


def test_years_of_movielens_are_ranges_and_no_labels(movielens_split):
    labels = labels_of(movielens_split)
    (year,) = (f for f in movielens_split.item_features if f.name == "year")
    assert year.kind == "numeric" and not set(year.vocabulary) & set(labels.names)
    assert labels.fits(["comedy"]).sum() > 400
