"""The page of `sparcode-mini xray` in Chromium: one file, no network, live, and titles are text.

By hand, with screenshots:
    SPARCODE_SCREENSHOTS=FOLDER python -m pytest tests/site/test_one_page.py
"""

import io
import itertools
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import library
from accessibility import serious_faults
from site_browser import WIDER, served, watched
from sparcode_mini import cli, data
from sparcode_mini.explain.people import Person, excerpt
from sparcode_mini.explain.xray import explanation
from sparcode_mini.model.load import load_model
from sparcode_mini.site import one_page
from sparcode_mini.widgets import XRay

SCREENSHOTS = os.environ.get("SPARCODE_SCREENSHOTS")
LIKED = ["Sea Story 3", "Sea Story 5", "Orbit Story 1", "Murder Story 7"]
HARD = {
    0: "</script><script>window.outside=1</script>",
    1: "<!--<script>",
    2: "--><img src=x onerror=window.outside=2>",
    3: "]]>\"'`${window.outside=3}",
    4: "line\u2028two\u2029three",
    5: "$heading $script \\u003c/script\\u003e",
    6: "\u202egnp.exe",
    7: "שלום (1999)",
    8: "千と千尋 🎬 Bada$$",
    9: "&lt;b&gt; &amp; </title></noscript></style>",
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder with a page of books, made by the command line, and what the library says."""
    folder = tmp_path_factory.mktemp("shelf")
    tables = library.tables(folder)
    models = library.train(folder, tables)
    options = [*tables, *models, "--liked", *LIKED, "--user", "reader03"]
    options += ["--nouns", "book", "books", "--title", "My shelf"]
    assert cli.main(["xray", *options, "--out", str(folder / "page.html")]) == 0
    split = data.read_table.read_ratings(tables[1], items=tables[3]).split()
    model, tower = (load_model(path, split).double() for path in models[1::2])
    people = [Person("you", split.find_titles(LIKED)), excerpt(split, "reader03")]
    return folder, XRay(model, tower, people=people).data


@pytest.fixture(scope="module")
def address(shelf) -> str:
    return (shelf[0] / "page.html").as_uri()


X_RAY = """() => [...document.querySelectorAll(".results .film")].map((film) =>
  [film.querySelector(".title").textContent, film.querySelector(".value").textContent])"""


def test_it_shows_the_library_s_numbers(browser, shelf, address):
    asked = []
    with watched(browser, offline=True) as opened:
        opened.page.on("request", lambda request: asked.append(request.url))
        page = opened.open(address)
        assert page.title() == "My shelf" == page.locator("h1").inner_text()
        names = page.get_by_label("person", exact=True).locator("option").all_inner_texts()
        assert names == ["you", "person reader03 (an excerpt)"]
        for person, probes in itertools.product((0, 1), (1, 4)):
            page.get_by_label("person", exact=True).select_option(str(person))
            page.get_by_label("probes", exact=True).select_option(str(probes))
            answer = explanation(shelf[1], person, probes=probes)
            values = [f"{value:.3f}" for value in answer.values[answer.positions >= 0]]
            assert len(values) > 3
            assert page.evaluate(X_RAY) == [
                list(pair) for pair in zip(answer.results(), values, strict=True)
            ]
        assert page.locator(".later").count() == 1  # what the reader borrowed next
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert [url for url in asked if url.startswith("file")] == [address]


# Each title with the place where it is drawn.
TITLES = """() => [...document.querySelectorAll(".title")].map((title) => {
  const { left, top, right, bottom } = title.getBoundingClientRect();
  return [title.textContent, [left, top, right, bottom]];
})"""


def saved(page, button, folder):
    """The file that a button saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_its_pictures_have_the_titles_in_them(browser, address, tmp_path):
    """The SVG as a browser shows it; and in the PNG ink at each place where that has a title."""
    with watched(browser, offline=True, viewport={"width": 1280, "height": 900}) as opened:
        page = opened.open(address)
        titles = page.locator(".sparcode-xray .title").all_text_contents()
        svg, png = (saved(page, f"Save as {kind}", tmp_path) for kind in ("SVG", "PNG"))
        assert page.locator(".sparcode-share-status").inner_text() == ""
        said = page.locator(".status").inner_text()
        page.goto(svg.as_uri())
        drawn = page.evaluate(TITLES)
        width, height = (
            int(page.locator("svg").first.get_attribute(n)) for n in ("width", "height")
        )
        assert page.locator("desc").first.text_content() == said
    assert [title for title, _ in drawn] == titles and {*LIKED} < {*titles}
    with Image.open(io.BytesIO(png.read_bytes())) as picture:
        assert picture.format == "PNG" and picture.size == (2 * width, 2 * height)
        grey = np.asarray(picture.convert("L"), dtype=float)  # (2 height, 2 width)
    for title, box in drawn:
        left, top, right, bottom = (round(2 * edge) for edge in box)
        assert 0 <= left < right <= 2 * width and 0 <= top < bottom <= 2 * height, title
        assert np.ptp(grey[top:bottom, left:right]) > 100, f"no ink where {title} stands"


def test_words_are_those_of_the_catalogue(browser, address):
    with watched(browser, offline=True) as opened:
        page = opened.open(address)
        page.get_by_role("button", name="Next ▶").focus()
        said = [page.locator(".status").inner_text()]
        for stage in range(8):
            page.keyboard.press("Enter")
            said.append(page.locator(".status").inner_text())
            page.locator(".stage-head").nth(stage).click()
            said.append(page.locator(".numbers").inner_text())
            page.get_by_role("button", name="Next ▶").focus()
        said.append(page.locator("body").inner_text())
        labels = page.evaluate(
            "[...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel).join(' ')"
        )
    assert "4 books in, 4 lists read" in said[0] and "all 40 books" in " ".join(said)
    assert re.findall(r"\bfilms?\b", " ".join(said) + labels, re.I) == []


def test_it_works_by_keyboard_and_offers_nothing_that_needs_python(browser, address):
    with watched(browser, offline=True) as opened:
        page = opened.open(address)
        assert page.locator("input[type=text], datalist").count() == 0
        assert page.locator("figure > img").is_hidden()
        before = page.locator(".flow").inner_html()
        page.locator("input[type=range]").focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator(".bias .value").inner_text() == "−0.05"
        assert page.locator(".flow").inner_html() != before
        page.get_by_label("token 2", exact=True).focus()
        page.keyboard.press("Space")
        assert page.locator(".list.off").count() == 1
        page.locator(".results button").first.focus()
        page.keyboard.press("ArrowDown")
        title = page.locator(".results .title").nth(1).inner_text()
        assert page.locator(".status").inner_text().startswith(f"{title}: ")


CARD = "getComputedStyle(document.querySelector('.card')).backgroundColor"


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_follows_light_and_dark(browser, address, scheme, width):
    size = {"width": width, "height": 900}
    with watched(browser, offline=True, color_scheme=scheme, viewport=size) as opened:
        page = opened.open(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.evaluate(WIDER)
        dark = page.evaluate(CARD) == "rgb(28, 32, 38)"
        assert dark == (scheme == "dark")
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"page-{scheme}-{width}.png", full_page=True)
        page.locator(".stage-head").nth(1).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.evaluate(WIDER)
        assert serious_faults(page) == []


def test_without_javascript_there_are_a_picture_and_its_words(browser, shelf, address):
    size = {"width": 390, "height": 900}
    with watched(browser, offline=True, java_script_enabled=False, viewport=size) as opened:
        page = opened.page
        page.goto(address)
        picture = page.locator("figure > img")
        assert picture.is_visible() and picture.bounding_box()["width"] <= 390
        words = page.locator("figcaption").inner_text()
        assert picture.get_attribute("alt") == words and page.locator(".note").is_visible()
        assert f"rank: 1. {explanation(shelf[1]).results()[0]};" in words
        assert "How this page was made" in page.locator("footer").inner_text()


def test_a_static_host_may_serve_it(browser, shelf):
    with served(shelf[0]) as host, watched(browser, own=(host, "data:", "blob:")) as opened:
        page = opened.open(f"{host}page.html")
        assert page.locator(".sparcode-live").get_attribute("data-state") == "live"


def test_its_policy_stops_scripts_and_requests_that_are_not_its_own(browser, shelf):
    refused = []
    with served(shelf[0]) as host:
        page = browser.new_page()
        page.on("requestfailed", lambda request: refused.append((request.url, request.failure)))
        page.goto(f"{host}page.html")
        page.wait_for_selector("[data-state=live]")
        assert refused == []
        page.evaluate(
            """() => new Promise((done) => {
              const script = document.createElement("script");
              script.textContent = "window.outside = 1";
              const picture = document.createElement("img");
              picture.onerror = done;
              picture.src = "page.html?picture";
              document.body.append(script, picture);
            })"""
        )
        assert refused == [(f"{host}page.html?picture", "csp")]
        assert page.evaluate("fetch('page.html').then(() => 'read', () => 'refused')") == "refused"
        assert page.evaluate("window.outside") is None
        page.close()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A page whose titles, heading and footer try to get out."""
    folder = tmp_path_factory.mktemp("hostile")
    tables = library.tables(folder, HARD)
    models = library.train(folder, tables)
    liked = [HARD[n] for n in (0, 2, 9)]
    options = [*tables, *models, "--liked", *liked, "--title", "".join(HARD.values())]
    assert cli.main(["xray", *options, "--out", str(folder / "page.html")]) == 0
    return folder / "page.html"


@pytest.mark.parametrize("javascript", [True, False])
def test_titles_are_text_whatever_they_hold(browser, hostile, javascript):
    with watched(browser, offline=True, java_script_enabled=javascript) as opened:
        page = opened.page
        page.goto(hostile.as_uri())
        assert page.locator("h1").inner_text().startswith(HARD[0] + HARD[1] + HARD[2])
        assert page.locator("img").count() == 1 and page.locator("body script").count() == 1
        assert page.locator("dt").all_inner_texts() == ["Command", "Data", "SparCode", "Two-tower"]
        if javascript:
            page.wait_for_selector("[data-state=live]")
            assert page.locator(".s1 .title").all_inner_texts() == [HARD[0], HARD[2], HARD[9]]
            for stage in range(8):
                page.locator(".stage-head").nth(stage).click()
            assert page.evaluate("window.outside") is None
        else:
            assert HARD[0] in page.locator("figcaption").inner_text()


def test_hostile_titles_leave_no_mark_in_the_script(hostile):
    text = hostile.read_text("utf-8")
    script = text.partition("<script>window.sparcodeInside")[2]
    assert script.count("</script>") == 1 and script.rstrip().endswith(
        "</script>\n</body>\n</html>"
    )
    assert "<!--" not in text and "\u2028" not in text and "\u2029" not in text
    assert "千と千尋" in script and "\u202e" not in text
    assert text.count("<script") == 1


def test_a_script_that_would_end_itself_is_refused(monkeypatch, trained, tower, toy_people):
    widget = XRay(trained, tower, people=toy_people)
    monkeypatch.setattr(one_page, "_static", lambda name: "if (a </script/.lastIndex) b();")
    with pytest.raises(ValueError, match=r"a script of static/ holds '</script'"):
        one_page.page(widget, "x", {})
