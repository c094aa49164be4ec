"""The X-ray's data are the library's numbers, and its page computes as the library does."""

import copy
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets

import sparcode_mini as sm
import toys
from browser import blank_page, chromium, load_module
from sparcode_mini import results
from sparcode_mini.explain import xray as module
from sparcode_mini.explain.query import explain
from sparcode_mini.explain.xray import Person, composed, excerpt, explanation, xray
from sparcode_mini.model.tokenizers import AttentionBlock
from sparcode_mini.site.live import bundle
from sparcode_mini.studies import xray as study
from sparcode_mini.widgets import XRay, esm
from sparcode_mini.widgets import xray as widget_module

HISTORY = np.array([4, 9, 31, 7])


@pytest.fixture(scope="module")
def tower(toy_split):
    return toys.small(sm.TwoTower, toy_split, seed=3)


@pytest.fixture(scope="module")
def toy_people(toy_split):
    user = toys.known_users(toy_split)[3]
    return [Person("a", HISTORY), excerpt(toy_split, user, films=5, later=3)]


@pytest.fixture(scope="module")
def told(trained, tower, toy_people):
    return xray([trained], tower, toy_people)


@pytest.fixture(scope="module")
def served(movielens_split):
    """The two models that come with the project."""
    return [
        sm.load_model(results.CHECKPOINTS / f"{name}.safetensors", movielens_split, torch.float64)
        for name in ("sparcode", "two-tower")
    ]


@pytest.fixture(scope="module")
def shown(movielens_split):
    """The models of the public page."""
    return [
        sm.load_model(results.CHECKPOINTS / f"{name}.safetensors", movielens_split, torch.float64)
        for name in ("sparcode", *study.NAMES)
    ]


@pytest.fixture(scope="module")
def public():
    """Data of the public page, as stored."""
    return results.load("xray")["data"]


def with_bias(model, bias):
    other = copy.copy(model)
    other.bias = bias
    return other


def sums_of(data, m, p, probes, bias):
    """Films (by title) and sums of a person, added up from the JSON alone."""
    model, person = data["models"][m], data["people"][p]
    reads = model["queries"][p]["reads"][str(probes)]
    y = np.zeros(len(data["films"]))
    for rows, weights in zip(reads["rows"], reads["weights"], strict=True):
        for row, weight in zip(rows, weights, strict=True):
            S = np.array(model["lists"]["S"][row])
            np.add.at(y, model["lists"]["items"][row], weight * np.maximum(S + bias, 0))
    return y, person["history"]


# --- the data ----------------------------------------------------------------


@pytest.mark.parametrize("probes", [1, 4])
@pytest.mark.parametrize("offset", [0.0, -0.05, 0.2])
def test_json_adds_up_to_the_search(trained, told, toy_people, probes, offset):
    bias = trained.bias + offset
    model = with_bias(trained, bias)
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(toy_people):
        found = explain(model, index, person.history, 8, probes)
        y, seen = sums_of(told, 0, p, probes, bias)
        y[seen] = 0
        best, values = sm.top_k(y[None], min(8, len(y)), positive_only=True)
        titles = [told["films"][f] for f in best[0] if f >= 0]
        assert titles == found.results()
        np.testing.assert_allclose(values[0][: len(titles)], found.values[: len(titles)], atol=5e-6)


def test_lists_codes_and_entries_are_those_of_the_index(trained, told, toy_people):
    index = sm.SparseIndex.build(trained, codes="all")
    model = told["models"][0]
    for code, items, S in zip(model["codes"], *model["lists"].values(), strict=True):
        theirs, values = index.posting_list(code)
        kept = [(i, s + trained.bias) for i, s in zip(items, S, strict=True) if s > -trained.bias]
        titles = [told["films"][i] for i, _ in kept]
        assert titles == trained.catalogue.titles[theirs].tolist()
        np.testing.assert_allclose([v for _, v in kept], values, atol=1e-6)
        assert sorted(S, reverse=True) == S
    entries = dict(zip(model["grid"], model["entries"], strict=True))
    for bias in model["grid"]:
        cut = sm.SparseIndex.build(with_bias(trained, bias), codes="all")
        assert entries[bias] == cut.stats()["entries"]
    codes = trained.token_codes(trained.history_tokens([p.history for p in toy_people]), 4)
    for p, query in enumerate(model["queries"]):
        rows = query["reads"]["4"]["rows"]
        assert [[model["codes"][r] for r in own] for own in rows] == codes.codes[p].tolist()
        np.testing.assert_allclose(query["reads"]["4"]["weights"], codes.weights[p], atol=1e-8)


def test_tokens_and_leaving_one_film_out(trained, told):
    query = told["models"][0]["queries"][0]
    tokens = trained.history_tokens([HISTORY])[0]  # (K_u, D_T)
    np.testing.assert_allclose(query["values"], tokens, atol=5e-4)
    for place in range(len(HISTORY)):
        rest = trained.history_tokens([np.delete(HISTORY, place)])[0]
        moved = (rest - tokens).norm(dim=1)
        np.testing.assert_allclose([row[place] for row in query["moved"]], moved, atol=5e-4)
        new = trained.quantizer.encode(rest).tolist()
        for token, old in enumerate(trained.quantizer.encode(tokens).tolist()):
            changed = [code for t, at, code in query["changed"] if (t, at) == (token, place)]
            assert changed == ([] if new[token] == old else [new[token]])
    for token, found in enumerate(query["nearest"][0]):
        distances = (trained.quantizer.codebooks[0] - tokens[token]).square().sum(1)
        order = distances.argsort()[: module.NEAREST]
        assert [n for n, _ in found] == order.tolist()
        np.testing.assert_allclose([d for _, d in found], distances[order].detach(), atol=5e-4)


def test_attention_is_that_of_the_forward_pass(trained, told, monkeypatch):
    seen = []
    plain = AttentionBlock.attention

    def spy(self, x):
        seen.append(plain(self, x))
        return seen[-1]

    monkeypatch.setattr(AttentionBlock, "attention", spy)
    trained.history_tokens([HISTORY])
    attention = told["models"][0]["queries"][0]["attention"]
    np.testing.assert_allclose(attention, seen[-1][0, :, -1], atol=1e-4)
    np.testing.assert_allclose(np.sum(attention, axis=1), 1, atol=5e-4)
    assert len(seen) == 2 and not np.allclose(attention, seen[0][0, :, -1].numpy(), atol=1e-3)


def test_the_two_tower_and_what_came_next(told, tower, toy_people, toy_split):
    for person, entry in zip(toy_people, told["people"], strict=True):
        y = tower.token_scores(tower.history_tokens([person.history])).numpy()
        best, values = sm.top_k(y, 10, exclude=[person.history])
        titles = [told["films"][f] for f in entry["tower"]["films"]]
        assert titles == toy_split.titles[best[0]].tolist()
        np.testing.assert_allclose(entry["tower"]["scores"], values[0], atol=1e-6)
        history = [told["films"][f] for f in entry["history"]]
        assert history == toy_split.titles[person.history].tolist()
    assert told["people"][0]["later"] is None
    later = [told["films"][f] for f in told["people"][1]["later"]]
    assert later == toy_split.titles[toy_people[1].later].tolist()
    user = toys.known_users(toy_split)[3]
    (history,), (test,) = toy_split.history([user]), toy_split.history([user], "test")
    assert toy_people[1].history.tolist() == history[-5:].tolist()
    assert toy_people[1].later.tolist() == test[:3].tolist()


@pytest.mark.parametrize("options", [{"M": 2, "N": 4}, {"M": 4, "N": 2}, {"M": 8, "N": 2}])
def test_several_codebooks(toy_split, tower, toy_people, options):
    model = toys.small(sm.SparCode, toy_split, seed=1, bias=0.1, **options)
    data = xray([model], tower, toy_people)
    index = sm.SparseIndex.build(model, codes="all")
    found = explain(model, index, HISTORY, 5, 4)
    y, seen = sums_of(data, 0, 0, 4, 0.1)
    y[seen] = 0
    best, _ = sm.top_k(y[None], 5, positive_only=True)
    assert [data["films"][f] for f in best[0] if f >= 0] == found.results()
    one = data["models"][0]
    assert np.shape(one["codewords"]) == (options["M"], options["N"], 2)
    assert len(one["codes"][0]) == options["M"]


@pytest.mark.parametrize("tokenizer", ["dnn", "gru"])
def test_other_tokenizers_have_no_attention_but_films_that_matter(toy_split, tower, tokenizer):
    model = toys.small(sm.SparCode, toy_split, seed=1, tokenizer=tokenizer)
    long = Person("long", np.arange(14))  # the model reads 10
    data = xray([model], tower, [Person("short", HISTORY[:1]), long])
    short, query = data["models"][0]["queries"]
    assert query["attention"] is None and np.shape(query["moved"]) == (2, 10)
    assert np.shape(short["moved"]) == (2, 1) and short["changed"] == []
    assert len(data["people"][1]["history"]) == 14


def test_too_many_codes_to_count_say_so(toy_split, tower, toy_people, monkeypatch):
    monkeypatch.setattr(module, "MOST_CODES", 5)
    data = xray([toys.small(sm.SparCode, toy_split)], tower, toy_people)
    assert data["models"][0]["entries"] is None


def test_it_is_a_pure_function_of_bounded_size(public, movielens_split, served):
    people = study.people(movielens_split)
    data = xray(served[:1], served[1], people)
    text = json.dumps(data, separators=(",", ":"))
    assert len(text) < 300_000
    assert json.loads(text) == data == xray(served[:1], served[1], people)
    named = {film for one in data["models"][0]["lists"]["items"] for film in one}
    for person in data["people"]:
        named |= {*person["history"], *(person["later"] or []), *person["tower"]["films"]}
    assert named == set(range(len(data["films"])))


def test_errors(trained, tower, toy_people, toy_split, served):
    with pytest.raises(ValueError, match="0 models, 2 people; give at least one of each"):
        xray([], tower, toy_people)
    with pytest.raises(ValueError, match="history of 'x' is empty; give at least one film"):
        xray([trained], tower, [Person("x", HISTORY[:0])])
    with pytest.raises(ValueError, match="no item position 60; they are 0 to 59"):
        xray([trained], tower, [Person("x", HISTORY, np.array([60]))])
    with pytest.raises(ValueError, match="train them on the same catalogue"):
        xray([trained], served[1], toy_people)
    with pytest.raises(ValueError, match="films = 0; an excerpt needs at least one"):
        excerpt(toy_split, toys.known_users(toy_split)[0], films=0)
    soft = toys.twin(trained)
    soft.stage = "soft"
    with pytest.raises(RuntimeError, match="'soft' stage"):
        xray([soft], tower, toy_people)


# --- what is stored for pages without a kernel ----------------------------------------------


def same_but_for_rounding(one, other):
    """Structure, whole numbers and texts equal; fractions up to the last digit stored."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            map(same_but_for_rounding, one.values(), other.values())
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_but_for_rounding, one, other))
    if isinstance(one, float):
        return one == pytest.approx(other, abs=2e-3)
    return one == other


def test_what_is_stored_is_what_the_shipped_models_say(public, movielens_split):
    assert same_but_for_rounding(public, study.show(movielens_split, results.CHECKPOINTS))


def test_the_stored_people_are_composed_or_two_short_excerpts(public):
    text = (results.RESULTS / "xray.json").read_text("utf-8")
    assert len(text) < 1_200_000 and results.load("xray")["config"] == json.loads(
        json.dumps(study.config())
    )
    real = [p for p in public["people"] if p["later"] is not None]
    assert len(real) == 2 and all(len(p["history"]) <= 8 and len(p["later"]) <= 10 for p in real)
    made = [p for p in public["people"] if p["later"] is None]
    assert {p["name"]: tuple(public["films"][f] for f in p["history"]) for p in made} == (
        module.COMPOSED
    )


def test_the_stored_models_differ_in_M_and_N(public):
    sizes = [(one["M"], one["N"]) for one in public["models"]]
    assert sizes == [(1, 128), *study.SETTINGS]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize(("probes", "offset"), [(1, 0.0), (4, -0.3)])
def test_an_explanation_from_the_data_is_that_of_model_and_index(
    public, movielens_split, shown, which, probes, offset
):
    model = with_bias(shown[which], offset)
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(study.people(movielens_split)[::3]):
        mine = explanation(public, 3 * p, which, bias=model.bias, probes=probes)
        theirs = explain(model, index, person.history, probes=probes)
        assert mine.results() == theirs.results()
        assert [read.code for read in mine.reads] == [read.code for read in theirs.reads]
        np.testing.assert_allclose(mine.parts, theirs.parts, atol=5e-6)


def test_an_explanation_beyond_the_data_is_refused(told):
    with pytest.raises(ValueError, match=r"bias = 0\.5; the data hold lists for at most 0\.2"):
        explanation(told, bias=0.5)
    off = explanation(told, on=[True, False])
    assert off.parts[:, 1].sum() == 0 and off.parts[:, 0].sum() > 0


def test_without_models_the_stored_people_are_shown(public, trained, toy_people):
    widget = XRay()
    assert repr(widget) == (
        "XRay(someone who liked space adventures; M = 1, N = 128, b=0, probes=1; "
        "8 people to choose from)"
    )
    assert widget.titles == [] and widget.data == public
    best = explanation(public).results()[0]
    assert f"1. {best}" in widget.still().alt
    for wrong in ({"model": trained}, {"people": toy_people}, {"history": ["Film 7"]}):
        with pytest.raises(ValueError, match="give both a SparCode and a two-tower"):
            XRay(**wrong)


# --- the widget in Python ----------------------------------------------------------------


@pytest.fixture
def live(trained, tower, toy_people):
    return XRay(trained, tower, people=toy_people)


def test_text_still_and_state(live, trained):
    assert repr(live) == "XRay(a; M = 1, N = 6, b=0, probes=1; 2 people to choose from)"
    data, metadata = live._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(live) and len(data["image/png"]) > 1000
    index = sm.SparseIndex.build(trained, codes="all")
    best = explain(trained, index, HISTORY).results()
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
    "stage",
]


def test_still_follows_the_settings(live, trained):
    before = live.still().alt
    live.person = 1
    other = live.still().alt
    live.bias = -0.32  # between two values of the grid, as the page takes it
    assert len({before, other, live.still().alt}) == 3 and "b=-0.3," in repr(live)
    live.tokens = [False] * 4
    assert "no film" in live.still().alt
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


# --- the page's sums ----------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def test_fifty_real_people_get_the_library_s_results(browser, movielens_split, shown, served):
    models, tower = shown, served[1]
    users = movielens_split.user_ids[np.random.default_rng(5).choice(943, 50, replace=False)]
    people = [
        Person(str(u), h, t)
        for u, h, t in zip(
            users,
            movielens_split.history(users),
            movielens_split.history(users, "test"),
            strict=True,
        )
    ]
    data = xray(models, tower, people)
    page = blank_page(browser)
    load_module(page, (widget_module.HERE / "xray_sums.js").read_text("utf-8"))
    page.evaluate("(text) => { window.data = JSON.parse(text); }", json.dumps(data))
    for which, model in enumerate(models):
        tokens = model.history_tokens([p.history for p in people])
        for bias, probes in itertools.product((0.0, -0.3, 0.2), (1, 4)):
            index = sm.SparseIndex.build(with_bias(model, bias), codes="all")
            exclude = [p.history for p in people]
            best, values = index.search(model.token_codes(tokens, probes), k=10, exclude=exclude)
            theirs = page.evaluate(
                "(s) => data.people.map((_, person) => "
                "module.follow(data, { ...s, person, on: [] }).top)",
                {"bias": bias, "probes": probes, "which": which},
            )
            for p, top in enumerate(theirs):
                found = best[p][best[p] >= 0]
                titles = [data["films"][one["film"]] for one in top]
                assert titles == movielens_split.titles[found].tolist()
                sums = [one["sum"] for one in top]
                np.testing.assert_allclose(sums, values[p][: len(found)], atol=1e-5)
                parts = [sum(one["parts"]) for one in top]
                np.testing.assert_allclose(parts, sums, rtol=1e-12)
    page.close()


# --- in a page, without a kernel ----------------------------------------------------------------

MODEL = """(text) => {
  const state = JSON.parse(text);
  const listeners = {};
  window.state = state;
  window.outside = 0;
  const model = {
    get: (name) => structuredClone(state[name]),
    set: (name, value) => {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      (listeners["change:" + name] ?? []).forEach((f) => f());
    },
    on: (name, f) => (listeners[name] ??= []).push(f),
  };
  window.model = model;
  document.body.addEventListener("keydown", () => (window.outside += 1));
  window.stop = window.module.default.render({ model, el: document.body });
}"""


@pytest.fixture(scope="module")
def states(trained, tower, toy_split, toy_people, public):
    two = toys.small(sm.SparCode, toy_split, seed=1, M=2, N=4, bias=0.1)
    small = XRay(trained, tower, people=toy_people, others=[two])
    return {"small": bundle(small)["state"] | {"titles": []}, "public": {"data": public}}


def open_page(browser, state, width=1280, **options):
    page = blank_page(browser, viewport={"width": width, "height": 900}, **options)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text))
    load_module(
        page,
        XRay._esm if isinstance(XRay._esm, str) else esm.one_module(widget_module.HERE, *FILES),
    )
    page.add_style_tag(content=(widget_module.HERE / "xray.css").read_text("utf-8"))
    page.evaluate(MODEL, json.dumps(state))
    return page


FILES = widget_module.FILES


@pytest.fixture
def page(browser, states):
    found = open_page(browser, states["public"])
    yield found
    assert found.errors == []
    found.close()


def status(page):
    return page.locator(".status").inner_text()


def results_shown(page):
    return page.locator(".results .title").all_inner_texts()


def picture(page):
    return page.locator(".flow").inner_html()


def test_what_is_drawn_is_what_the_library_finds(page, public, served, movielens_split):
    model = served[0]
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(composed(movielens_split)):
        page.get_by_label("person", exact=True).select_option(str(p))
        found = explain(model, index, person.history)
        assert results_shown(page) == found.results()
        values = page.locator(".results .value").all_inner_texts()
        assert values == [f"{v:.3f}" for v in found.values]
        codes = page.locator(".code").all_inner_texts()
        assert codes == [str(read.code[0]) for read in found.reads]
        heads = page.locator(".list .head").all_inner_texts()
        assert heads == [
            f"code {read.code[0]}: {len(read.items)} of 1,682 films" for read in found.reads
        ]
        titles = [public["films"][f] for f in public["people"][p]["tower"]["films"]]
        assert page.locator(".tower .title").all_inner_texts() == titles
        assert person.name in status(page)


# control: (label, what the keyboard does, trait, value afterwards)
KEYS = {
    "person": ("ArrowDown", "person", 1),
    "probes": ("ArrowDown", "probes", 4),
    "bias b": ("ArrowLeft", "bias", -0.05),
    "token 2": (" ", "tokens", [True, False, True, True]),
}


@pytest.mark.parametrize("label", KEYS)
def test_controls_by_keyboard(page, label):
    key, name, value = KEYS[label]
    before = picture(page)
    page.get_by_label(label, exact=True).first.focus()
    page.keyboard.press(key)
    assert page.evaluate(f"state.{name}") == value
    assert picture(page) != before
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == label
    assert page.evaluate("outside") == 0  # no key reached the notebook


def test_controls_by_mouse(page):
    first = picture(page)
    page.get_by_label("token 1", exact=True).first.click()
    assert page.evaluate("state.tokens") == [False, True, True, True]
    off = results_shown(page)
    page.get_by_label("token 1", exact=True).first.click()
    assert results_shown(page) != off and picture(page) == first
    slider = page.get_by_label("bias b").bounding_box()
    page.mouse.click(slider["x"] + 0.2 * slider["width"], slider["y"] + slider["height"] / 2)
    assert page.evaluate("state.bias") < -0.6 and "A lower b raises the bar" in status(page)
    page.get_by_role("button", name="as trained").click()
    assert page.evaluate("state.bias") == 0 and picture(page) == first
    page.get_by_label("probes").select_option("4")
    assert page.locator(".code").count() == 16
    page.get_by_label("probes").select_option("1")
    assert picture(page) == first


def test_no_entry_left_is_said(page):
    page.evaluate("model.set('tokens', [false, false, false, false])")
    assert results_shown(page) == [] and "nothing is found" in picture(page)
    page.evaluate("model.set('stage', 7)")
    assert "returns nothing rather than inventing something" in status(page)


def test_index_size_follows_the_bias(page, public):
    model = public["models"][0]
    for bias, entries in list(zip(model["grid"], model["entries"], strict=True))[::6]:
        page.get_by_label("bias b").fill(str(model["grid"].index(bias)))
        if bias != 0:
            assert f"The whole index holds {entries:,} entries" in status(page)


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_steps(page, way):
    def press(name):
        button = page.get_by_role("button", name=name, exact=True)
        if way == "mouse":
            return button.click()
        button.focus()
        return page.keyboard.press("Enter")

    words = [status(page)]
    for step in range(1, 9):
        press("Next ▶")
        assert f"step {step} of 8" in page.locator(".step").inner_text()
        assert page.locator(".stage .body:visible").count() == step
        words.append(status(page))
    assert len(set(words)) == 9
    assert page.get_by_role("button", name="Next ▶").is_disabled()
    press("◀ Back")
    assert status(page) == words[7]
    press("Whole")
    assert status(page) == words[0] and page.evaluate("state.stage") == 0


def test_play_goes_on_until_pause(page):
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(13_000)
    assert page.evaluate("state.stage") == 3
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(20_000)
    assert page.evaluate("state.stage") == 3
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(60_000)
    assert page.evaluate("state.stage") == 8
    assert page.get_by_role("button", name="Play").is_visible()


STAGES = {1: "oldest first", 2: "attention, head 2", 3: "64 numbers", 4: "squared distances"}
STAGES |= {5: "films in its list", 6: "ReLU", 7: "What each list adds", 8: "place with SparCode"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_opens_its_numbers(page, stage):
    head = page.locator(".stage-head").nth(stage - 1)
    panel = page.locator(".numbers")
    assert panel.is_hidden()
    head.click()
    assert STAGES[stage] in panel.inner_text() and head.get_attribute("aria-expanded") == "true"
    head.click()
    assert panel.is_hidden()
    head.focus()
    page.keyboard.press("Enter")
    assert panel.is_visible()
    page.keyboard.press("Escape")
    assert panel.is_hidden()


def test_numbers_of_the_sum_are_the_parts(page, served, movielens_split):
    model = served[0]
    person = composed(movielens_split)[0]
    found = explain(model, sm.SparseIndex.build(model, codes="all"), person.history)
    page.locator(".stage-head").nth(6).click()
    rows = page.locator(".numbers tbody tr").all()
    assert len(rows) == 10
    for row, parts, value in zip(rows, found.parts, found.values, strict=True):
        cells = row.locator("td").all_inner_texts()
        assert cells == [*(f"{p:.3f}" if p > 0 else "·" for p in parts), f"{value:.3f}"]


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_pointing_at_a_result_says_where_its_score_comes_from(page, served, movielens_split, way):
    model = served[0]
    person = composed(movielens_split)[0]
    found = explain(model, sm.SparseIndex.build(model, codes="all"), person.history)
    film = page.locator(".results button").nth(1)
    rest = status(page)
    if way == "mouse":
        film.hover()
    else:
        page.locator(".results button").first.focus()
        page.keyboard.press("ArrowDown")
    said = status(page)
    assert said.startswith(f"{found.results()[1]}: {found.values[1]:.3f} = ")
    for part, read in zip(found.parts[1], found.reads, strict=True):
        place = np.flatnonzero(read.items == found.positions[1])
        where = f"{part:.3f} from token {read.token + 1}, code {read.code[0]} (place "
        assert (where in said) == (part > 0)
        if part > 0:
            assert f"{where}{place[0] + 1} of {len(read.items)})" in said
    assert page.locator(".wire.lit").count() == (found.parts[1] > 0).sum()
    assert page.evaluate("outside") == 0
    if way == "mouse":
        page.mouse.move(5, 5)
        assert status(page) == rest and page.locator(".lit").count() == 0
        film.click()
        page.mouse.move(5, 5)
        assert status(page) == said and film.get_attribute("aria-pressed") == "true"


def test_pointing_at_the_history_says_what_it_does(page, public):
    query = public["models"][0]["queries"][0]
    for place in range(len(public["people"][0]["history"])):
        page.locator("[data-stage='1'] .film").nth(place).hover()
        said = status(page)
        changed = [(t, code) for t, at, code in query["changed"] if at == place]
        assert ("no code would change" in said) == (not changed)
        for token, code in changed:
            assert f"token {token + 1} would take code {code[0]}" in said
        assert page.locator(".w2.lit").count() == 4


def test_every_group_is_one_stop_and_arrows_move_inside(page):
    for group in page.locator(".roving").all():
        assert group.locator("[tabindex='0']").count() == 1
    heads = page.locator(".stage-head")
    heads.first.focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent").startswith("8")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent").startswith("7")
    page.locator(".tower button").first.focus()
    for key, place in (("ArrowDown", 1), ("End", 9), ("ArrowDown", 9), ("Home", 0)):
        page.keyboard.press(key)
        assert (
            page.locator(".tower button").nth(place).evaluate("b => b === document.activeElement")
        )
    assert page.evaluate("outside") == 0


def test_a_code_among_several_probes_shows_its_list(page, public):
    page.get_by_label("probes").select_option("4")
    chip = page.locator("[data-read='0-2']")
    chip.click()
    code = chip.inner_text().split()[0]
    assert f"code {code}:" in page.locator(".list").first.inner_text()
    assert chip.get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    last = page.locator("[data-read='0-3']")
    assert f"code {last.inner_text().split()[0]}:" in page.locator(".list").first.inner_text()


def test_several_models_and_codebooks(browser, states, toy_split):
    page = open_page(browser, states["small"])
    page.get_by_label("model", exact=True).select_option("1")
    assert page.locator(".cells").count() == 2
    assert re.fullmatch(r"\(\d, \d\)", page.locator(".code").first.inner_text())
    assert page.evaluate("state.bias") == 0.1
    first = results_shown(page)
    page.get_by_label("model", exact=True).focus()
    page.keyboard.press("ArrowUp")
    assert page.locator(".cells").count() == 1 and results_shown(page) != first
    for stage in range(8):
        page.locator(".stage-head").nth(stage).click()
    assert page.errors == []
    page.close()


def test_typing_films_of_one_s_own(browser, states, live):
    """Here the test plays the kernel: it answers as Python does."""
    page = open_page(browser, {**states["small"], "titles": live.titles})
    field = page.get_by_label("add a film by title")
    for title in ("Film 7", "Film 14"):
        field.fill(title)
        page.keyboard.press("Enter")
        field = page.get_by_label("add a film by title")
    assert page.evaluate("state.films") == ["Film 7", "Film 14"]
    live.films = page.evaluate("state.films")
    page.evaluate("(d) => { model.set('person', 0); model.set('data', d); }", live.data)
    assert page.locator("[data-stage='1'] .title").all_inner_texts() == ["Film 7", "Film 14"]
    page.get_by_role("button", name="take out Film 7").click()
    assert page.evaluate("state.films") == ["Film 14"]
    page.evaluate("model.set('note', 'no such title')")
    assert page.get_by_role("alert").inner_text() == "no such title"
    assert page.locator("datalist option").count() == 60
    assert page.evaluate("outside") == 0 and page.errors == []
    page.close()


def test_without_a_kernel_nothing_can_be_typed(page):
    assert page.get_by_label("add a film by title").count() == 0


@pytest.mark.parametrize("width", [390, 700, 840, 1280])
def test_it_fits_every_width(browser, states, width):
    page = open_page(browser, states["public"], width)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    stacked = width < 836  # the body has a margin of 8
    tops = [page.locator(".stage").nth(s).bounding_box()["y"] for s in range(7)]
    assert (len(set(tops)) == 7) == stacked and (len(set(tops)) == 1) == (not stacked)
    assert (page.locator(".wire").count() == 0) == stacked
    page.locator(".stage-head").nth(1).click()
    assert page.evaluate(wide) <= width and page.errors == []
    page.close()


@pytest.mark.parametrize("attribute", ["data-jp-theme-light", "data-theme"])
def test_dark_pages_get_dark_colours(page, attribute):
    card = "getComputedStyle(document.querySelector('.sparcode-xray .card')).backgroundColor"
    light = page.evaluate(card)
    dark = "dark" if attribute == "data-theme" else "false"
    page.evaluate(f"document.body.setAttribute('{attribute}', '{dark}')")
    assert [light, page.evaluate(card)] == ["rgb(252, 251, 248)", "rgb(28, 32, 38)"]


def test_reduced_motion(browser, states):
    page = open_page(browser, states["public"], 390, reduced_motion="reduce")
    asked = "Element.prototype.scrollIntoView = (o) => { window.motion = o?.behavior; }"
    page.evaluate(asked)
    page.get_by_role("button", name="Next ▶").click()
    assert page.evaluate("motion") == "instant"
    durations = (
        "[...document.querySelectorAll('*')].map(e => getComputedStyle(e).transitionDuration)"
    )
    assert set(page.evaluate(durations)) == {"0s"}
    page.close()


TIMES = """async ([name, values]) => {
  const times = [];
  for (const value of values) {
    const start = performance.now();
    model.set(name, value);
    document.body.getBoundingClientRect(); // style and layout, too
    times.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return times;
}"""


def test_a_step_takes_less_than_50_ms(page):
    for name, values in (("stage", [*range(9)] * 2), ("bias", [-0.3, 0.1, -0.5, 0, -1, 0.2, 0])):
        page.evaluate(TIMES, [name, values])  # once to warm up
        assert np.median(page.evaluate(TIMES, [name, values])) < 50


def test_removed_widgets_stop(page):
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.evaluate("stop()")
    page.clock.run_for(30_000)
    assert page.evaluate("state.stage") == 1


def test_package_carries_the_files():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    for name in (*FILES, "xray.css"):
        assert (widget_module.HERE / name).exists() and f'"widgets/*{Path(name).suffix}"' in project
