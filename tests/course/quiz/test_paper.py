"""Paper: two orders of the same questions, a key that fits both, and PDF files."""

import html
import re

import pytest

from accessibility import serious_faults
from browser import chromium
from quiz_toys import PLAIN, STRANGE
from sparcode_mini.course import quiz
from sparcode_mini.course.pdf import print_pages
from sparcode_mini.course.quiz import bank, build, paper
from sparcode_mini.course.quiz.items import CHOICE, LETTERS, Choice, Item
from sparcode_mini.course.quiz.markup import to_html
from sparcode_mini.site.maths import STYLE, to_mathml
from sparcode_mini.tools.folders import MARK


@pytest.fixture(scope="module")
def sheets(chapters):
    return bank.sheets(chapters)


def seen(page):
    """The words of a page or a part of it."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def questions(page):
    """The stem and the answers by letter of each question, as HTML."""
    for text in re.findall(r"^<li>(.*)</li>$", page, re.M):
        stem = re.split('<ul class="choices">|<p class="line">', text)[0]
        yield stem, dict(re.findall(r"<li><b>([A-D])\.</b> (.*?)</li>", text))


def keys(page):
    """The table of the key sheet: of each version its answers."""
    rows = re.findall(r"<tr><th>(\d+)</th><td>(.*?)</td><td>(.*?)</td></tr>", page)
    assert [int(number) for number, *_ in rows] == list(range(1, len(rows) + 1))
    _, *columns = zip(*rows, strict=True)
    return dict(zip(paper.VERSIONS, columns, strict=True))


def test_the_key_fits_both_versions(sheets):
    for sheet in sheets:
        table = keys(paper.key_page(sheet))
        stems = {to_html(item.stem, to_mathml): item for item in sheet.items}
        for version in paper.VERSIONS:
            page = list(questions(paper.test_page(sheet, version)))
            assert {stem for stem, _ in page} == set(stems)
            for (stem, answers), answer in zip(page, table[version], strict=True):
                item = stems[stem]
                if item.kind == CHOICE:
                    assert list(answers) == list(LETTERS)
                    assert answers[answer] == to_html(item.key.text, to_mathml)
                else:
                    assert answers == {} and answer == item.key.text


def test_versions_have_other_orders(sheets):
    for sheet in sheets:
        one, other = (paper.ordered(sheet, version) for version in paper.VERSIONS)
        assert one != other or len(sheet.items) == 1
    letters = [
        [item.letter(version) for item in sheet.items if item.kind == CHOICE]
        for sheet in sheets
        for version in paper.VERSIONS
    ]
    assert letters[::2] != letters[1::2]


def test_the_key_sheet_has_every_reason(sheets):
    for sheet in sheets:
        page = paper.key_page(sheet)
        for item in sheet.items:
            assert item.id in page
            assert all(to_html(c.why, to_mathml) in page for c in (item.key, *item.wrong))


def test_no_reason_is_on_the_page_that_is_handed_out(sheets):
    for sheet in sheets:
        page = paper.test_page(sheet, "A")
        for item in sheet.items:
            assert to_html(item.key.why, to_mathml) not in page


def test_strange_signs_and_faulty_formulas():
    answers = tuple(Choice(f"{STRANGE} {n}", f"w {n}") for n in range(4))
    odd = Item("99-odd", CHOICE, STRANGE, answers[0], answers[1:], "easy", 1)
    sheet = bank.Sheet("odd", f"Odd {PLAIN}", (odd,))
    for page in (paper.test_page(sheet, "A"), paper.key_page(sheet)):
        assert PLAIN in seen(page) and f"{PLAIN} 3" in seen(page)
    wrong = Item("99-odd", CHOICE, r"$\nothing$", answers[0], answers[1:], "easy", 1)
    with pytest.raises(ValueError, match=r"item '99-odd': unknown in formulas: .nothing"):
        paper.test_page(bank.Sheet("odd", "Odd", (wrong,)), "A")


def test_everything_is_written(project, tmp_path, monkeypatch):
    printed = []
    monkeypatch.setattr(build, "print_pages", printed.extend)
    out = tmp_path / "out"
    stale = out / "polls" / "exit-03.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("of the teacher", "utf-8")
    with pytest.raises(ValueError, match="did not make"):
        quiz.write(out, project)
    assert stale.read_text("utf-8") == "of the teacher"
    (stale.parent / MARK).touch()
    quiz.write(out, project)
    tests = ("practice-00", "exit-00", "final")
    pages = {f"paper/{name}-{end}.html" for name in tests for end in ("A", "B", "key")}
    assert {path.relative_to(out).as_posix() for path in printed} == pages
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    polls = {f"polls/{name}.csv" for name in tests}
    others = {"README.md", "moodle.xml", "gift.txt", "qti.zip", f"paper/{STYLE}"}
    assert files == pages | polls | others | {f"polls/{MARK}", f"paper/{MARK}"}


def test_pages_are_printed(sheets, tmp_path):
    sheet = next(one for one in sheets if one.name == "pretest")
    pages = paper.write_paper(tmp_path, [sheet])
    print_pages(pages[:1])
    assert sorted(path.name for path in tmp_path.glob("*.pdf*")) == ["pretest-A.pdf"]
    data = (tmp_path / "pretest-A.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    (width, height), *others = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert (round(float(width)), round(float(height))) == (595, 842)  # A4 in points
    assert others  # twelve questions take more than one page
    with chromium() as browser:
        for page in (pages[0], pages[2]):
            tab = browser.new_page(viewport={"width": 700, "height": 900})
            tab.goto(page.as_uri())
            assert tab.evaluate("document.fonts.check('1em Formulas')")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 700
            assert serious_faults(tab) == []
            tab.close()
