import re
from pathlib import Path

import pytest

from browser import chromium
from sparcode_mini.course import plans
from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.course.pdf import print_pages

ROOT = Path(__file__).resolve().parents[3]
SIZES = """() => [...document.querySelectorAll("body *")].map(
  (one) => parseFloat(getComputedStyle(one).fontSize))"""
HEIGHTS = '() => [...document.querySelectorAll(".row")].map((one) => one.offsetHeight)'
HANDOUTS = ("handout-45", "handout-90", "handout-180", "handout-course")
NAMES = ("plan-45", "plan-90", "plan-180", "course", "misunderstandings", "crib")


@pytest.fixture(scope="module")
def contents():
    """Everything with two seconds for each cell."""
    lessons = [read_lesson(ROOT, path.stem) for path in (ROOT / "notebooks").glob("*.ipynb")]
    times = {one.name: {cell.id: 2.0 for cell in one.cells} for one in lessons}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "load_seconds", lambda root: times)
        return plans.contents(ROOT)


def test_all_files_are_there(contents):
    assert {kind: set(texts) for kind, texts in contents.items()} == {
        "html": {*NAMES, *HANDOUTS},
        "md": set(NAMES),
    }


def test_texts_have_anchors_seconds_and_numbers(contents):
    for kind in ("html", "md"):
        text = contents[kind]["plan-90"].replace("\N{NO-BREAK SPACE}", " ")
        for words in ("In [5]", "7e760f1c", "Train a small one", "77.6%", "If it gets late"):
            assert words in text, (kind, words)
        assert "{" not in text.partition("</style>")[2 if kind == "html" else 0]


def test_a_handout_has_the_tasks_and_no_answer(contents):
    page = contents["html"]["handout-90"]
    plan = plans.load_plan(ROOT, "90")
    assert page.count("<section") == sum(row.work in ("hands-on", "paper") for row in plan.rows)
    numbers = read_lesson(ROOT, "07").cell("06-003").text.strip()
    assert numbers in page and "Person 0 has codes 0 and 2" in page
    assert not any(row.texts["answer"] in page for row in plan.rows if "answer" in row.texts)


def test_what_is_collected_has_a_sheet_and_a_name(contents):
    for name in plans.PLANS:
        page = contents["html"][f"handout-{name}"]
        notes, ticket = page.split('<section class="collected">')
        assert ".collected { break-before: page; }" in notes
        assert notes.count('class="name"') == ticket.count('class="name"') == 1
        assert "billion people" in ticket and "billion people" not in notes


def test_paper(contents, tmp_path):
    """12 points or more everywhere, no row on two pages, the crib on one page."""
    for name in ("plan-90", "crib"):
        (tmp_path / f"{name}.html").write_text(contents["html"][name], encoding="utf-8")
    printed = print_pages([tmp_path / "crib.html"], "for the lectern")
    assert len(re.findall(rb"/Type\s*/Page\b", printed[0].read_bytes())) == 1
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 695, "height": 1000})  # 184 mm
        page.goto((tmp_path / "plan-90.html").as_uri())
        page.emulate_media(media="print")
        sizes, heights = (page.evaluate(script) for script in (SIZES, HEIGHTS))
        assert min(sizes) >= 16  # pixels; they are 12 points
        assert max(heights) < 267 / 25.4 * 96  # a page's height without its margins
