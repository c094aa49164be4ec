"""The bank as Moodle XML: a category for each lesson, a reason for each answer."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from sparcode_mini.course.quiz.bank import Chapter
from sparcode_mini.course.quiz.items import CHOICE, Choice, Item, decimal
from sparcode_mini.course.quiz.markup import to_html

TOP = "SparCode Mini"
PENALTY = "0.3333333"  # of Moodle, where a question may be tried again


def category(chapter: Chapter) -> str:
    """Return the path of a chapter's category; a slash would begin another one."""
    return f"$course$/top/{TOP}/{chapter.title.replace('/', '-')}"


def moodle_xml(chapters: Sequence[Chapter]) -> bytes:
    """Return the file."""
    quiz = ET.Element("quiz")
    for chapter in chapters:
        question = ET.SubElement(quiz, "question", type="category")
        _text(question, "category", category(chapter))
        for item in chapter.items:
            _question(quiz, item)
    ET.indent(quiz)
    return bytes(ET.tostring(quiz, encoding="utf-8", xml_declaration=True))


def _question(quiz: ET.Element, item: Item) -> None:
    kind = "multichoice" if item.kind == CHOICE else "numerical"
    question = ET.SubElement(quiz, "question", type=kind)
    _text(question, "name", item.id)
    _html(question, "questiontext", item.stem)
    ET.SubElement(ET.SubElement(question, "generalfeedback", format="html"), "text")
    settings = {"defaultgrade": "1", "penalty": PENALTY, "hidden": "0", "idnumber": item.id}
    if item.kind == CHOICE:
        settings |= {"single": "true", "shuffleanswers": "true", "answernumbering": "ABCD"}
    for name, value in settings.items():
        ET.SubElement(question, name).text = value
    # Moodle takes the first number that fits, so the key comes first.
    choices = item.choices() if item.kind == CHOICE else (item.key, *item.wrong)
    for choice in choices:
        _answer(question, item, choice)
    tags = ET.SubElement(question, "tags")
    for tag in (item.difficulty, *sorted(item.uses)):
        _text(tags, "tag", tag)


def _answer(question: ET.Element, item: Item, choice: Choice) -> None:
    fraction = "100" if choice.right else "0"
    if item.kind == CHOICE:
        answer = ET.SubElement(question, "answer", fraction=fraction, format="html")
        ET.SubElement(answer, "text").text = to_html(choice.text)
    else:
        answer = ET.SubElement(question, "answer", fraction=fraction, format="moodle_auto_format")
        ET.SubElement(answer, "text").text = f"{decimal(choice.text):.12g}"
        ET.SubElement(answer, "tolerance").text = f"{item.tolerance:.12g}"
    _html(answer, "feedback", choice.why)


def _html(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, name, format="html"), "text").text = to_html(text)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, name), "text").text = text
