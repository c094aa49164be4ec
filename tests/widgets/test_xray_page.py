"""The X-ray in a page without a kernel: sums, keys, pointers."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from browser import blank_page, chromium, load_module, main_thread
from sparcode_mini.explain.people import Person, composed
from sparcode_mini.explain.query import explain
from sparcode_mini.explain.xray import xray
from sparcode_mini.site.live import bundle
from sparcode_mini.tools.unicode import WITH_ID
from sparcode_mini.widgets import XRay
from sparcode_mini.widgets import xray as widget_module
from xray_page import open_page, results_shown, status


@pytest.fixture
def live(trained, tower, toy_people):
    return XRay(trained, tower, people=toy_people)


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
            index = sm.SparseIndex.build(toys.with_bias(model, bias), codes="all")
            exclude = [p.history for p in people]
            best, values = index.search(model.token_codes(tokens, probes), k=10, exclude=exclude)
            theirs = page.evaluate(
                "(s) => data.people.map((_, person) => "
                "module.follow(data, { ...s, person, on: [] }).top)",
                {"bias": bias, "probes": probes, "which": which},
            )
            for p, top in enumerate(theirs):
                found = best[p][best[p] >= 0]
                titles = [bare_title(data["films"][one["film"]]) for one in top]
                assert titles == movielens_split.titles[found].tolist()
                sums = [one["sum"] for one in top]
                np.testing.assert_allclose(sums, values[p][: len(found)], atol=1e-5)
                parts = [sum(one["parts"]) for one in top]
                np.testing.assert_allclose(parts, sums, rtol=1e-12)
    page.close()


# --- in a page, without a kernel ----------------------------------------------------------------


@pytest.fixture(scope="module")
def states(trained, tower, toy_split, toy_people, public):
    two = toys.small(sm.SparCode, toy_split, seed=1, M=2, N=4, bias=0.1)
    small = XRay(trained, tower, people=toy_people, others=[two])
    return {"small": bundle(small)["state"] | {"titles": []}, "public": {"data": public}}


@pytest.fixture
def page(browser, states):
    found = open_page(browser, states["public"])
    yield found
    assert found.errors == []
    found.close()


def bare_title(shown):
    """A title without the id that stands beside look-alikes."""
    return WITH_ID.sub("", shown).rstrip()


def picture(page):
    return page.locator(".flow").inner_html()


def test_what_is_drawn_is_what_the_library_finds(page, public, served, movielens_split):
    model = served[0]
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(composed(movielens_split)):
        page.get_by_label("person", exact=True).select_option(str(p))
        found = explain(model, index, person.history)
        assert list(map(bare_title, results_shown(page))) == found.results()
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
    "request": ("ArrowDown", "wish", 1),
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
    rows = page.locator(".numbers table").first.locator("tbody tr").all()
    assert len(rows) == 10
    for row, parts, value in zip(rows, found.parts, found.values, strict=True):
        cells = row.locator("td").all_inner_texts()
        assert cells == [*(f"{p:.4f}" if p > 0 else "·" for p in parts), f"{value:.3f}"]


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
        where = f"{part:.4f} from token {read.token + 1}, code {read.code[0]} (place "
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


STEP = """async ([name, value]) => {
  model.set(name, value);
  document.body.getBoundingClientRect(); // style and layout, too
  await new Promise(requestAnimationFrame);
}"""


def test_a_step_takes_less_than_50_ms(page):
    for name, values in (("stage", [*range(9)] * 2), ("bias", [-0.3, 0.1, -0.5, 0, -1, 0.2, 0])):
        seconds = []
        for value in values * 2:
            with main_thread(page) as spent:
                page.evaluate(STEP, [name, value])
            seconds += spent
        steps = seconds[len(values) :]  # the first round warms up
        print(f"{name}: median {1000 * np.median(steps):.1f} ms, slowest {1000 * max(steps):.1f}")
        assert np.median(steps) < 0.05


def test_removed_widgets_stop(page):
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.evaluate("stop()")
    page.clock.run_for(30_000)
    assert page.evaluate("state.stage") == 1


def test_package_carries_the_files():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    for name in (*widget_module.FILES, "xray.css"):
        assert (widget_module.HERE / name).exists() and f'"widgets/*{Path(name).suffix}"' in project


def test_titles_are_text_whatever_they_hold(browser, public):
    hard = ("Bada$$ $x$", "<script>outside = 9</script>", "<img src=x onerror=outside=9>",
            "</script>", "千と千尋", "שלום", "\u202eabc", "&lt; &amp;", "a\u2028b")  # fmt: skip
    films = [f"{hard[place % len(hard)]} {place}" for place in range(len(public["films"]))]
    found = open_page(browser, {"data": {**public, "films": films}})
    shown = found.locator(".results .title").evaluate_all("(all) => all.map((a) => a.textContent)")
    assert len(shown) == 10 and set(shown) <= set(films)
    found.get_by_role("button", name="History").click()
    assert found.evaluate("[outside, document.querySelectorAll('img, script').length]") == [0, 0]
    assert found.errors == []
    found.close()
