"""A test on paper: versions A and B with other orders, and a key sheet as a file of its own."""

import html
from collections.abc import Sequence
from pathlib import Path
from string import Template

from sparcode_mini.course.quiz.bank import Sheet
from sparcode_mini.course.quiz.items import CHOICE, LETTERS, Item, shuffled
from sparcode_mini.course.quiz.markup import to_html
from sparcode_mini.site.maths import STYLE, to_mathml, write_style
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import TAGS, labelled, language, translated

VERSIONS = ("A", "B")
LETTERS_SAY = (
    "Below, A 4 · B 7 is question 4 of version A and question 7 of version B; C/D are the letters "
    "of an answer in A and in B."
)
HERE = Path(__file__).parent
TEST, KEY = HERE / "paper.html", HERE / "key.html"


def write_paper(folder: Path, sheets: Sequence[Sheet]) -> list[Path]:
    """Write the pages of all tests, and return them: NAME-A.html, NAME-B.html, NAME-key.html.

    Raises:
        ValueError: a formula can't be drawn; the message names the item.
    """
    pages = []
    for sheet in sheets:
        texts = {version: test_page(sheet, version) for version in VERSIONS}
        for name, text in {**texts, "key": key_page(sheet)}.items():
            pages.append(atomic_write(folder / f"{sheet.name}-{name}.html", text.encode()))
    write_style(folder)
    return pages


def ordered(sheet: Sheet, version: str) -> list[Item]:
    """Return the items in the order of a version; no two versions share it."""
    orders: list[list[Item]] = []
    for name in VERSIONS:
        order = sorted(sheet.items, key=lambda item: shuffled(name, item.id))
        while order in orders and len(orders) < len(order):
            order = order[1:] + order[:1]
        orders.append(order)
    return orders[VERSIONS.index(version)]


def test_page(sheet: Sheet, version: str) -> str:
    """Return the page that is handed out."""
    items = ordered(sheet, version)
    questions = "\n".join(_question(item, version) for item in items)
    minutes = sum(item.minutes for item in items)
    rule = f"{len(items)} questions, about {minutes:.0f} minutes. One answer is right."
    return Template(TEST.read_text("utf-8")).substitute(
        language=TAGS[language()],
        title=html.escape(sheet.title),
        version=translated(f"Version {version}"),
        name=translated("Name"),
        date=translated("Date"),
        rule=translated(rule),
        style=STYLE,
        questions=questions,
    )


def key_page(sheet: Sheet) -> str:
    """Return the page for the teacher: the letters of each version, then all reasons."""
    orders = {version: ordered(sheet, version) for version in VERSIONS}
    rows = []
    for number, row in enumerate(zip(*orders.values(), strict=True), 1):
        pairs = zip(VERSIONS, row, strict=True)
        cells = "".join(f"<td>{_solution(item, version)}</td>" for version, item in pairs)
        rows.append(f"<tr><th>{number}</th>{cells}</tr>")
    reasons = "\n".join(_reasons(item, orders) for item in orders[VERSIONS[0]])
    return Template(KEY.read_text("utf-8")).substitute(
        language=TAGS[language()],
        title=labelled("Key", html.escape(sheet.title)),
        question=translated("Question"),
        versions="".join(f"<th>{translated(f'Version {name}')}</th>" for name in VERSIONS),
        rows="\n".join(rows),
        letters=translated(LETTERS_SAY),
        style=STYLE,
        reasons=reasons,
    )


def _question(item: Item, version: str) -> str:
    answers = '<p class="line">' + labelled("Answer", "<span></span></p>")
    if item.kind == CHOICE:
        pairs = zip(LETTERS, item.choices(version), strict=False)
        listed = (f"<li><b>{letter}.</b> {_html(item, c.text)}</li>" for letter, c in pairs)
        answers = f'<ul class="choices">{"".join(listed)}</ul>'
    return f"<li>{_html(item, item.stem)}{answers}</li>"


def _solution(item: Item, version: str) -> str:
    return item.letter(version) if item.kind == CHOICE else html.escape(item.key.text)


def _reasons(item: Item, orders: dict[str, list[Item]]) -> str:
    """Return one item with all its answers and reasons."""
    places = [f"{version} {items.index(item) + 1}" for version, items in orders.items()]
    facts = [item.id, translated(f"difficulty {item.difficulty}")]
    if item.cell is not None:
        facts += [translated(f"objective {item.objective}"), f"{translated('cell')} {item.cell}"]
    if item.tolerance:
        facts.append(f"± {item.tolerance:g}")
    answers = []
    for choice in (item.key, *item.wrong):
        letters = "/".join(
            LETTERS[item.choices(version).index(choice)]
            for version in orders
            if item.kind == CHOICE
        )
        sign = "✓" if choice.right else "✗"
        text, why = _html(item, choice.text), _html(item, choice.why)
        answers.append(f"<li>{sign} <b>{letters}</b> {text}<br><i>{why}</i></li>")
    return (
        f"<section><h2>{' · '.join(places)}</h2><p>{_html(item, item.stem)}</p>"
        f'<ul class="choices">{"".join(answers)}</ul>'
        f'<p class="facts">{html.escape(" · ".join(facts))}</p></section>'
    )


def _html(item: Item, text: str) -> str:
    try:
        return to_html(text, to_mathml)
    except ValueError as error:
        raise ValueError(f"item {item.id!r}: {error}") from error
