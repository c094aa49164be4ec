"""A file of the bank is read, or refused with its name, the item and the key."""

import re

import pytest

from quiz_toys import ITEM, NUMBER, write
from sparcode_mini.course.quiz import bank

FAULTS = [  # in the first item: what is replaced, by what, words of the message
    ('difficulty = "easy"', 'difficulty = "simple"', "'00-lists': difficulty = 'simple'"),
    ('difficulty = "easy"', "", "'00-lists': the key 'difficulty' is missing"),
    ("minutes = 1", "minutes = true", "'00-lists': minutes = True; give a whole number or a num"),
    ("minutes = 1", "minutes = nan", "'00-lists': minutes = nan; give up to 15"),
    ("minutes = 1", "minutes = 1\nhint = 'x'", "'00-lists': unknown key 'hint'"),
    ("minutes = 1", "minutes = 1\ntolerance = 1", "'00-lists': a choice has no tolerance"),
    ('kind = "choice"', 'kind = "essay"', "'00-lists': kind = 'essay'; there are choice, num"),
    ('id = "00-lists"', 'id = "01-lists"', "'01-lists': the id begins with '00-'"),
    ('id = "00-lists"', 'id = "00-Lists"', "'00-Lists': the id begins with '00-'"),
    ('id = "00-lists"', "", "item 1: the key 'id' is missing"),
    ("objective = 1", "objective = 3", "'00-lists': objective = 3; 00_start.ipynb lists 2"),
    ("objective = 1", "objective = 0", "'00-lists': objective = 0"),
    ('cell = "00-001"\nkind', 'cell = "00-009"\nkind', "'00-lists': 00_start has no cell '00-009'"),
    ('"One for each film."', '"one  for each PERSON."', "'00-lists': two of its answers are alike"),
    ('"One for each film."', '"One for each code: {lists}."', "two of its answers are alike"),
    ('"One for each film."', '" "', "'00-lists', distractor: text is empty"),
    ('"Many people share a list."', "3", "'00-lists', distractor: why = 3; give text"),
    ('uses = ["exit"]', 'uses = ["exam"]', "'00-lists': uses 'exam'; there are exit and final"),
    ('"How many lists has it?"', '"A \\u0007"', "'00-lists': stem has the control character"),
    ('"How many lists has it?"', '"A $x"', "'00-lists': a .*without its partner in 'A .x'"),
    ('"How many lists has it?"', '"A `x"', "'00-lists': a ` without its partner"),
    ('"How many lists has it?"', '"How {many}?"', "'00-lists': {many} has no number"),
    ("{lists}", "64", "'00-lists': no text uses the number 'lists'"),
    ("(\\d+)", "\\d+", "'00-lists': number 'lists': find 'lists: .* has 0 groups"),
    ("lists: (\\d+)", "(", "number 'lists': find .* is no regular expression"),
    ("lists: (\\d+)", "rows: (\\d+)", "number 'lists': .* finds nothing in cell 00-001"),
    ("lists: (\\d+)", "(\\d)", "number 'lists': .* finds 4, 6 in cell 00-001"),
    ('cell = "00-001"\nfind', 'cell = "00-009"\nfind', "number 'lists': 00_start has no cell"),
    ("find = ", "fin = ", "'00-lists', number 'lists': unknown key 'fin'"),
    ("[item.numbers.lists]", "[item.number.lists]", "'00-lists': unknown key 'number'"),
]
NUMBER_FAULTS = [
    ("text = 1.5", 'text = "1.2"', "'00-many': two of its answers are alike"),
    ("text = 1.5", "text = 1.25", "'00-many': the distractor 1.25 lies within 0.05 of the answer"),
    ("text = 1.5", 'text = "many"', "'00-many': 'many' is no number"),
    ("text = 1.5", "text = inf", "'00-many': 'inf' is no number"),
    ("tolerance = 0.05", "tolerance = -1", "'00-many': tolerance = -1; give 0 or more"),
    ('answer = "{mean}"', "answer = 1.2", "'00-many': no text uses the number 'mean'"),
    ('result = "table"', 'result = "../x"', "number 'mean': no stored result '../x'; there are ta"),
    ('["rows", 1, "mean"]', '["rows", 2, "mean"]', "no 2 of .0, 1"),
    ('["rows", 1, "mean"]', '["rows", 1]', "leads to no number"),
    ('["rows", 1, "mean"]', '["name"]', "leads to no number"),
    ('["rows", 1, "mean"]', '["name", 0]', "no 0 of"),
    ('["rows", 1, "mean"]', '[["rows"]]', "number 'mean': .*no .'rows'. of"),
    ('format = ".1f"', 'format = "999999999f"', "number 'mean': format '999999999f'"),
    ('format = ".1f"', 'format = ",d"', "number 'mean': 0.0123 can't be written as ',d'"),
]


def refused_now(project):
    with pytest.raises(ValueError) as error:
        bank.load(project)
    return str(error.value)


def refused(project, items):
    write(project, items)
    return refused_now(project)


def test_the_toy_is_read(project):
    (chapter,) = bank.load(project)
    lists, many = chapter.items
    assert (chapter.number, chapter.title) == ("00", "Title of 0/1")
    assert (lists.key.text, lists.key.why) == ("One for each code: 64.", "There are 64 codes.")
    assert (many.key.text, many.tolerance, many.uses) == ("1.2", 0.05, {"final"})
    assert bank.numbers([chapter]) == {"00-lists": {"lists": "64"}, "00-many": {"mean": "1.2"}}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[2][:50])
def test_faults_are_named(project, fault):
    old, new, words = fault
    assert old in ITEM
    message = refused(project, ITEM.replace(old, new) + NUMBER)
    assert message.startswith("00.toml, item")
    assert re.search(words, message), message


@pytest.mark.parametrize("fault", NUMBER_FAULTS, ids=lambda fault: fault[2][:50])
def test_faults_of_numbers_are_named(project, fault):
    old, new, words = fault
    assert old in NUMBER
    message = refused(project, ITEM + NUMBER.replace(old, new))
    assert message.startswith("00.toml, item '00-many'")
    assert re.search(words, message), message


def test_the_number_of_distractors_is_fixed(project):
    fewer = ITEM.replace('[[item.distractor]]\ntext = "One for each token."\n', "").replace(
        'why = "A token reads a list."\n', ""
    )
    assert "'00-lists': 2 distractors; a choice has 3" in refused(project, fewer)
    more = NUMBER.replace(
        "[item.numbers", '[[item.distractor]]\ntext = 7\nwhy = "x"\n' * 3 + "[item.numbers"
    )
    assert "'00-many': 4 distractors; a number has 1 to 3" in refused(project, more)


def test_ids_differ(project):
    assert refused(project, ITEM + ITEM) == "two items have the id '00-lists'"


def test_files_are_refused_as_a_whole(project):
    folder = project / "assets" / bank.FOLDER
    assert "00.toml can't be read as TOML" in refused(project, "[[item]")
    assert "00.toml: unknown key 'items'" in refused(project, "items = []\n" + ITEM)
    assert "00.toml: the key 'item' is missing" in refused(project, "")
    write(project, ITEM + NUMBER)
    (folder / "00.toml").rename(folder / "01.toml")
    assert "write the stem of a notebook that begins with 01" in refused_now(project)


def test_a_missing_notebook_and_a_missing_bank_are_named(project):
    (project / "notebooks" / "00_start.ipynb").unlink()
    assert "named '00_start', one is needed" in refused_now(project)
    with pytest.raises(ValueError, match="has no quiz; name the project's folder"):
        bank.load(project / "notebooks")


def test_the_pretest_has_no_lesson(project):
    path = project / "assets" / bank.FOLDER / "pretest.toml"
    head = 'lesson = "pretest"\n'
    item = NUMBER.partition("[item.numbers")[0].replace("{mean}", "1.2")
    item = item.replace("00-many", "pretest-many").replace('cell = "00-001"\n', "")
    path.write_text(head + item.replace("objective = 2\n", ""), "utf-8")
    assert [chapter.number for chapter in bank.load(project)] == ["00", "pretest"]
    path.write_text(head + item, "utf-8")
    assert "'pretest-many': unknown key 'objective'" in refused_now(project)
