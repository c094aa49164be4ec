"""What the X-ray says and does when a control moves or a film is pointed at."""

import json

import pytest

from browser import chromium
from sparcode_mini.widgets import XRay
from xray_page import open_page, results_shown, status

PLACE = (
    "(f) => f.getBoundingClientRect().top - f.closest('.sparcode-xray').getBoundingClientRect().top"
)
WIDTHS = (390, 700, 860, 1280)


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def state():
    widget = XRay()
    return json.loads(json.dumps(widget.get_state(XRay.shared) | {"data": widget.data}))


@pytest.mark.parametrize("width", WIDTHS)
def test_pointing_moves_nothing(browser, state, width) -> None:
    """A film that slides away from the pointer would come back, and slide away again."""
    page = open_page(browser, state, width=width)
    for stage in (0, 1, 7):
        page.evaluate("(stage) => model.set('stage', stage)", stage)
        film = page.locator("[data-stage='1'] .film").first
        film.scroll_into_view_if_needed()
        before = film.evaluate(PLACE)
        film.hover(timeout=5000)
        page.wait_for_timeout(100)
        assert (page.locator(".pointing").count(), film.evaluate(PLACE)) == (1, before), stage
        page.mouse.move(1, 1)
    page.close()


def test_a_control_says_what_it_did(browser, state) -> None:
    page = open_page(browser, state)
    before = results_shown(page)
    page.evaluate("model.set('probes', 4)")
    after = results_shown(page)
    new = [title for title in after if title not in before]
    said = status(page)
    assert "The tokens now read" in said and "(413 before)" in said
    assert new and all(title in said for title in new[:4])
    assert f"New among the {len(after)} films found" in said and f"First: {after[0]}, " in said
    page.evaluate("model.set('bias', -0.05)")
    assert status(page).startswith("b = −0.05") and "First: " in status(page)
    page.evaluate("model.set('stage', 5)")
    page.evaluate("model.set('probes', 1)")
    assert "same code" in status(page), "in a step its own sentence stays"
    page.close()


def test_what_stays_is_said(browser, state) -> None:
    page = open_page(browser, state)
    page.evaluate("model.set('bias', 0.05)")
    page.evaluate("model.set('bias', 0)")
    assert "their order stay the same" in status(page) or "No film is new" in status(page)
    page.evaluate("model.set('wish', 1)")
    assert "adds" in status(page) and "The words of the request" in status(page)
    page.close()


def test_several_traits_are_one_drawing(browser, state) -> None:
    page = open_page(browser, state)
    count = """() => new Promise((done) => {
      let drawings = 0;
      const results = document.querySelector(".s7 .body");
      const seen = new MutationObserver((records) => (drawings += records.length));
      seen.observe(results, { childList: true });
      model.set("person", 2), model.set("probes", 4), model.set("bias", -0.3), model.set("wish", 1);
      setTimeout(() => done(drawings), 50);
    })"""
    assert page.evaluate(count) == 1
    page.close()


def test_a_smaller_b_is_seen_to_shorten_the_bars(browser, state) -> None:
    page = open_page(browser, state)
    widths = "() => [...document.querySelectorAll('.list .bar')].map((b) => b.offsetWidth)"
    before = page.evaluate(widths)
    page.evaluate("model.set('bias', -0.4)")
    after = page.evaluate(widths)
    assert sum(after) < 0.8 * sum(before)
    page.close()


def test_on_a_telephone_results_follow_the_controls_and_numbers_their_heading(
    browser, state
) -> None:
    page = open_page(browser, state, width=390)
    places = {s: page.locator(f"[data-stage='{s}']").bounding_box()["y"] for s in range(1, 9)}
    assert min(places, key=places.get) == 7
    page.locator(".s5 .stage-head").click()
    numbers = page.locator(".numbers").bounding_box()
    assert places[5] < numbers["y"] - page.locator(".s5").bounding_box()["y"] + places[5]
    assert page.locator(".s5 .numbers").count() == 1
    page.evaluate("model.set('stage', 2)")
    first = page.locator("[data-stage='1']").bounding_box()["y"]
    assert first < page.locator("[data-stage='7']").bounding_box()["y"], "steps go in their order"
    page.close()


def test_what_adds_nothing_is_not_drawn(browser, state) -> None:
    page = open_page(browser, state)
    page.evaluate("model.set('tokens', [true, false, true, true])")
    page.evaluate("model.set('wish', 1)")
    seen = """() => [...document.querySelectorAll('.results .segment')]
      .filter((s) => s.style.width === '0%' && s.checkVisibility()).length"""
    assert page.evaluate(seen) == 0 and page.locator(".results .segment").count() > 20
    page.locator(".s5 .stage-head").click()
    lists = page.locator(".numbers table").first.inner_text()
    assert "token 1" in lists and "token 2" not in lists
    page.close()


def test_titles_of_somebody_s_own_are_not_translated(browser, state) -> None:
    page = open_page(browser, {**state, "nouns": ["book", "books"]})
    assert page.locator(".sparcode-xray.own-names").count() == 1
    page.evaluate("model.set('nouns', ['film', 'films'])")
    page.close()
