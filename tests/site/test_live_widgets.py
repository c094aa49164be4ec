"""Every widget of the site, without Python and without a network: by mouse, touch and keyboard."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from accessibility import serious_faults
from site_browser import SHOWN, WIDER, watched
from sparcode_mini.lessons.product_quantization.draw_gradients import ARROWS
from sparcode_mini.site import live
from sparcode_mini.site.stored import controls_of
from sparcode_mini.widgets.explorer import Explorer

PLACE = ".sparcode-live[data-widget='{}']"
CONTROLS = "input[type=range], input[type=checkbox], select"
POINTED = "input[type=range], input[type=checkbox]"
NOW = "(all) => [...all].map((c) => (c.type === 'checkbox' ? c.checked : c.value))"
PRESSED = {"XRay": "Next ▶", "CodebookPlayground": "Step", "Arrows": "One step"}
ADDRESS = "() => new Promise((done) => setTimeout(() => done(location.hash), 50))"
SCREENS = [("light", 1280), ("dark", 768), ("dark", 390)]
STEERS = {("Arrows", "follow")}  # controls of a button, which show nothing themselves
LEARNS = {"CodebookPlayground": 3}  # steps after which a setting of the learning has had an effect
# Here every control has one: a codeword that no point chooses; lists longer than any limit.
DEAD = [[0.5, 1.25], [-1.5, 0.25], [1.0, -1.0], [-0.5, -1.5], [1.5, 0.5], [2.4, 2.4]]
RICH = {"CodebookPlayground": {"codewords": DEAD}, "StorageCalculator": {"items": 100_000_000}}


@pytest.fixture(scope="module")
def opened(browser, widgets_page):
    """The page on a wide screen, on which nothing may go wrong while all tests use it."""
    options = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True}
    with watched(browser, permissions=["clipboard-read", "clipboard-write"], **options) as one:
        one.open(widgets_page)
        yield one


@pytest.fixture
def place(opened, call):
    """A widget at its start."""
    found = opened.page.locator(PLACE.format(call.name))
    go(opened.page, f"{found.get_attribute('id')}:")
    return found


def go(page, address: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", address)
    page.wait_for_function("() => true")  # after the event


def value_of(page, place, names) -> list:
    """Values of the model of a widget."""
    return place.evaluate("(place, names) => names.map((n) => place.model.get(n))", list(names))


def is_panel(call) -> bool:
    return issubclass(live.classes()[call.kind], Explorer)


class Seen:
    """Notices whether a widget answers otherwise than when last asked, in words and in its drawing.

    Args:
        place: of the widget.
        steps: the button "Step" is pressed so often before each look.
    """

    def __init__(self, place, steps: int = 0) -> None:
        self.place, self.steps = place, steps
        self.before = self.look()

    def look(self) -> list[str]:
        for _ in range(self.steps):
            self.place.get_by_role("button", name="Step", exact=True).click()
        return self.place.evaluate(SHOWN)

    def change(self, what: str) -> None:
        now = self.look()
        for part, old, new in zip(("words", "drawing"), self.before, now, strict=True):
            assert new != old, f"{what} left the {part} as they were"
        self.before = now


def test_what_is_shown_is_neither_a_control_nor_the_name_of_a_drawing(opened, place) -> None:
    """Else no test below could fail: a slider shows its own value, whatever the widget answers."""
    opened.page.mouse.move(2, 2)
    before, markup = place.evaluate(SHOWN), place.inner_html()
    for control in place.locator("input[type=range]").all():
        control.evaluate("(slider) => { slider.value = slider.max; }")  # without an event
    for width in (1000, 1280):  # charts are drawn anew
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.page.wait_for_timeout(100)
    assert place.evaluate(SHOWN) == before
    assert (place.inner_html() == markup) == (place.locator(".columns").count() == 0)


def at_start(opened, place, call) -> Seen:
    """The widget where every control has an effect: what one has set before may hide another's."""
    go(opened.page, f"{place.get_attribute('id')}:")
    place.evaluate("(place, values) => place.model.set(values)", RICH.get(call.kind, {}))
    return Seen(place, LEARNS.get(call.kind, 0))


def test_each_control_answers_the_keyboard(opened, place, call) -> None:
    for number in range(place.locator(CONTROLS).count()):
        seen = at_start(opened, place, call)
        control = place.locator(CONTROLS).nth(number)  # a change may draw the others anew
        name = control.evaluate("(c) => c.closest('label')?.firstElementChild.innerText")
        box = control.get_attribute("type") == "checkbox"
        control.focus()
        before = place.locator(CONTROLS).evaluate_all(NOW)
        for key in ["Space"] if box else ["ArrowDown", "ArrowUp"]:  # at its end only one moves it
            opened.page.keyboard.press(key)
            if place.locator(CONTROLS).evaluate_all(NOW) != before:
                break
        if (call.kind, name) in STEERS:
            assert seen.look() == seen.before
        else:
            seen.change(name)


def targets(opened, place, call):
    """(slider or box, the point to press so that it changes, what is seen before) of a widget."""
    for number in range(place.locator(POINTED).count()):
        seen = at_start(opened, place, call)
        control = place.locator(POINTED).nth(number)
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        share = 0.5
        if control.get_attribute("type") == "range":
            low, high = (float(control.get_attribute(end)) for end in ("min", "max"))
            nearer_low = 2 * float(control.input_value()) < low + high
            share = 0.96 if nearer_low else 0.04  # the other end
        yield control, (box["x"] + share * box["width"], box["y"] + box["height"] / 2), seen


def test_each_slider_and_box_answers_the_mouse(opened, place, call) -> None:
    for control, point, seen in targets(opened, place, call):
        name = control.evaluate("(c) => c.closest('label')?.firstElementChild.innerText")
        opened.page.mouse.click(*point)
        seen.change(name)


def test_a_button_answers_mouse_and_keyboard(opened, place, call) -> None:
    name, first = PRESSED.get(call.kind, "Reset"), place.evaluate(SHOWN)
    if name == "Reset":
        for control in place.locator(CONTROLS).all():
            control.focus()
            opened.page.keyboard.press("End")
    seen = Seen(place)
    button = place.get_by_role("button", name=name)
    button.click()
    seen.change("a click")
    if name == "Reset":
        assert seen.before == first
    else:
        button.focus()
        opened.page.keyboard.press("Enter")
        seen.change("Enter")


def test_on_a_telephone_fingers_move_it(browser, widgets_page, call) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with watched(browser, offline=True, **phone) as opened:
        place = opened.open(widgets_page).locator(PLACE.format(call.name))
        for control, point, seen in targets(opened, place, call):
            if control.get_attribute("type") == "range":
                assert control.bounding_box()["height"] >= 24, "too small for a thumb"
            opened.page.touchscreen.tap(*point)
            seen.change("a tap")


def test_one_step_follows_the_chosen_arrow(opened) -> None:
    place, panel = opened.page.locator(PLACE.format("Arrows")), live.Call("Arrows").make()
    told = set()
    for way in panel.ways:
        go(opened.page, "Arrows:")
        place.get_by_label("follow").select_option(label=ARROWS[way][0])
        place.get_by_role("button", name="One step").click()
        values = {**panel.values, "way": way}
        wanted = panel.view(panel.data(**{**values, **panel.step(values)})).text
        assert place.locator(".status").inner_text() == wanted
        told.add(wanted)
    assert len(told) == len(panel.ways)


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_all_widgets_fit_and_have_no_serious_fault(browser, widgets_page, scheme, width) -> None:
    size = {"width": width, "height": 900}
    with watched(browser, offline=True, color_scheme=scheme, viewport=size) as opened:
        page = opened.open(widgets_page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.evaluate(WIDER)
        assert serious_faults(page) == []


# --- the address, the code, the pictures ----------------------------------------------------------


def other_values(call) -> dict:
    """A value for each control that is not the one at the start."""
    if not is_panel(call):
        return {
            "XRay": {"person": 2, "probes": 4, "tokens": [True, False, True, True]},
            "CodebookPlayground": {"N": 2, "codewords": [[0.5, 1.25], [-1.5, 0.25]]},
        }[call.kind]
    values = {}
    for name, control in controls_of(call.make()).items():
        offered = [value for _, value in control.get("options", [])] or [control["span"]["high"]]
        values[name] = next(value for value in reversed(offered) if value != control["start"])
    return values


def address(place, values: dict) -> str:
    text = {n: quote(v if isinstance(v, str) else json.dumps(v)) for n, v in values.items()}
    return f"{place.get_attribute('id')}:" + ",".join(f"{n}={v}" for n, v in text.items())


def test_an_address_sets_the_state_and_a_change_sets_the_address(opened, place, call) -> None:
    page, values = opened.page, other_values(call)
    go(page, address(place, values))
    assert value_of(page, place, values) == list(values.values())
    place.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert place.locator(".sparcode-share-status").inner_text() == "The link is copied."
    seen = Seen(place)
    go(page, f"{place.get_attribute('id')}:")
    seen.change("an address without settings")
    assert page.evaluate("location.hash") == f"#{place.get_attribute('id')}:"
    place.locator(CONTROLS).last.focus()
    for key in ("Home", "End", "Space"):  # one of them changes a slider, a list or a box
        page.keyboard.press(key)
        if page.evaluate(ADDRESS) != f"#{place.get_attribute('id')}:":
            break
    assert page.evaluate("location.hash").startswith(f"#{place.get_attribute('id')}:")
    assert not page.evaluate("location.hash").endswith(":")
    go(page, link.partition("#")[2])
    assert value_of(page, place, values) == list(values.values())


def test_an_address_that_a_widget_does_not_offer_is_named(opened) -> None:
    place = opened.page.locator(PLACE.format("Panel"))
    go(opened.page, "Panel:M=3,N=64,colour=red,sparsity=x")
    words = place.locator(".sparcode-share-status").inner_text()
    assert words.startswith("This widget does not offer M=3, colour=red, sparsity=x of the address")
    assert value_of(opened.page, place, ["M", "N"]) == [1, 64]


@pytest.mark.parametrize("values", ["stage=9", "person=-1", "which=0.5", 'bias="x"', "bias=99"])
def test_an_address_can_not_break_the_x_ray(opened, values) -> None:
    place = opened.page.locator(PLACE.format("XRay"))
    go(opened.page, f"XRay:{quote(values, safe='=')}")
    assert "does not offer" in place.locator(".sparcode-share-status").inner_text()
    assert value_of(opened.page, place, ["stage", "person", "which", "bias"]) == [0, 0, 0, None]


def test_the_copied_code_makes_the_same_state(opened, place, call) -> None:
    values = other_values(call)
    place.evaluate("(place, values) => place.model.set(values)", values)
    place.get_by_role("button", name="Copy code").click()
    code = opened.page.evaluate("navigator.clipboard.readText()")
    compile(code, "copied", "exec")
    if call.kind == "Panel":  # the code that trains this setting
        assert f"M={values['M']}, N={values['N']}" in code and "sm.fit(" in code
        return
    *lines, last = code.splitlines()
    scope: dict = {}
    exec("\n".join(lines), scope)
    made = eval(last, scope)
    have = made.values if is_panel(call) else {name: getattr(made, name) for name in values}
    assert have == values if is_panel(call) else have.items() >= values.items()


def test_pictures_are_saved(opened, place, call) -> None:
    with opened.page.expect_download() as download:
        place.get_by_role("button", name="Save as SVG").click()
    svg = Path(download.value.path()).read_text("utf-8")
    assert svg.startswith("<svg ") and "<desc>" in svg
    if is_panel(call):
        assert "light-dark" not in svg and "color-mix" not in svg and "color(srgb" not in svg
        assert re.search(r'fill="rgb\(', svg), "colours are attributes, for programs without styles"
    with opened.page.expect_download() as download:
        place.get_by_role("button", name="Save as PNG").click()
    png = Path(download.value.path()).read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) > 10_000
