"""What becomes of each cell of a lesson: slides, fragments, notes, and what is left out."""

import doctest
import re

import pytest

import lesson_toy as toy
from sparcode_mini.course.slides import deck, handout, notebook, page, words
from sparcode_mini.course.slides.pictures import Pictures
from sparcode_mini.site.markdown import to_inline


def slides(tmp_path, cells):
    lesson = notebook.read(toy.stored(tmp_path, cells))
    return lesson, deck.slides(lesson, Pictures(tmp_path))


@pytest.mark.parametrize("module", [words, handout])
def test_examples(module) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("By van den Oord et al. 2017. Two (a. B) c.", ["By van den Oord et al. 2017.",
                                                        "Two (a. B) c."]),
        ("**One.** Two $a. B$ c. `x. Y`.", ["**One.**", "Two $a. B$ c.", "`x. Y`."]),
        ("It is 0.5 at $N$. $M$ too!", ["It is 0.5 at $N$.", "$M$ too!"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(paragraph, expected) -> None:
    assert words.sentences(paragraph) == expected


def test_a_second_sentence_only_if_both_are_short() -> None:
    assert words.opening("One. Two. Three.") == "One. Two."
    assert words.opening(f"One. Long {'word ' * 60}.") == "One."


def test_links_lose_their_address_and_formulas_become_mathml() -> None:
    html = to_inline("**[code](glossary.md#code)** $N<2$ <b>")
    assert "glossary" not in html and "<strong>code</strong>" in html
    assert "<math" in html and "$" not in html


def test_the_slides_of_a_lesson(tmp_path) -> None:
    lesson, made = slides(tmp_path, toy.cells())
    assert (lesson.number, lesson.title, lesson.minutes) == ("07", "Toy", 12)
    assert [one.kind for one in made] == ["title", "question", "picture", "exercises", "list"]
    _, question, picture, exercises, summary = made
    assert made[0].items == ["count to $N$", "stop"]
    assert question.text == "How many in all?" and question.choices == ["2", "6"]
    assert [block.text for block in question.given] == ["Two lists are there. Each has three."]
    assert question.items == ["Six: $2 \\cdot 3$. More is not there."]
    # the section goes on after the solution of its exercise
    assert (picture.title, picture.picture.alt) == ("1 · Count", "Four bars.")
    assert exercises.items == ["| 1 | count | easy | 3 min | In [3] |"]
    assert summary.items == ["One.", "Two lines."]


def test_a_picture_that_answers_has_a_slide_of_its_own(tmp_path) -> None:
    _, made = slides(tmp_path, toy.cells(pictured=True))
    question, picture = made[1:3]
    assert question.items == []
    assert (picture.kind, picture.picture.alt) == ("picture", "Six dots. In two rows.")
    assert picture.text == "Six: $2 \\cdot 3$. More is not there."


def test_the_answer_is_a_fragment_and_marked_by_more_than_colour(tmp_path) -> None:
    _, made = slides(tmp_path, toy.cells())
    html = page.section(made[1], "Toy")
    (right,) = re.findall(r'<li class="fragment custom right".*?</li>', html)
    assert "<span>6" in right and page.TICK in right
    assert '<div class="answer fragment" data-fragment-index="0"><p>Six' in html


def test_notes_hold_every_cell_of_the_section_with_its_address(tmp_path) -> None:
    _, made = slides(tmp_path, toy.cells())
    notes = "".join(page.notes(slide) for slide in made)
    for address in ("before In [1] · t-1", "In [2] · c-2", "before In [3] · t-2", "In [5] · c-5"):
        assert f"<b>{address}</b>" in notes
    for sentence in ("And a third sentence.", "A second paragraph.", "Answer: 6", "Next."):
        assert sentence in notes
    assert "Not for a lecture" not in notes and "Not shown" not in notes


def test_a_section_without_picture_or_prediction_gets_its_first_sentence(tmp_path) -> None:
    cells = toy.cells()
    cells.insert(10, toy.text("## 2 · Words\n\nFirst. Second. Third.\n\nMore.", "t-w"))
    _, made = slides(tmp_path, cells)
    (alone,) = [one for one in made if one.section == "2 · Words" and one.kind == "statement"]
    assert alone.text == "First. Second."
    assert [block.text for block in alone.blocks][-1] == "More."


@pytest.mark.parametrize("source", ["S = 1\nguess = Prediction(S)", "print(S)"])
def test_a_tag_adds_a_cell_to_the_question_below(tmp_path, source) -> None:
    cells = toy.cells()
    outputs = [toy.text_output("S is 1")] if "print" in source else []
    head, predict = toy.PREDICT.rsplit("\n\n", 1)
    added = toy.code(source, 1, *outputs, tags=["slide"], id="added")
    cells[1:2] = [toy.text(head, "t-1"), added, toy.text(predict, "t-p")]
    _, made = slides(tmp_path, cells)
    assert [block.cell.id for block in made[1].given] == ["added"]
    assert ("<pre>S is 1</pre>" if outputs else "<pre>S = 1</pre>") in page.section(made[1], "Toy")


def test_a_formula_above_the_question_comes_first(tmp_path) -> None:
    cells = toy.cells()
    cells[1].source = toy.PREDICT.replace("Two lists", "$$y = a + b$$\n\nTwo lists")
    _, made = slides(tmp_path, cells)
    assert [one.kind for one in made[:3]] == ["title", "statement", "question"]
    assert [block.text for block in made[1].given] == ["$$y = a + b$$"]


def test_a_long_summary_takes_several_slides() -> None:
    items = ["word " * 40] * 9
    pieces = list(deck.chunks(items, 1000))
    assert [item for piece in pieces for item in piece] == items and len(pieces) == 3
    assert {len(piece) for piece in pieces} == {3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cells: cells.pop(4), "no paragraph starts with"),
        (lambda cells: cells[2].outputs.clear(), "without its stored choices"),
        (lambda cells: cells.pop(-1), "has no '## Summary'"),
        (lambda cells: cells.pop(0), "does not start with a title"),
        (lambda cells: [c.outputs.clear() for c in cells if "outputs" in c], "has no outputs"),
    ],
)
def test_what_is_missing_is_named(tmp_path, change, message) -> None:
    cells = toy.cells()
    change(cells)
    with pytest.raises(ValueError, match=message):
        slides(tmp_path, cells)


def test_an_answer_that_is_no_choice_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="'7' is no choice"):
        slides(tmp_path, toy.cells(right="7"))


def test_a_number_is_shown_when_there_are_no_choices(tmp_path) -> None:
    _, made = slides(tmp_path, toy.cells(choices="a number"))
    html = page.section(made[1], "Toy")
    assert made[1].choices == [] and "a number" in html and "<b>=</b><span>6" in html
