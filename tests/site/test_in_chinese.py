"""The site in Chinese: the same pages, linked both ways, with its words, its search, its English.

`site` builds both languages.
"""

import re

import pytest

from accessibility import serious_faults
from site_browser import WIDER, address, explore, looked_at, watched
from sparcode_mini.lessons.text.languages import read_lesson
from sparcode_mini.site import beside, build

NOTEBOOKS = sorted((build.ROOT / "notebooks").glob("*.ipynb"))
BESIDE = sorted((build.ROOT / "notebooks").glob("*.md"))
PAGES = ["index", *(f"lessons/{path.stem}" for path in [*NOTEBOOKS, *BESIDE])]
LESSON = "lessons/07_sparse_index"
# Texts and labels of widgets and of the page's frame that hold no Chinese letter.
ENGLISH = """() => {
  const texts = new Set();
  const places = ".sparcode-live, header, .sidebar-drawer, .landing-cards";
  for (const place of document.querySelectorAll(places)) {
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const code = node.parentElement.closest("code, pre, script, style, math, [lang=en]");
      if (!code) texts.add(node.data);
    }
    for (const one of place.querySelectorAll("[aria-label], [title], [placeholder]")) {
      for (const name of ["aria-label", "title", "placeholder"]) {
        texts.add(one.getAttribute(name) ?? "");
      }
    }
  }
  const english = (text) => /[A-Za-z]{3}/.test(text) && !/[\\u4e00-\\u9fff]/.test(text);
  return [...texts].map((text) => text.trim()).filter(english);
}"""
# What stays English: films, people's names, names of methods and settings.
NAMES = re.compile(
    r".*\(\d{4}\).*|.*…|[= ]*(token|Tokenizer)[ 0-9、T:.,-]*|SparCode.*|NDCG@\d*|Furo|star|English"
    r"|self-attention|Gumbel-softmax|HNSW.*|IVF-PQ.*|Lloyd|k-means.*|EMA|gru|dnn|DNN|capsules|FLOPS|float\d+|int\d|best-n"
    r"|M=\d, N=\d+, sparsity=.*|Casablanca|Beyond Two-Tower Matching|The MovieLens Datasets"
)


SENTENCE = re.compile(r"\b[a-z]{4,} [a-z]{4,}\b")  # titles of films have capitals


def test_each_page_has_a_twin_and_both_say_so(folder) -> None:
    for name in PAGES:
        english, chinese = (
            (folder / part / f"{name}.html").read_text("utf-8") for part in ("", "zh")
        )
        assert 'lang="en"' in english[:300] and 'lang="zh-CN"' in chinese[:300], name
        depth = "../" * name.count("/")
        assert f'hreflang="zh-Hans" href="{depth}zh/{name}.html"' in english, name
        assert f'hreflang="en" href="{depth}../{name}.html"' in chinese, name


def test_sections_have_the_same_names_in_both_languages(folder) -> None:
    for path in NOTEBOOKS:
        texts = (
            (folder / part / f"lessons/{path.stem}.html").read_text("utf-8") for part in ("", "zh")
        )
        english, chinese = (re.findall(r'<section id="([^"]*)"', text) for text in texts)
        assert english == chinese and len(english) > 8, path.stem


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_each_page_fits_is_quiet_and_shows_no_english_words(browser, folder, scheme, width) -> None:
    with looked_at(browser, scheme, width) as opened:
        for name in [*PAGES, "search"]:
            page = opened.open(address(folder / "zh", name))
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, f"{name} is {scroll} wide: {page.evaluate(WIDER)}"
            left = [text for text in page.evaluate(ENGLISH) if not NAMES.fullmatch(text)]
            assert not left, (name, left)


def test_the_x_ray_speaks_chinese_whatever_is_pointed_at(browser, folder) -> None:
    with looked_at(browser, "light", 1280) as opened:
        page = explore(opened.open(address(folder / "zh", "index")), "自己探索")
        place = page.locator(".sparcode-xray")
        texts = []
        for probes in ("1", "4"):
            page.get_by_label("探测数", exact=True).select_option(probes)
            for film in (0, 8, 20):
                place.locator(".film").nth(film).hover()
                texts += place.inner_text().splitlines()
        for stage in range(7):
            page.locator(".stage-head").nth(stage).click()
            texts += place.inner_text().splitlines()
        for name in ("aria-label", "title"):
            labelled = place.locator(f"[{name}]")
            texts += labelled.evaluate_all("(all, n) => all.map((e) => e.getAttribute(n))", name)
        assert len(set(texts)) > 200
        assert not [text for text in texts if SENTENCE.search(text)]


@pytest.mark.parametrize("name", ["index", LESSON, "search"])
def test_axe_finds_nothing_serious(browser, folder, name) -> None:
    with looked_at(browser, "light", 1280) as opened:
        page = opened.open(address(folder / "zh", name))
        if name == LESSON:
            page.click("button.beside:visible")
        if name == "index":
            explore(page, "自己探索")
        assert serious_faults(page, {"exclude": [[".highlight pre"]]}) == []


@pytest.mark.parametrize("word", ["双塔", "点积", "码书"])
def test_search_finds_words_of_two_letters(browser, folder, word) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(f"{address(folder / 'zh', 'search')}?q={word}")
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "(all) => all.map((a) => a.href)")
        assert sum("lessons/0" in link for link in found) >= 4, found


def test_the_other_language_is_one_click_away_at_the_same_place(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, LESSON) + "#summary")
        page.click("a.language:visible")
        assert page.url.endswith(f"zh/{LESSON}.html#summary")
        page.wait_for_selector("#summary", state="attached")
        page.click("a.language:visible")
        assert page.url.endswith(f"site/{LESSON}.html#summary")
        assert page.evaluate("localStorage.getItem('sparcode-language')") == "en"


def test_english_stands_beside_the_text_on_demand(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder / "zh", LESSON))
        english, button = page.locator(f".{beside.CLASS}"), page.locator("button.beside:visible")
        assert english.count() > 30 and not english.first.is_visible()
        button.focus()
        page.keyboard.press("Enter")
        assert english.first.is_visible() and button.get_attribute("aria-pressed") == "true"
        opened.open(address(folder / "zh", "lessons/03_vector_quantization"))
        assert page.locator(f".{beside.CLASS}").first.is_visible()  # the choice is remembered
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_piece_is_followed_by_its_english() -> None:
    path = build.ROOT / "notebooks" / "zh" / "07_sparse_index.ipynb"
    english = read_lesson(path.parents[1] / path.name)
    lesson = read_lesson(path)
    beside.add(lesson, english)
    source = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    start = r'([^\n]+)\n\n```\{raw\} html\n<div class="sparcode-english untranslated" lang="en">\n'
    pairs = re.findall(start + r"(.*?)\n</div>", source, re.S)
    answers = [other for one, other in pairs if one.startswith("**答案**")]
    assert answers and all("<strong>Answer.</strong>" in other for other in answers)
