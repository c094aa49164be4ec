"""The X-ray, explanations and pictures of data of one's own: other ids, few people, odd titles."""

import json

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
from sparcode_mini.explain.people import COMPOSED, composed, find_items, item_names, people_of
from sparcode_mini.explain.query import explain
from sparcode_mini.plots import beside, journey
from sparcode_mini.site.live import bundle
from sparcode_mini.tools.unicode import safe
from sparcode_mini.widgets import Panel, XRay

HARD = ("Bada$$ <b>x</b>", "千と千尋", "שלום (1999)", "🎬 & \u2028", "</script>", "same", "same",
        "", "two\nlines", "a\ud800b", "$9 to $5_a^{", "a" * 300)  # fmt: skip


def own_split(titles, users=8, ids=str, **parts):
    """Songs on a ring, with ids of any kind; each user walks along it."""
    n = len(titles)
    rows = [(ids(u), ids(100 + (u + t) % n), t) for u in range(users) for t in range(min(n, 6))]
    events = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    items = pd.DataFrame(
        {"item": [ids(100 + i) for i in range(n)], "title": list(titles)}, dtype=object
    )
    return sm.data.from_frames(events, items=items).split(**parts)


def models(split):
    """Two small models, not trained."""
    options = {"token_dim": 4, "seed": 0}
    model = sm.SparCode(split, query_tokens=2, N=4, hidden=4, **options)
    return model, sm.TwoTower(split, query_tokens=1, **options)


@pytest.fixture(scope="module")
def own():
    split = own_split(HARD)
    return split, *models(split)


def test_the_call_of_the_readme_follows_people_of_the_data(own):
    split, model, tower = own
    shown = XRay(model, tower, history=["千と千尋", "same (id 106)"])
    names = [person["name"] for person in shown.data["people"]]
    assert names == ["you", *(f"person {u} (an excerpt)" for u in range(6))]
    films = [shown.data["films"][f] for f in shown.data["people"][0]["history"]]
    assert films == ["千と千尋", "same (id 106)"]
    assert len(shown.titles) == split.n_items and "same (id 105)" in shown.titles
    assert shown.still().png and "千と千尋" in shown.still().alt


def test_doubled_and_unknown_titles_are_answered_with_what_to_write(own):
    _, model, tower = own
    shown = XRay(model, tower)
    shown.films = ["same"]
    assert shown.note == (
        "title 'same' belongs to 2 items; write 'same (id 105)' or 'same (id 106)'"
    )
    shown.films = ["same (id 105)", "Bada$ <b>x</b>"]
    assert "no item has the title 'Bada$ <b>x</b>'; did you mean 'Bada$$ <b>x</b>'" in shown.note
    shown.films = ["(id 107)"]  # the song without a title
    assert shown.note == "" and shown.data["people"][0]["name"] == "you"


def test_all_that_is_shown_can_be_sent_and_stored(own):
    split, model, tower = own
    shown = XRay(model, tower, history=[split.titles[9]])
    json.dumps(bundle(shown)["state"], ensure_ascii=False).encode("utf-8")
    data, metadata = shown._repr_mimebundle_()
    json.dumps([data, metadata], ensure_ascii=False).encode("utf-8")
    index = sm.SparseIndex.build(model, codes="all")
    told = explain(model, index, split.history([split.user_ids[3]])[0], k=9)
    for picture in (journey(told), beside(told.results(), list(HARD), list(HARD[3:]))):
        json.dumps(picture._repr_mimebundle_(), ensure_ascii=False).encode("utf-8")
    assert Panel(split=split).still().png


def test_a_title_is_known_with_other_code_points():
    split = own_split(["Am\u00e9lie", "Brazil"])
    names = item_names(split)
    assert find_items(split, names, ["Brazil", "Ame\u0301lie"]).tolist() == [1, 0]
    shown = XRay(*models(split), history="Ame\u0301lie")
    assert shown.data["people"][0]["history"] == [0]


@pytest.mark.parametrize("ids", [int, str, lambda number: f"id-{number} $"])
@pytest.mark.parametrize(
    ("items", "users", "parts"),
    [(1, 2, {}), (2, 2, {}), (3, 1, {"test": 0.0, "validation": 0.0}), (9, 2, {"validation": 0.0})],
)
def test_small_data_with_any_ids(ids, items, users, parts):
    split = own_split([f"Song {i}" for i in range(items)], users, ids, **parts)
    shown = XRay(*models(split))
    assert 1 <= len(shown.data["people"]) <= 2
    assert shown.still().png and repr(shown).startswith("XRay(person ")
    typed = XRay(*models(split), history="Song 0")
    assert typed.data["people"][0]["name"] == "you" and typed.films == ["Song 0"]


def test_people_of_movielens_are_the_composed_ones(movielens_split):
    assert [p.name for p in people_of(movielens_split)] == list(COMPOSED)
    assert all(
        a.history.tolist() == b.history.tolist()
        for a, b in zip(people_of(movielens_split), composed(movielens_split), strict=True)
    )


def test_people_with_long_histories_and_a_future_come_first(toy_split):
    found = people_of(toy_split)
    assert len(found) == 6 and all(len(p.history) == 8 and len(p.later) for p in found)
    assert len(people_of(toy_split, most=100)) == toy_split.n_users - 1  # one has no history


def test_nobody_to_follow(own):
    _, model, tower = own
    with pytest.raises(ValueError, match=r"nobody to follow; give history=\[titles of films\]"):
        XRay(model, tower, people=[])


@given(st.lists(st.text(st.characters(), max_size=6), min_size=1, max_size=8))
@example(["same", "same", "same (id 101)"])
@settings(max_examples=40)
def test_every_item_has_a_name_of_its_own(titles):
    split = own_split(titles)
    names = item_names(split)
    assert sorted(names.values()) == list(range(split.n_items))
    for name, position in names.items():
        assert safe(split.titles[position]).strip() in name


def test_titles_of_any_direction_stand_alone_on_the_page(own):
    _, model, tower = own
    shown = XRay(model, tower, history=["שלום (1999)"])
    films = [shown.data["films"][film] for film in shown.data["people"][0]["history"]]
    assert films == ["\u2068שלום (1999)\u2069"]  # isolated, so that numbers beside it stay there
    assert "\u2068שלום (1999)\u2069" in shown.still().alt and "U+2068" not in shown.still().alt
