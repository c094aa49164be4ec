"""The widget of lesson 05: every control, called in Python, changes the right parts."""

import time

import numpy as np
import pytest

from sparcode_mini import results
from sparcode_mini.lessons.tokens.widget_tokens import Tokens, token_data
from sparcode_mini.studies.tokens import PEOPLE, QUERY_TOKENS, find

PERSON = "cartoons, then thrillers"


@pytest.fixture(scope="module")
def stored():
    return results.load("tokens")


@pytest.fixture
def panel(movielens_split, stored):
    return Tokens(movielens_split, stored)


def test_the_data_are_those_of_the_study(movielens_split, stored):
    data = token_data(stored, movielens_split, PERSON, "gru", 4, 3)
    entry = find(stored, "gru", 4)["people"][PERSON]
    assert data["influence"] == entry["influence"] and data["films"] == list(PEOPLE[PERSON])
    assert data["nearest"] == movielens_split.titles[entry["nearest"][2]].tolist()
    shares = list(data["genres"].values())
    assert shares == sorted(shares, reverse=True) and 0 < shares[0] <= 1
    for row in data["influence"]:
        assert sum(row) == pytest.approx(1.0, abs=1e-3)


def test_a_setting_that_was_not_trained_is_named(movielens_split, stored):
    with pytest.raises(KeyError, match=r"\('gru', 5\) was not trained"):
        token_data(stored, movielens_split, PERSON, "gru", 5, 1)


@pytest.mark.parametrize(
    ("control", "value"),
    [("person", "space, then more space"), ("tokenizer", "capsules"), ("K_u", 1), ("token", 3)],
)
def test_each_slider_changes_figure_text_and_words(panel, control, value):
    table, bars = panel.figure.data
    before = (np.array(table.z), tuple(bars.y), tuple(bars.x), panel.text.value, repr(panel))
    start = time.perf_counter()
    panel.sliders[control].value = value
    assert time.perf_counter() - start < 1.0  # the project's promise is 0.1 s on an idle machine
    after = np.array(table.z)
    assert after.shape == (panel.values["K_u"], 8)
    if control == "token":
        assert np.array_equal(after, before[0])
        assert (tuple(bars.y), tuple(bars.x)) != before[1:3]
    else:
        assert after.shape != before[0].shape or not np.array_equal(after, before[0])
    assert panel.text.value != before[3] and repr(panel) != before[4]
    panel.reset.click()
    assert repr(panel) == before[4] and panel.text.value == before[3]


def test_a_token_that_is_not_there_is_told(panel):
    panel.sliders["token"].value = 3
    assert "is shown" not in panel.text.value
    panel.sliders["K_u"].value = 1
    assert "There is only 1 token; the last is shown." in panel.text.value


def test_every_setting_can_be_shown(panel):
    for K_u in QUERY_TOKENS:
        for person in PEOPLE:
            panel.sliders["K_u"].value, panel.sliders["person"].value = K_u, person
            assert f"of {K_u}:" in panel.text.value


def test_the_bundle_has_a_still_picture_and_a_stable_text(movielens_split, stored):
    panel = Tokens(movielens_split, stored)
    bundle, metadata = panel._repr_mimebundle_()
    assert bundle["text/plain"] == repr(Tokens(movielens_split, stored))
    assert "0x" not in bundle["text/plain"] and bundle["image/png"]
    assert "depends most on" in metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
