"""Every slide of every lesson at 1280 x 720 in Chromium: nothing is cut, nothing is small."""

from pathlib import Path

import pytest

from accessibility import serious_faults
from browser import chromium
from site_browser import watched
from sparcode_mini.course.pdf import print_page
from sparcode_mini.course.slides import PRINT, page, write_html
from sparcode_mini.course.slides.deck import Slide
from sparcode_mini.course.slides.pictures import Pictures
from sparcode_mini.tools.language import speaking

ROOT = Path(__file__).resolve().parents[3]
SIZE = {"width": 1280, "height": 720}
SMALLEST = 24  # pixels
WIDE = '<b style="display: inline-block; width: 1400px">wide</b>'
TINY = '<b style="font-size: 20px">tiny</b>'
# For each slide with all its fragments: what reaches over the edge, is cut, or is small.
FAULTS = """(smallest) => {
  const faults = [];
  for (let n = 0; n < Reveal.getTotalSlides(); n++) {
    Reveal.slide(n, 0, 99);
    const slide = Reveal.getCurrentSlide(), body = slide.querySelector(".body");
    const name = `${n + 1} ${slide.querySelector("h1, h2").textContent}: `;
    for (const box of [slide, slide.querySelector(".sheet"), body]) {
      if (box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1) {
        faults.push(name + `cut ${box.className}`);
      }
    }
    for (const one of slide.querySelectorAll(".sheet *")) {
      if (!one.checkVisibility()) continue;
      const box = one.getBoundingClientRect(), size = parseFloat(getComputedStyle(one).fontSize);
      const reads = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
      if (box.left < 0 || box.top < 0 || box.right > 1280 || box.bottom > 720) {
        faults.push(name + `out ${one.tagName} ${one.textContent.slice(0, 40)}`);
      }
      // inside a formula an index is smaller
      if (size < smallest && (one.matches("math") || (reads && !one.closest("math")))) {
        faults.push(name + `small ${one.tagName} ${size}`);
      }
    }
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """All files, made once."""
    return write_html(tmp_path_factory.mktemp("slides"), ROOT, Pictures(ROOT))


def opened(watch, path: Path):
    watch.page.goto(path.as_uri())
    watch.page.wait_for_function("() => Reveal.isReady() && document.fonts.status === 'loaded'")
    return watch.page


def test_nothing_is_cut_or_small_on_any_slide(browser, decks) -> None:
    paths = [path for path in decks if not path.stem.endswith("-handout")]
    assert {"00", "03", "capstone", "90min"} <= {path.stem for path in paths}
    faults = []
    with watched(browser, offline=True, viewport=SIZE) as watch:
        for path in paths:
            deck = opened(watch, path)
            assert deck.evaluate("Reveal.getScale()") == 1
            faults += [f"{path.stem}: {fault}" for fault in deck.evaluate(FAULTS, SMALLEST)]
    assert faults == []


@pytest.mark.parametrize(
    ("slide", "fault"),
    [
        (Slide("statement", "", "Long", text="many words " * 300), "cut"),
        (Slide("list", "", "Wide", items=[WIDE]), "out"),
        (Slide("statement", "", "Small", text=TINY), "small"),
    ],
)
def test_a_slide_that_is_cut_or_small_is_noticed(browser, tmp_path, slide, fault) -> None:
    path = tmp_path / "bad.html"
    path.write_text(page.html_page("Bad", "", [slide]), "utf-8")
    with watched(browser, offline=True, viewport=SIZE) as watch:
        assert any(fault in one for one in opened(watch, path).evaluate(FAULTS, SMALLEST))


def test_a_deck_has_no_serious_fault_of_access(browser, decks) -> None:
    (path,) = [path for path in decks if path.stem == "03"]
    with watched(browser, offline=True, viewport=SIZE) as watch:
        deck = opened(watch, path)
        deck.evaluate("Reveal.slide(2, 0, 0)")
        assert serious_faults(deck) == []
        deck.goto(path.with_stem("03-handout").as_uri())
        assert serious_faults(deck) == []


def test_the_answer_waits_for_a_step_and_the_speaker_sees_the_notes(browser, decks) -> None:
    (path,) = [path for path in decks if path.stem == "07"]
    with watched(browser, offline=True, viewport=SIZE) as watch:
        deck = opened(watch, path)
        place = deck.evaluate(
            "Reveal.getSlides().findIndex((s) => s.querySelector('.sheet.question .answer'))"
        )
        deck.evaluate(f"Reveal.slide({place}, 0, -1)")
        answer = deck.locator("section.present .answer")
        assert not answer.is_visible()
        deck.keyboard.press("ArrowRight")
        assert answer.is_visible()
        with deck.expect_popup() as popup:
            deck.keyboard.press("s")
        popup.value.wait_for_function(
            "() => document.querySelector('.speaker-controls-notes').innerText.includes('In [')"
        )
        popup.value.close()


def test_the_pdf_has_a_page_for_each_step(browser, tmp_path) -> None:
    slides = [
        Slide("title", "", "Toy", items=["count"]),
        Slide(
            "question", "1", "1", text="How many?", choices=["2", "6"], right="6", items=["Six."]
        ),
    ]
    path = tmp_path / "toy.html"
    path.write_text(page.html_page("Toy", "5 minutes", slides), "utf-8")
    context = browser.new_context(offline=True)
    pdf = print_page(context, path, PRINT).read_bytes()
    context.close()
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") == 3


def test_a_lesson_is_missing(tmp_path) -> None:
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(ValueError, match="has no lesson"):
        write_html(tmp_path / "out", tmp_path, Pictures(tmp_path))
    assert not (tmp_path / "out").exists()


def test_nothing_is_cut_on_chinese_slides(browser, tmp_path) -> None:
    """With the project's own font for Chinese: a machine that runs tests may have none."""
    font = (ROOT / "sparcode_mini" / "plots" / "fonts" / "cjk.otf").as_uri()
    style = f'@font-face {{ font-family: "Test CJK"; src: url("{font}"); }} '
    style += ':root { --r-main-font: "Source Sans Pro", "Test CJK"; }'
    with speaking("zh"):
        paths = [
            path for path in write_html(tmp_path, ROOT, Pictures(ROOT)) if path.stem[-1] != "t"
        ]
    faults = []
    with watched(browser, offline=True, viewport=SIZE) as watch:
        for path in paths:
            deck = opened(watch, path)
            deck.add_style_tag(content=style)
            deck.wait_for_function("() => document.fonts.load('20px \"Test CJK\"', '码')")
            assert deck.evaluate("document.fonts.check('20px \"Test CJK\"', '码')")
            faults += [f"{path.stem}: {fault}" for fault in deck.evaluate(FAULTS, SMALLEST)]
    assert len(paths) == 15 and faults == []
