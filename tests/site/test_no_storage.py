"""A browser that keeps nothing for a page: the site still labels its menu, and its widgets live."""

import pytest

from site_browser import address, watched

BLOCKED = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("storage is blocked", "SecurityError"); },
})"""
PAGES = ("index", "lessons/04_product_quantization_and_straight_through", "zh/index")
CARDS = "(all) => [...new Set(all.map((card) => getComputedStyle(card).backgroundColor))]"
THEMES = {"light": "rgb(252, 251, 248)", "dark": "rgb(28, 32, 38)"}


@pytest.fixture
def opened(browser):
    """A page whose storage is blocked; Furo's scripts complain about it, and nobody else may."""
    with watched(browser, offline=True, viewport={"width": 1280, "height": 900}) as one:
        one.page.add_init_script(BLOCKED)
        yield one
        one.faults = [fault for fault in one.faults if "storage is blocked" not in fault]


@pytest.mark.parametrize("name", PAGES)
def test_widgets_live_the_menu_has_its_name_and_light_and_dark_are_followed(opened, folder, name):
    opened.page.emulate_media(color_scheme="light")
    page = opened.open(address(folder, name))
    blocked = "() => { try { return localStorage.length; } catch { return 'blocked'; } }"
    assert page.evaluate(blocked) == "blocked"
    places = page.locator(".sparcode-live")
    states = places.evaluate_all("(all) => all.map((place) => place.dataset.state)")
    assert states and set(states) == {"live"}
    assert page.locator(".sidebar-drawer").get_attribute("aria-label")
    for scheme, color in reversed(THEMES.items()):
        page.emulate_media(color_scheme=scheme)
        light = str(scheme == "light").lower()
        page.wait_for_function(
            "(light) => document.documentElement.dataset.jpThemeLight === light", arg=light
        )
        assert page.locator(".sparcode-live .card").evaluate_all(CARDS) == [color]
