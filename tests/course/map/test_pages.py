"""The files: tables that add up, all symbols, a page for the notation, words for the picture."""

import re
import shutil
import tomllib
from html.parser import HTMLParser

import pytest

from sparcode_mini.course.map.build import PAGES, contents
from sparcode_mini.course.map.credit import read_credit
from sparcode_mini.course.map.notation import read_symbols
from sparcode_mini.course.parts import ROOT
from sparcode_mini.course.pdf import BROWSERS, print_pages
from sparcode_mini.course.templates import markdown_table
from sparcode_mini.site.maths import write_style


@pytest.fixture(scope="module")
def files():
    return {name: content.decode("utf-8") for name, content in contents(ROOT).items()}


class Cells(HTMLParser):
    """Counts the cells of each row of the tables, and collects their texts."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_no_cell_of_the_map_is_empty(files):
    rows = Cells(files["map.html"]).rows
    assert len(rows) > 150
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []


def test_the_table_of_objectives_is_the_same_in_markdown(files, rows):
    """Each line has an objective, what trains it, its items and its question."""
    part = files["map.md"].partition("## From objective to exam")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    cells = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines]
    assert cells[0] == ["objective", "trained by", "quiz", "exam"]
    assert len(cells) - 2 == len(rows) > 50
    for line, row in zip(cells[2:], rows, strict=True):
        assert len(line) == 4 and all(map(str.strip, line)), line
        text, trained, quiz, question = line
        assert text.replace("\\|", "|") == f"{row.lesson} ({row.number}) {row.objective}"
        names = (*row.training.exercises, *row.training.predictions)
        assert all(name in trained for name in names), line
        assert all(task.words in trained for task in row.training.tasks), line
        assert quiz == ", ".join(row.items)
        assert question == f"{row.question.name} ({row.question.points} points)"


def test_no_cell_of_the_other_tables_in_markdown_is_empty(files):
    lines = [line for line in files["map.md"].splitlines() if line.startswith("|")]
    assert len(lines) > 150
    assert [line for line in lines if re.search(r"\|\s*\|", line)] == []


def test_a_bar_inside_a_cell_is_no_border():
    assert markdown_table(["a", "b"], [["x|y", "1"]])[2] == "| x\\|y | 1 |"


def test_points_of_the_exam_add_up(files, exam):
    points, minutes = sum(one.points for one in exam), sum(one.minutes for one in exam)
    stated = [int(n) for n in re.findall(r"questions, (\d+) points, about", files["exam.html"])]
    assert sum(stated) == points == files["exam-key.html"].count("<b>☐ 1</b>")
    assert f"{len(exam)} questions, {points} points, {minutes:g} minutes" in files["exam-key.html"]


def test_the_exam_does_not_show_its_key(files, exam):
    for one in exam:
        assert not set(one.marks) & set(re.findall(r"[^<>]+", files["exam.html"])), one.name


def test_every_sheet_has_the_version_and_how_to_cite(files):
    credit = read_credit(ROOT)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert credit.version == project["version"]
    assert "SparCode Mini contributors" in credit.line and "CC BY 4.0" in credit.line
    for name in (*(f"{page}.html" for page in PAGES), "map.md"):
        assert credit.line in files[name], name


def test_a_citation_of_another_version_is_refused(tmp_path):
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    mended = re.sub(r"^version: .*$", "version: 9.9.9", text, flags=re.M)
    (tmp_path / "CITATION.cff").write_text(mended, "utf-8")
    with pytest.raises(ValueError, match=r"9\.9\.9"):
        read_credit(tmp_path)


def test_the_notation_has_all_symbols_of_the_glossary(files):
    glossary = (ROOT / "notebooks" / "glossary.md").read_text("utf-8")
    table = glossary.partition("## Symbols")[2].partition("## Terms")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    symbols = read_symbols(ROOT)
    assert len(symbols) == len(lines) > 30
    rows = Cells(files["notation.html"]).rows[1:]
    assert len(rows) == len(symbols)
    for row, symbol in zip(rows, symbols, strict=True):
        assert row[1] == symbol.code.replace("`", "")
        assert all(part in row[4] for part in re.split(r"\$[^$]*\$", symbol.chinese))


def test_a_glossary_without_symbols_is_refused(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "glossary.md").write_text("# Glossary\n\n## Terms\n", "utf-8")
    with pytest.raises(ValueError, match="no table of symbols"):
        read_symbols(tmp_path)


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="there is no Chromium")
def test_the_notation_is_one_page(files, tmp_path):
    page = tmp_path / "notation.html"
    page.write_text(files["notation.html"], "utf-8")
    write_style(tmp_path)
    (path,) = print_pages([page], read_credit(ROOT).line)
    assert len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) == 1
