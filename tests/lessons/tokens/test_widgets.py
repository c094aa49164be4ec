"""The panel of lesson 05: its data are those of the study, titles are shown as they are."""

import copy
import html

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.tokens.widget_tokens import Tokens, token_data
from sparcode_mini.studies.tokens import PEOPLE, QUERY_TOKENS, find

PERSON = "cartoons, then thrillers"


@pytest.fixture(scope="module")
def stored():
    return results.load("tokens")


@pytest.fixture
def panel(stored):
    return Tokens(stored)


def test_the_data_are_those_of_the_study(movielens_split, stored):
    data = token_data(stored, PERSON, "gru", 4, 3)
    entry = find(stored, "gru", 4)["people"][PERSON]
    assert data["influence"] == entry["influence"] and data["films"] == list(PEOPLE[PERSON])
    assert data["nearest"] == movielens_split.titles[entry["nearest"][2]].tolist()
    shares = list(data["genres"].values())
    assert shares == sorted(shares, reverse=True) and 0 < shares[0] <= 1
    for row in data["influence"]:
        assert sum(row) == pytest.approx(1.0, abs=1e-3)


def test_a_setting_that_was_not_trained_is_named(stored):
    with pytest.raises(KeyError, match=r"\('gru', 5\) was not trained"):
        token_data(stored, PERSON, "gru", 5, 1)


def test_the_table_has_a_row_for_each_token_and_the_token_leaves_it_alone(panel):
    table, bars = panel.figure.data
    before, genres = table.z, (bars.x, panel.figure.layout.yaxis2.ticktext)
    assert (len(before), len(before[0])) == (4, 8)
    panel.sliders["token"].value = 3
    assert table.z == before
    assert (bars.x, panel.figure.layout.yaxis2.ticktext) != genres
    panel.sliders["K_u"].value = 1
    assert (len(table.z), len(table.z[0])) == (1, 8)


def test_a_token_that_is_not_there_is_announced(panel):
    panel.sliders["token"].value = 3
    assert "is shown" not in panel.text.value
    panel.sliders["K_u"].value = 1
    assert "There is only 1 token; the last is shown." in panel.text.value


def test_every_setting_can_be_shown(panel):
    for K_u in QUERY_TOKENS:
        for person in PEOPLE:
            panel.put({"K_u": K_u, "person": person})
            assert f"of {K_u}:" in panel.text.value


def test_titles_and_genres_are_shown_as_they_are(stored):
    odd = copy.deepcopy(stored)
    titles = ["Bada$$ <b>x</b>", "$a$ & b", "</script>", "a &lt; b", "$9 to $5_a^{", "x", "y", ""]
    odd["config"]["people"][PERSON] = titles
    for film in odd["films"].values():
        film |= {"title": "<i>near</i> & $y$", "genres": ["$<Drama>$"]}
    panel = Tokens(odd)
    films, genres = panel.figure.layout.xaxis.ticktext, panel.figure.layout.yaxis2.ticktext
    assert not set("<>$") & set("".join((*films, *genres)))  # plotly reads them as tags and math
    shown = [html.unescape(text).strip() for text in films]
    assert shown == [*titles[:7], "(no title)"]
    assert [html.unescape(text).strip() for text in genres] == ["$<Drama>$"]
    assert html.escape("<i>near</i> & $y$") in panel.text.value and "<i>" not in panel.text.value
    assert "$<Drama>$" in panel.still().alt
