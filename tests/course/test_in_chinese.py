"""The kit in Chinese: as complete as the English one, and nothing of it in English."""

import re
from pathlib import Path

import pytest

from sparcode_mini.course import editions, plans
from sparcode_mini.course.lessons import LESSONS, read_lesson
from sparcode_mini.course.plans import languages
from sparcode_mini.course.plans.rows import PLANS, load_plan
from sparcode_mini.course.quiz import bank, paper
from sparcode_mini.course.slides import taught, write_html
from sparcode_mini.course.slides.pictures import Pictures
from sparcode_mini.lessons.text import labels
from sparcode_mini.tools.language import speaking, untranslated

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def chinese():
    with speaking("zh"):
        yield


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_the_same_parts(number) -> None:
    english, lesson = read_lesson(ROOT, number), read_lesson(ROOT, number, "zh")
    assert lesson.minutes == english.minutes and lesson.needs
    assert len(lesson.objectives) == len(english.objectives)
    assert [
        (one.name, one.minutes, one.cell, one.further) for one in lesson.exercises.values()
    ] == [(one.name, one.minutes, one.cell, one.further) for one in english.exercises.values()]
    assert {one.level for one in lesson.exercises.values()} <= set("易中难")


def test_decks_have_the_same_questions_and_pictures(chinese) -> None:
    lessons = taught(ROOT, Pictures(ROOT))
    with speaking("en"):
        english = taught(ROOT, Pictures(ROOT))
    assert lessons.keys() == english.keys()
    for number, (_, deck) in lessons.items():
        for kind in ("question", "picture"):
            cells = [
                [slide.blocks[-1].cell.id for slide in one if slide.kind == kind]
                for one in (deck, english[number][1])
            ]
            assert cells[0] == cells[1] and (cells[0] or number == "capstone"), (number, kind)


def test_all_words_of_the_kit_are_translated(chinese, tmp_path) -> None:
    with untranslated() as lost:
        write_html(tmp_path, ROOT, Pictures(ROOT))
        contents = plans.contents(ROOT)
        paper.write_paper(tmp_path, bank.sheets(bank.load(ROOT, "zh")))
        editions.write_edition(editions.student, tmp_path / "student", ROOT)
    assert lost == set()
    assert 'lang="zh-Hans"' in contents["html"]["plan-90"]
    assert "所选单元格以上" in (
        tmp_path / "student" / "zh" / "03_vector_quantization.ipynb"
    ).read_text("utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_shows_the_same_cells_and_numbers(name, chinese) -> None:
    plan = load_plan(ROOT, name)
    with speaking("en"):
        english = load_plan(ROOT, name)
    for row, other in zip(plan.rows, english.rows, strict=True):
        assert [cell.id for cell in row.cells] == [cell.id for cell in other.cells]
        assert row.texts.keys() == other.texts.keys() and len(row.wrong) == len(other.wrong)
        assert len(row.task[1]) == len(other.task[1])
        assert (row.section != other.section) or row.lesson is None


def test_a_changed_text_of_a_plan_is_named_and_stays_english(tmp_path) -> None:
    content = {"title": "New", "row": [{"who": "paper", "say": "{a} films"}]}
    path = tmp_path / "x.json"
    path.write_text('{"Old": "旧", "{a} films": "{b} 部"}', "utf-8")
    assert list(languages.faults(content, path)) == [
        "'New' is not translated",
        "'Old' is no English text any more",
        "'{a} films' has other numbers in its translation",
    ]
    assert languages.in_language(content, {"{a} films": "{a} 部"}) == {
        "title": "New",
        "row": [{"who": "paper", "say": "{a} 部"}],
    }


def test_editions_of_both_languages_hide_the_same(tmp_path) -> None:
    editions.write_edition(editions.student, tmp_path, ROOT)
    for number in LESSONS:
        english, chinese = (
            editions.nbformat.read(tmp_path / folder / f"{read_lesson(ROOT, number).name}.ipynb", 4)
            for folder in ("", "zh")
        )
        assert [cell.id for cell in english.cells] == [cell.id for cell in chinese.cells]
        for cell in chinese.cells:
            text = cell.source if cell.cell_type == "markdown" else ""
            shown = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
            assert not any(f"\n{label}" in f"\n{shown}" for label in labels.ANSWER), cell.id
