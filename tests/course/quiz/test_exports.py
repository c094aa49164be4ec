"""What is exported reads back as the same questions with the same key, strange signs and all."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import pytest

import gift_reader
from quiz_toys import PLAIN, STRANGE
from sparcode_mini.course.quiz import bank, qti
from sparcode_mini.course.quiz.gift import gift
from sparcode_mini.course.quiz.items import CHOICE, LETTERS, Choice, Item, decimal
from sparcode_mini.course.quiz.markup import to_html, to_plain
from sparcode_mini.course.quiz.moodle import moodle_xml
from sparcode_mini.course.quiz.poll import HEAD, poll_csv
from sparcode_mini.course.quiz.qti import qti_zip

SPACE = {"q": f"{{{qti.QTI}}}", "p": f"{{{qti.PACKAGE}}}"}


@pytest.fixture(scope="module")
def everything(chapters):
    """The real bank, and a chapter of strange signs."""
    answers = [Choice(f"{STRANGE} {n}", f"why {n} {STRANGE}", n == 0) for n in range(4)]
    odd = Item("99-odd", CHOICE, STRANGE, answers[0], tuple(answers[1:]), "easy", 1)
    code = replace(odd, id="99-code", stem="See:`\nif x == 1:\n    y = {}\n`")
    return [*chapters, bank.Chapter("99", "Odd: signs = {1}", (odd, code))]


@pytest.fixture(scope="module")
def items(everything):
    return {item.id: item for chapter in everything for item in chapter.items}


def heard(page):
    """What a reader sees of HTML."""
    return "".join(ET.fromstring(f"<p>{page}</p>").itertext())


def expected_answers(item):
    """Credit, text and feedback of all answers, as HTML, in any order."""
    everything = (item.key, *item.wrong)
    return {(100.0 * c.right, to_html(c.text), to_html(c.why)) for c in everything}


def expected_numbers(item):
    everything = (item.key, *item.wrong)
    return [(100.0 * c.right, decimal(c.text), to_html(c.why)) for c in everything]


def test_moodle(everything, items):
    root = ET.fromstring(moodle_xml(everything))
    paths = [element.text for element in root.findall("question/category/text")]
    assert len(paths) == len(everything) and len(set(paths)) == len(paths)
    assert all(path.startswith("$course$/top/SparCode Mini/") for path in paths)
    assert all(path.count("/") == 3 for path in paths)
    questions = [q for q in root if q.get("type") != "category"]
    assert [q.findtext("name/text") for q in questions] == list(items)
    for question, item in zip(questions, items.values(), strict=True):
        assert question.findtext("questiontext/text") == to_html(item.stem)
        assert question.findtext("idnumber") == item.id
        rows = [
            (float(a.get("fraction")), a.findtext("text"), a.findtext("feedback/text"))
            for a in question.findall("answer")
        ]
        if item.kind == CHOICE:
            assert question.get("type") == "multichoice" and set(rows) == expected_answers(item)
        else:
            numbers = [(credit, float(text), why) for credit, text, why in rows]
            assert question.get("type") == "numerical" and numbers == expected_numbers(item)
            widths = {float(a.findtext("tolerance")) for a in question.findall("answer")}
            assert widths == {item.tolerance}
        tags = {tag.text for tag in question.findall("tags/tag/text")}
        assert tags == {item.difficulty, *item.uses}


def test_gift(everything, items):
    text = gift(everything)
    questions = gift_reader.read(text)
    assert [q.name for q in questions] == list(items)
    assert len({q.category for q in questions}) == len(everything)
    for question, item in zip(questions, items.values(), strict=True):
        assert question.stem.replace("<br>", "\n") == to_html(item.stem).replace("<br>", "\n")
        assert question.numerical == (item.kind != CHOICE)
        if question.numerical:
            rows = [(c, text.split(":"), why) for c, text, why in question.answers]
            assert [(c, float(v), why) for c, (v, _), why in rows] == expected_numbers(item)
            assert {float(width) for _, (_, width), _ in rows} == {item.tolerance}
        else:
            assert set(question.answers) == expected_answers(item)


def entries(sheets):
    """The items of the package, read as a platform does: from the manifest to the files."""
    with zipfile.ZipFile(io.BytesIO(qti_zip(sheets))) as archive:
        manifest = ET.fromstring(archive.read("imsmanifest.xml"))
        files = [e.get("href") for e in manifest.findall(".//p:resource/p:file", spaces())]
        assert sorted([*files, "imsmanifest.xml"]) == sorted(archive.namelist())
        for sheet, name in zip(sheets, files, strict=True):
            root = ET.fromstring(archive.read(name))
            assert root.find("q:assessment", spaces()).get("title") == sheet.title
            yield from zip(root.findall(".//q:item", spaces()), sheet.items, strict=True)


def spaces():
    return {name: uri.strip("{}") for name, uri in SPACE.items()}


def score(element, answer):
    """The score of an answer, and the reasons shown, by the rules in the file."""
    total, shown = 0.0, []
    for rule in element.findall(".//q:respcondition", spaces()):
        if not holds(rule.find("q:conditionvar", spaces()), answer):
            continue
        total = float(rule.findtext("q:setvar", total, spaces()))
        link = rule.find("q:displayfeedback", spaces())
        if link is not None:
            path = f".//q:itemfeedback[@ident='{link.get('linkrefid')}']//q:mattext"
            shown.append(element.findtext(path, None, spaces()))
        if rule.get("continue") == "No":
            break
    return total, shown


def holds(condition, answer):
    kind = condition.tag.removeprefix(SPACE["q"])
    if kind in ("conditionvar", "and"):
        return all(holds(child, answer) for child in condition)
    if kind == "or":
        return any(holds(child, answer) for child in condition)
    if isinstance(answer, str):
        return condition.text == answer
    value = float(condition.text)
    return {"varequal": answer == value, "vargte": answer >= value, "varlte": answer <= value}[kind]


def test_qti(everything):
    sheets = [*bank.sheets(everything), bank.Sheet("odd", "Odd", everything[-1].items)]
    idents = set()
    for element, item in entries(sheets):
        idents.add(element.get("ident"))
        assert element.findtext("q:presentation/q:material/q:mattext", None, spaces()) == (
            to_html(item.stem)
        )
        labels = element.findall(".//q:response_label", spaces())
        choices = item.choices()
        if item.kind == CHOICE:
            texts = [label.findtext(".//q:mattext", None, spaces()) for label in labels]
            assert texts == [to_html(choice.text) for choice in choices]
            answers = [label.get("ident") for label in labels]
        else:
            answers = [decimal(choice.text) for choice in choices]
            assert score(element, decimal(item.key.text) + item.tolerance / 2)[0] == 100
        for answer, choice in zip(answers, choices, strict=True):
            assert score(element, answer) == (100 * choice.right, [to_html(choice.why)])
    assert len(idents) == sum(len(sheet.items) for sheet in sheets)


def test_polls(everything):
    for sheet in [*bank.sheets(everything), bank.Sheet("odd", "Odd", everything[-1].items)]:
        head, *rows = csv.reader(io.StringIO(poll_csv(sheet), newline=""))
        assert head == list(HEAD)
        for (name, stem, *answers, right, seconds, reason), item in zip(
            rows, sheet.items, strict=True
        ):
            assert (name, stem, reason) == (item.id, to_plain(item.stem), to_plain(item.key.why))
            assert answers[LETTERS.index(right)] == to_plain(item.key.text)
            assert [text for text in answers if text] == [to_plain(c.text) for c in item.choices()]
            assert float(seconds) == round(60 * item.minutes)


def test_strange_signs_are_seen_in_every_format(everything):
    odd = everything[-1]
    moodle = ET.fromstring(moodle_xml([odd])).findtext(".//questiontext/text")
    (question, _) = gift_reader.read(gift([odd]))
    sheet = bank.Sheet("odd", "Odd", odd.items)
    (element, _), *_ = entries([sheet])
    canvas = element.findtext("q:presentation//q:mattext", None, spaces())
    assert {heard(moodle), heard(question.stem), heard(canvas)} == {PLAIN}
    assert list(csv.reader(io.StringIO(poll_csv(sheet), newline="")))[1][1] == PLAIN


def test_equal_content_is_an_equal_file(everything):
    sheets = bank.sheets(everything)
    assert qti_zip(sheets) == qti_zip(sheets)
