"""A handout of a lesson, A4: its questions with boxes for guess and answer, its symbols, notes."""

import re
from collections.abc import Sequence
from string import Template

from sparcode_mini.course.map.notation import Symbol
from sparcode_mini.course.slides import page, words
from sparcode_mini.course.slides.deck import Slide
from sparcode_mini.course.slides.notebook import Lesson
from sparcode_mini.site.markdown import to_inline
from sparcode_mini.tools.language import TAGS, language, translated

WORDS = {
    "handout": "handout",
    "name": "Name",
    "date": "Date",
    "predict": "Predict first, then look",
    "symbol": "Symbols",
    "notes": "Notes",
}
NUMBER = re.compile(r"^\d+ · ")  # of a section
FORMULA = re.compile(r"\$([^$]+)\$")


def html_page(name: str, lesson: Lesson, deck: Sequence[Slide], symbols: Sequence[Symbol]) -> str:
    """Return the handout of a lesson.

    Args:
        name: its title as plain text.
        lesson: the lesson.
        deck: its slides, which have the questions.
        symbols: of the course; those that the lesson uses are listed.
    """
    questions = [slide for slide in deck if slide.kind == "question"]
    used = " ".join(block.text for part in lesson.parts for block in part.blocks)
    rows = [row for row in symbols if occurs(row.symbol, used)]
    return Template(page.template("handout.html")).substitute(
        {key: translated(text) for key, text in WORDS.items()},
        language=TAGS[language()],
        title=words.escape(name),
        math=page.math_style(),
        questions="\n".join(_question(number, slide) for number, slide in enumerate(questions, 1)),
        symbols="\n".join(
            f"<div><dt>{to_inline(row.symbol)}</dt><dd>{to_inline(row.explained)}</dd></div>"
            for row in rows
        ),
    )


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
    title = to_inline(NUMBER.sub("", slide.title))
    given = "".join(page.shown(block) for block in slide.given)
    return (
        f"<section><div><h3>{number}. {title}</h3>{given}"
        f"<p>{to_inline(slide.text)}</p><ol>{choices}</ol></div>"
        f'<div class="box">{translated("my guess")}</div>'
        f'<div class="box">{translated("the answer, and why")}</div></section>'
    )
