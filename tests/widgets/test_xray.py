"""The X-ray widget in Python."""

import json
import re

import pytest
import traitlets

import sparcode_mini as sm
import toys
from sparcode_mini.explain.query import explain
from sparcode_mini.explain.xray import explanation
from sparcode_mini.site.live import bundle
from sparcode_mini.widgets import XRay, esm
from sparcode_mini.widgets import xray as widget_module


def test_without_models_the_stored_people_are_shown(public, trained, toy_people):
    widget = XRay()
    assert repr(widget) == (
        "XRay(someone who liked space adventures; M = 1, N = 128, b=0, probes=1; "
        "9 people to choose from)"
    )
    assert widget.titles == [] and widget.data == public
    best = explanation(public).results()[0]
    assert f"1. {best}" in widget.still().alt
    for wrong in ({"model": trained}, {"people": toy_people}, {"history": ["Film 7"]}):
        with pytest.raises(ValueError, match="give both a SparCode and a two-tower"):
            XRay(**wrong)


@pytest.fixture
def live(trained, tower, toy_people):
    return XRay(trained, tower, people=toy_people)


def test_text_still_and_state(live, trained):
    assert repr(live) == "XRay(a; M = 1, N = 6, b=0, probes=1; 2 people to choose from)"
    data, metadata = live._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(live) and len(data["image/png"]) > 1000
    index = sm.SparseIndex.build(trained, codes="all")
    best = explain(trained, index, toys.HISTORY).results()
    assert f"1. {best[0]}" in metadata["image/png"]["alt"]
    state = bundle(live)["state"]
    assert json.loads(json.dumps(state)) == state
    assert sorted(state) == sorted(PAGE_TRAITS)
    assert len(live.titles) == 60


PAGE_TRAITS = [
    "data",
    "titles",
    "films",
    "note",
    "person",
    "which",
    "bias",
    "probes",
    "tokens",
    "wish",
    "stage",
    "nouns",
]


def test_still_follows_the_settings(live, trained):
    before = live.still().alt
    live.person = 1
    other = live.still().alt
    live.bias = -0.32  # between two values of the grid, as the page takes it
    assert len({before, other, live.still().alt}) == 3 and "b=-0.3," in repr(live)
    live.tokens = [False] * 4
    assert "rank: nothing" in live.still().alt
    assert trained.bias == 0.0


def test_typed_films_are_answered(live, trained, tower):
    first = live.data
    live.person = 1
    live.films = ["Film 7", "Film 14"]
    assert live.note == "" and live.person == 0 and len(live.data["people"]) == 3
    you = live.data["people"][0]
    assert you["name"] == "you"
    assert [live.data["films"][f] for f in you["history"]] == ["Film 7", "Film 14"]
    assert live.data == XRay(trained, tower, ["Film 7", "Film 14"], people=live._known).data
    good = live.data
    live.films = ["Film 7", "Flim 14"]
    assert "no item has the title 'Flim 14'; did you mean" in live.note and live.data == good
    live.films = []
    assert live.note == "" and live.data == first


def test_wrong_settings_are_refused(trained, tower, toy_people):
    with pytest.raises(ValueError, match="no item has the title 'Nothing'"):
        XRay(trained, tower, ["Nothing"], people=toy_people)
    for wrong in ({"stage": 9}, {"probes": 0}, {"person": -1}):
        with pytest.raises(traitlets.TraitError):
            XRay(trained, tower, people=toy_people, **wrong)
    lonely = toys.twin(trained)
    lonely.split = None
    with pytest.raises(ValueError, match="loaded without data"):
        XRay(lonely, tower, people=toy_people)


def test_no_outside_address_and_one_module():
    everything = XRay._esm + (widget_module.HERE / "xray.css").read_text("utf-8")
    assert re.findall(r"https?://\S+", str(everything)) == ['http://www.w3.org/2000/svg";']
    assert "import " not in esm.one_module(widget_module.HERE, *widget_module.FILES)
    assert len(everything) < 100_000


def test_an_import_over_several_lines_is_refused(tmp_path):
    (tmp_path / "a.js").write_text("import {\n  b,\n} from './b.js';\n")
    with pytest.raises(ValueError, match="write this import in one line"):
        esm.one_module(tmp_path, "a.js")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"person": 99}, "person = 99; choose one of 0 to 8"),
        ({"wish": 4}, "wish = 4; choose one of 0 to 3"),
        ({"which": 9}, "which = 9; choose one of 0 to 3"),
        ({"probes": 2}, r"probes = 2; choose one of \[1, 4\]"),
        ({"bias": 99.0}, "bias = 99.0; give a number from -1 to 0.2"),
        ({"bias": float("nan")}, "bias = nan; give a number from -1 to 0.2"),
    ],
)
def test_settings_outside_their_range_name_it(setting, message):
    with pytest.raises(traitlets.TraitError, match=message):
        XRay(**setting)
    shown, ((name, value),) = XRay(), setting.items()
    before = repr(shown)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(shown, name, value)
    assert repr(shown) == before


def test_a_setting_that_there_is_not_is_refused():
    with pytest.raises(TypeError, match="an XRay has no option 'persn'; did you mean 'person'"):
        XRay(persn=3)
    with pytest.raises(TypeError, match="an XRay has no option 'films'"):
        XRay(films=["Alien (1979)"])  # history= is where they belong


def test_models_of_one_s_own_get_the_requests_that_their_labels_allow(served, live):
    shown = XRay(*served, history=["Alien (1979)"], wish=1)
    assert [(w["wanted"], w["unwanted"]) for w in shown.data["wishes"]] == [
        ("Comedy", "War"),
        ("Sci-Fi", "Horror"),
        ("star", ""),
    ]
    assert "Request reads the list of “Comedy”" in shown.still().alt
    assert live.data["wishes"] == [] and live.data["everybody"] is None
