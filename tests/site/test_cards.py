"""The lessons on the first page: each notebook is a card, other pages are a list."""

import io
import re

import nbformat
import pytest
from PIL import Image

from minutes import stated_line
from site_browser import address, watched
from sparcode_mini.site import build, cards, landing, pages

NOTEBOOKS = sorted((build.ROOT / "notebooks").glob("*.ipynb"))


def test_each_notebook_has_a_card(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, "index"))
        items = page.locator(".landing-cards > li")
        assert items.count() == len(NOTEBOOKS)
        for path in NOTEBOOKS:
            card = items.filter(has=page.locator(f'a[href="lessons/{path.stem}.html"]'))
            line = stated_line(nbformat.read(path, as_version=4))
            for count in re.findall(r"\d+", line):
                assert re.search(rf"\b{count}\b", card.locator(".minutes").inner_text())
            assert len(card.locator("p").first.inner_text()) > 20
            picture = card.locator("img")
            assert len(picture.get_attribute("alt")) > 20
            assert picture.evaluate("(i) => i.naturalWidth") in range(100, 361)
            stored = (folder / picture.get_attribute("src")).read_bytes()
            assert len(stored) <= cards.MOST_BYTES


def test_a_whole_card_is_one_link_with_a_focus_to_see(browser, folder) -> None:
    with watched(browser, offline=True, viewport={"width": 390, "height": 844}) as opened:
        page = opened.open(address(folder, "index"))
        items = page.locator(".landing-cards > li")
        lefts = {items.nth(i).bounding_box()["x"] for i in range(items.count())}
        assert len(lefts) == 1, "one column on a telephone"
        card = items.nth(1)
        link = card.locator("a")
        link.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        outline = "(a) => getComputedStyle(a, '::after').outlineStyle"
        assert link.evaluate(outline) == "solid"
        assert items.nth(2).locator("a").evaluate(outline) == "none"
        href = link.get_attribute("href")
        card.click(position={"x": 6, "y": 6})  # on its picture
        page.wait_for_url(f"**/{href}")


def test_pages_beside_the_lessons_are_a_list(folder) -> None:
    first = (folder / "index.html").read_text("utf-8")
    article = first[first.index("landing-cards") :]
    for path in (build.ROOT / "notebooks").glob("*.md"):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        assert re.search(rf'href="lessons/{path.stem}.html">.*{re.escape(title)}', article)


def trial(stem: str, first: str, *pictures: bytes) -> pages.Lesson:
    cells = [nbformat.v4.new_markdown_cell(first)]
    for number, png in enumerate(pictures):
        shown = nbformat.v4.new_output("display_data", {"image/png": png})
        shown.metadata["image/png"] = {"alt": f"picture {number}"}
        cells.append(nbformat.v4.new_code_cell("f()", outputs=[shown], id=f"cell-{number}"))
    number = "".join(re.findall(r"^\d+", stem))
    return pages.Lesson(stem, number, "Trial", nbformat.v4.new_notebook(cells=cells), [])


WHOLE = "# Trial\n\n- weigh $x$;\n- see two bars;\n\n**Time.** About 5 minutes."


def test_a_card_says_what_the_notebook_says() -> None:
    text = cards.cards([trial("extra", WHOLE), trial("98_trial", WHOLE)])
    assert re.findall(r'href="lessons/(\w+)', text) == ["98_trial", "extra"]
    assert "<p>Learn to see two bars.</p>" in text
    assert '<p class="minutes">5 minutes</p>' in text
    assert "<img" not in text, "it was never run"
    assert cards.picture(trial("98_trial", WHOLE, "QQ==", "Qg==")) == (b"A", "picture 0")


@pytest.mark.parametrize(
    ("stem", "first", "words"),
    [
        ("98_trial", WHOLE.replace("About", "Some"), "98_trial does not say how long it takes"),
        ("98_trial", WHOLE.replace("- see two bars;", ""), "98_trial has no goal for its card"),
        ("00_start_here", WHOLE, "no picture in cell '80c4e7fb'.*: cell-0"),
    ],
)
def test_what_a_card_lacks_is_named(stem, first, words) -> None:
    with pytest.raises(ValueError, match=words):
        cards.cards([trial(stem, first, "QQ==")])


def test_a_picture_becomes_small() -> None:
    wide, stored = Image.new("RGB", (1800, 600), "red"), io.BytesIO()
    wide.save(stored, "PNG")
    assert Image.open(io.BytesIO(cards.thumbnail(stored.getvalue()))).size == (360, 120)
    noise = Image.effect_noise((1800, 1200), 200)
    large = io.BytesIO()
    noise.save(large, "PNG")
    with pytest.raises(ValueError, match="over 15,000"):
        cards.thumbnail(large.getvalue())


def test_the_menu_and_the_cards_name_the_same_notebooks() -> None:
    lessons = [trial("00_trial", WHOLE), trial("capstone", WHOLE), trial("questions", WHOLE)]
    text = landing.page([*lessons, trial("01_trial", WHOLE)], "", ["glossary"])
    order = re.findall(r"^lessons/(\w+)$", text, re.M)
    assert order == ["00_trial", "questions", "01_trial", "capstone", "glossary"]
    linked = re.findall(r'<a href="lessons/(\w+)\.html"', text)
    assert linked == ["00_trial", "01_trial", "capstone", "questions"]
