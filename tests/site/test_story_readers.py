"""The story of the first page for readers with other keys, windows, letters and habits."""

import pytest

from site_browser import address, explore, watched

NOW = "[...document.querySelectorAll('.story-texts section')].findIndex((s) => s.matches('.now'))"
MODE = "document.querySelector('.sparcode-story').dataset.mode ?? ''"
WIDE = {"width": 1280, "height": 800}


@pytest.mark.parametrize("key", ["PageDown", "Space"])
@pytest.mark.parametrize("height", [720, 1080])
def test_keys_that_turn_pages_pass_every_step(browser, folder, key, height) -> None:
    with watched(browser, offline=True, viewport={"width": 1280, "height": height}) as opened:
        page = opened.open(address(folder, "index"))
        for step in range(1, 7):
            page.keyboard.press(key)
            assert page.evaluate(NOW) == step
        before = page.evaluate("scrollY")
        page.keyboard.press(key)  # and out of it, as on any page
        page.wait_for_function("(before) => scrollY > before", arg=before)


def test_a_turned_telephone_keeps_the_step(browser, folder) -> None:
    upright, lying = {"width": 390, "height": 844}, {"width": 844, "height": 390}
    with watched(browser, offline=True, viewport=upright, has_touch=True) as opened:
        page = opened.open(address(folder, "index"))
        for _ in range(3):
            page.locator(".story-next").click()
        for size in (lying, upright):
            page.set_viewport_size(size)
            page.wait_for_timeout(200)
            assert page.evaluate(NOW) == 3


@pytest.mark.parametrize("width", [1280, 390])
def test_very_large_letters_put_the_words_below_the_picture(browser, folder, width) -> None:
    with watched(browser, offline=True, viewport={"width": width, "height": 800}) as opened:
        page = opened.open(address(folder, "index"))
        assert page.evaluate(MODE) == "story"
        page.add_style_tag(content="html { font-size: 250% !important; }")
        page.set_viewport_size({"width": width, "height": 640})
        page.wait_for_function(f"({MODE}) === ''")
        picture = page.locator(".story-frame .sparcode-live").bounding_box()
        words = page.locator(".story-texts section").nth(1).bounding_box()
        assert words["y"] >= picture["y"] + picture["height"] - 1


def test_the_last_step_leads_on(browser, folder) -> None:
    with watched(browser, offline=True, viewport=WIDE) as opened:
        page = opened.open(address(folder, "index"))
        for _ in range(7):
            page.locator(".story-next").click()
        assert page.locator("[data-widget=Panel]").bounding_box()["y"] < WIDE["height"]


def test_back_in_the_story_nothing_plays_and_the_address_is_clean(browser, folder) -> None:
    with watched(browser, offline=True, viewport=WIDE) as opened:
        page = opened.open(address(folder, "index"))
        page.clock.install()
        page.locator(".story-next").click()
        explore(page)
        page.keyboard.press("ArrowDown")  # in the list of people, which has the focus
        page.clock.run_for(100)
        assert "person=2" in page.evaluate("location.hash")
        page.get_by_role("button", name="▶ Play").click()
        page.clock.run_for(4 * 6000)  # stage 5, that of the first step
        explore(page, "Back to the story")
        stage = "document.querySelector('.sparcode-live').model.get('stage')"
        assert page.evaluate("location.hash") == ""
        page.clock.run_for(3 * 6000)
        assert page.evaluate(stage) == 5


def test_controls_come_with_exploring(browser, folder) -> None:
    """Moved within the story, they would make its sentences false."""
    with watched(browser, offline=True, viewport=WIDE) as opened:
        page = opened.open(address(folder, "index"))
        assert not page.locator(".controls").first.is_visible()
        explore(page)
        assert page.evaluate("document.activeElement.ariaLabel") == "person"


def test_in_chinese_the_story_looks_the_same(browser, folder) -> None:
    """Its styles and sentences do not hang on English labels."""
    with watched(browser, offline=True, viewport=WIDE) as opened:
        page = opened.open(address(folder, "zh/index"))
        button = page.locator(".story-next")
        assert button.evaluate("(b) => getComputedStyle(b).backgroundColor") == "rgb(0, 105, 77)"
        button.click()
        spoken = page.locator(".story-spoken").inner_text()
        assert spoken.startswith("第 1 步，共 6 步") and "Step" not in spoken
