"""The story of the first page: it moves the X-ray, and its numbers are stored ones."""

import re

import pytest

from accessibility import serious_faults
from site_browser import WIDER, address, explore, looked_at, watched
from sparcode_mini.site import story

STEPS = range(1, len(story.STAGES))
# Which text is shown, and what the X-ray has.
SEEN = """() => {
  const model = document.querySelector(".sparcode-live").model;
  const texts = [...document.querySelectorAll(".story-texts section")];
  const names = ["person", "which", "wish", "bias", "probes", "tokens", "stage"];
  const seen = (text) => text.checkVisibility({ visibilityProperty: true });
  return [texts.flatMap((text, t) => (seen(text) ? [t] : [])),
    Object.fromEntries(names.map((name) => [name, model.get(name)]))];
}"""
PINNED = """() => {
  const frame = document.querySelector(".story-frame").getBoundingClientRect();
  return frame.top - document.querySelector(".mobile-header").getBoundingClientRect().bottom;
}"""


def by_key(page, step: int) -> None:
    page.keyboard.press("ArrowRight")


def by_button(page, step: int) -> None:
    page.locator(".story-next").click()


def by_number(page, step: int) -> None:
    page.get_by_role("button", name=f"Step {step}", exact=True).click()


def by_scrolling(page, step: int) -> None:
    """To the step's stretch of the track, as a wheel or a thumb would."""
    page.evaluate(
        """(step) => {
          const story = document.querySelector(".sparcode-story");
          const stretch = document.querySelector(".story-track").offsetHeight / 6;
          const top = scrollY + story.getBoundingClientRect().top + (step - 0.3) * stretch;
          scrollTo({ top, behavior: "instant" });
        }""",
        step,
    )


@pytest.mark.parametrize(
    ("move", "width", "motion"),
    [
        (by_key, 1280, "no-preference"),
        (by_scrolling, 1280, "reduce"),
        (by_number, 768, "no-preference"),
        (by_scrolling, 768, "reduce"),
        (by_button, 390, "reduce"),
        (by_scrolling, 390, "no-preference"),
    ],
)
def test_the_story_moves_the_x_ray(browser, folder, width, move, motion) -> None:
    with watched(
        browser,
        offline=True,
        viewport={"width": width, "height": 800},
        reduced_motion=motion,
        has_touch=width < 1000,
    ) as opened:
        page = opened.open(address(folder, "index"))
        assert page.evaluate(SEEN) == [[0], story.traits(0)]
        for step in STEPS:
            move(page, step)
            page.wait_for_function(
                "(step) => document.querySelectorAll('.story-texts section')[step]"
                ".classList.contains('now')",
                arg=step,
            )
            assert page.evaluate(SEEN) == [[step], story.traits(step)]
            assert abs(page.evaluate(PINNED)) <= 1, "the X-ray stands still below the bar"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (
                step,
                page.evaluate(WIDER),
            )
            words = page.locator(".story-words").bounding_box()
            assert words["y"] + words["height"] <= 801, "the text is in sight"
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("document.querySelector('[aria-current]').textContent === '5'")


def test_without_motion_nothing_moves_by_itself(browser, folder) -> None:
    """Transitions and smooth scrolling, with and without the reader's wish for stillness."""
    moving = """() => [getComputedStyle(document.documentElement).scrollBehavior,
      getComputedStyle(document.querySelector(".story-texts .now")).transitionDuration]"""
    found = {}
    for motion in ("reduce", "no-preference"):
        with watched(browser, offline=True, reduced_motion=motion) as opened:
            found[motion] = opened.open(address(folder, "index")).evaluate(moving)
    assert found == {"reduce": ["auto", "0s"], "no-preference": ["smooth", "0.3s"]}


def test_keys_for_other_things_do_not_move_the_story(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, "index"))
        page.keyboard.press("Shift+ArrowRight")
        page.locator(".results .film").first.focus()
        page.keyboard.press("ArrowDown")
        assert page.locator(".story-told").is_visible(), "about the film, instead of the text"
        page.evaluate("document.activeElement.blur()")
        assert page.evaluate(SEEN)[0] == [0]
        page.keyboard.press("ArrowRight")
        assert page.evaluate(SEEN)[0] == [1]


def test_the_x_ray_is_whole_and_in_the_first_screen(browser, folder) -> None:
    with watched(browser, offline=True, viewport={"width": 1280, "height": 800}) as opened:
        page = opened.open(address(folder, "index"))
        box = page.locator(".sparcode-xray").bounding_box()
        assert box["width"] > 1200
        assert box["y"] < 250
        heads = page.locator(".stage-head").evaluate_all("(all) => all.map((h) => h.offsetTop)")
        assert len(heads) == 8
        assert {page.locator(".stage").nth(s).bounding_box()["y"] for s in range(8)} == {
            page.locator(".stage").first.bounding_box()["y"]
        }


def test_a_telephone_shows_the_stages_of_the_step_and_no_others(browser, folder) -> None:
    shown = """() => [...document.querySelectorAll(".stage")].filter((s) => s.checkVisibility())
      .map((s) => s.dataset.stage).join(" ")"""
    with watched(browser, offline=True, viewport={"width": 390, "height": 844}) as opened:
        page = opened.open(address(folder, "index"))
        for step in STEPS:
            page.keyboard.press("ArrowRight")
            assert page.evaluate(shown) == story.STAGES[step][1]


def test_what_is_pointed_at_is_explained_in_the_place_of_the_text(browser, folder) -> None:
    with watched(browser, offline=True, viewport={"width": 1280, "height": 800}) as opened:
        page = opened.open(address(folder, "index"))
        for _ in range(story.POINTED):
            page.keyboard.press("ArrowRight")
        first = page.locator(".results .film").first
        assert "lit" in first.get_attribute("class"), "the step points at the first result"
        assert page.evaluate(SEEN)[0] == [story.POINTED]
        second = page.locator(".results .film").nth(1)
        second.hover()
        told = page.locator(".story-told")
        assert told.is_visible()
        title = re.sub(r"^\d+\. ", "", second.locator(".title").inner_text())
        assert told.inner_text().startswith(f"{title}: ")
        assert second.locator(".value").inner_text() in told.inner_text()
        by_scrolling(page, 5)  # under a pointer that rests: the text of the step is shown
        page.wait_for_timeout(300)
        assert page.evaluate(SEEN)[0] == [5]
        by_scrolling(page, story.POINTED)
        page.mouse.move(2, 2)
        assert not told.is_visible()
        page.keyboard.press("ArrowRight")
        assert page.locator(".lit").count() == 0


def test_one_can_explore_and_come_back(browser, folder) -> None:
    with watched(browser, offline=True, viewport={"width": 1280, "height": 800}) as opened:
        page = opened.open(address(folder, "index"))
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        explore(page)
        page.get_by_label("person", exact=True).select_option("2")
        page.locator(".sparcode-xray").get_by_role("button", name="Next ▶").click()
        assert not page.locator(".story-texts").is_visible()
        page.keyboard.press("ArrowRight")
        page.get_by_role("button", name="Back to the story").click()
        assert page.evaluate(SEEN) == [[4], story.traits(4)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_story(browser, folder, scheme) -> None:
    for width in (1280, 390):
        with looked_at(browser, scheme, width) as opened:
            page = opened.open(address(folder, "index"))
            page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
            for step in STEPS:
                page.keyboard.press("ArrowRight")
                assert serious_faults(page, within=".sparcode-story") == [], step
            explore(page)
            assert serious_faults(page, within=".story-bar") == []


def test_without_javascript_the_texts_stand_below_the_picture(browser, folder) -> None:
    with watched(browser, offline=True, java_script_enabled=False) as opened:
        opened.page.goto(address(folder, "index"))
        still = opened.page.locator(".sparcode-story .sparcode-live img").bounding_box()
        sections = opened.page.locator(".story-texts section")
        assert not sections.first.is_visible(), "it speaks of keys and buttons"
        for step in STEPS:
            box = sections.nth(step).bounding_box()
            assert box["y"] >= still["y"] + still["height"]
            assert sections.nth(step).locator("p").first.is_visible()


def test_the_menu_opens_by_key_and_is_shut_before(browser, folder) -> None:
    """On this page at every width, on others on a small screen."""
    for name, width in (("index", 1280), ("lessons/03_vector_quantization", 390)):
        with looked_at(browser, "light", width) as opened:
            page = opened.open(address(folder, name))
            link = page.locator(".sidebar-drawer .toctree-l1 a").first
            assert not link.is_visible()
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.id") == "__navigation"
            page.keyboard.press("Space")
            page.wait_for_function(
                "document.querySelector('.sidebar-drawer').getBoundingClientRect().left === 0"
            )
            assert link.is_visible()
            link.focus()
            assert link.evaluate("(l) => l === document.activeElement")


def test_the_script_and_style_of_the_story_are_on_this_page_only(folder) -> None:
    first = (folder / "index.html", folder / "zh" / "index.html")
    for path in folder.rglob("*.html"):
        text = path.read_text("utf-8")
        for name in ("story.js", "landing.css"):
            assert (f"_static/{name}" in text) == (path in first), path
