"""What can be requested: values of item features that are not too common."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import sparcode_mini as sm
from sparcode_mini.studies.common import requests as asking


@pytest.fixture(scope="module")
def world():
    """40 people who watch films of two colours in turn, 30 films; the colour can be asked for."""
    colours = ["red", "blue", "green"]
    items = pd.DataFrame({"item": range(30), "colour": [colours[i % 3] for i in range(30)]})
    rng = np.random.default_rng(3)
    rows = [(u, i, t) for u in range(40) for t, i in enumerate(rng.permutation(30)[:20])]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return sm.data.from_frames(table, items=items).split(test=0.2, validation=0.2)


@pytest.fixture(scope="module")
def colours(world):
    return asking.requests_of(world, ("colour",))


def test_requests_are_values_of_features(world, colours):
    assert colours.names == ("", "blue", "green", "red")
    assert repr(colours) == "Requests(blue, green, red)"
    assert not colours.holds[0].any()
    assert colours.holds[3].nonzero()[0].tolist() == list(range(0, 30, 3))
    assert colours.of_item[:, 0].tolist() == [3, 1, 2] * 10
    with pytest.raises(ValueError, match="'size' is unknown"):
        asking.requests_of(world, ("size",))
    with pytest.raises(ValueError, match="at most 10%"):
        asking.requests_of(world, ("colour",), most=0.1)


def _holds(split, requests, name):
    """Is this row of the table of films one of those that satisfy the request?"""
    items = sm.data.movielens_100k().items["item"].to_numpy()
    return requests.holds[requests.names.index(name)][split.item_positions(items)]


def test_what_half_of_the_films_have_cannot_be_asked(movielens_split):
    ratings = sm.data.movielens_100k()
    split = asking.with_decades(ratings).split(test=0.2, validation=0.1)
    requests = asking.requests_of(split, ("decade", "genres"))
    assert "1990s" not in requests.names and "1980s" in requests.names
    assert len(requests.names) == 26
    years = {int(year) for year in ratings.items.loc[_holds(split, requests, "1970s"), "year"]}
    assert years == set(range(1970, 1980))
    assert split.fingerprint == movielens_split.fingerprint  # the same people and films
    bare = dataclasses.replace(ratings, items=None)
    with pytest.raises(ValueError, match="column year"):
        asking.with_decades(bare)
