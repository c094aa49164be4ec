"""A handout of a lesson, A4: its questions with boxes for guess and answer, its symbols, notes."""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from sparcode_mini.course.slides import page, words
from sparcode_mini.course.slides.deck import Slide
from sparcode_mini.course.slides.notebook import Lesson

SYMBOLS = "## Symbols"  # heading of a table in the glossary
NUMBER = re.compile(r"^\d+ · ")  # of a section
FORMULA = re.compile(r"\$([^$]+)\$")


def html_page(name: str, lesson: Lesson, deck: Sequence[Slide], glossary: Path) -> str:
    """Return the handout of a lesson.

    Args:
        name: its title as plain text.
        lesson: the lesson.
        deck: its slides, which have the questions.
        glossary: the file with the table of symbols.

    Raises:
        ValueError: the glossary has no such table.
    """
    questions = [slide for slide in deck if slide.kind == "question"]
    used = " ".join(block.text for part in lesson.parts for block in part.blocks)
    rows = [row for row in symbols(glossary) if occurs(row[0], used)]
    return Template(page.template("handout.html")).substitute(
        title=words.escape(name),
        math=page.math_style(),
        questions="\n".join(_question(number, slide) for number, slide in enumerate(questions, 1)),
        symbols="\n".join(
            f"<div><dt>{words.to_inline(symbol)}</dt><dd>{words.to_inline(meaning)}</dd></div>"
            for symbol, meaning in rows
        ),
    )


def symbols(glossary: Path) -> list[tuple[str, str]]:
    """Return symbol and meaning of each row of the glossary's table, as Markdown.

    Raises:
        ValueError: there is no such table.
    """
    _, heading, rest = glossary.read_text("utf-8").partition(SYMBOLS)
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    if not heading or len(lines) < 3:
        raise ValueError(
            f"{glossary} has no table below '{SYMBOLS}'; a handout takes it from there"
        )
    head = [cell.strip() for cell in lines[0].strip("|").split("|")]
    meaning = head.index("meaning")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [(row[0], row[meaning]) for row in cells]


def occurs(symbol: str, text: str) -> bool:
    """Tell whether a symbol occurs in the formulas of a text, alone or with another index.

    >>> occurs("$D$", "width $D_T$"), occurs("$C^{(m)}$", "$C_j$"), occurs("$u$, $v_c$", "$v_c$")
    (False, True, True)
    """
    tex = " ".join(formula.replace(" ", "") for formula in FORMULA.findall(text))
    return any(_pattern(name).search(tex) for name in FORMULA.findall(symbol))


def _pattern(name: str) -> re.Pattern[str]:
    name = name.replace(" ", "")
    base, mark, index = name.partition("^")
    before = "" if name.startswith("\\") else r"(?<![A-Za-z\\_^{])"
    if index in ("u", "{(m)}"):  # of a query or a codebook; formulas count them by i or j, too
        return re.compile(rf"{before}{re.escape(base)}(?:_|\^(?!c|v)|(?![A-Za-z^]))")
    after = "" if mark or "_" in name or "[" in name else r"(?![A-Za-z_^])"
    return re.compile(before + re.escape(name.replace(r"[\cdot]", "")) + after)


def _question(number: int, slide: Slide) -> str:
    choices = "".join(
        f"<li><b>{letter}</b> {words.escape(choice)}</li>"
        for letter, choice in zip(page.LETTERS, slide.choices, strict=False)
    )
    title = words.to_inline(NUMBER.sub("", slide.title))
    given = "".join(page.shown(block) for block in slide.given)
    return (
        f"<section><div><h3>{number}. {title}</h3>{given}"
        f"<p>{words.to_inline(slide.text)}</p><ol>{choices}</ol></div>"
        '<div class="box">my guess</div><div class="box">the answer, and why</div></section>'
    )
