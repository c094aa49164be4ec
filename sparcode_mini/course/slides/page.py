"""A deck as one HTML file: slides, notes, pictures, reveal.js and the fonts are inside."""

import importlib.resources
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from string import Template

from sparcode_mini.course.slides import reveal
from sparcode_mini.course.slides.deck import LIVE, Slide
from sparcode_mini.course.slides.notebook import Block
from sparcode_mini.course.slides.words import escape, length
from sparcode_mini.lessons.text import labels
from sparcode_mini.plots.labels import LICENCE
from sparcode_mini.site import maths
from sparcode_mini.site.markdown import to_html, to_inline
from sparcode_mini.tools.language import TAGS, labelled, language, translated

LETTERS = "ABCDEFGHIJ"
WIDE = 1.5  # a picture that is less wide, for its height, has its words beside it
LONG = 40  # signs of a formula that is set smaller
SHORT = 26  # signs of a choice that fits into a third of the width
TICK = "\N{CHECK MARK}"


def html_page(name: str, foot: str, deck: Sequence[Slide]) -> str:
    """Return the file of a deck.

    Args:
        name: its title as plain text.
        foot: what its first slide says below, e.g. the minutes.
        deck: its slides.
    """
    return Template(template("deck.html")).substitute(
        reveal.parts(),
        language=TAGS[language()],
        title=escape(name),
        math=math_style(),
        slides="\n".join(section(slide, name, foot) for slide in deck),
    )


def section(slide: Slide, name: str, foot: str = "") -> str:
    """Return one slide as a <section> with its notes."""
    body = BODIES[slide.kind](slide)
    head = _title(slide, name, foot) if slide.kind == "title" else _head(slide)
    cells = escape(" ".join(dict.fromkeys(block.cell.id for block in slide.blocks)))
    tall = " tall" if slide.picture is not None and slide.picture.shape < WIDE else ""
    return (
        f'<section data-cells="{cells}"><div class="sheet {slide.kind}{tall}">\n{head}\n'
        f'<div class="body">{body}</div></div>\n'
        f'<aside class="notes">{notes(slide)}</aside>\n</section>'
    )


def notes(slide: Slide) -> str:
    """Return the notes of a slide: remarks; for each cell its address, text, what it printed."""
    parts = [to_html(text) for text in slide.remarks]
    for _, group in groupby(slide.blocks, key=lambda block: block.cell.id):
        blocks = list(group)
        parts.append(f"<p><b>{escape(blocks[0].address)}</b></p>")
        parts += [_note(block) for block in blocks]
    return "\n".join(parts)


def template(name: str) -> str:
    """Return a file of this package."""
    return (importlib.resources.files(__package__) / name).read_text("utf-8")


@cache
def math_style() -> str:
    """Return the style sheet of formulas, with their font inside."""
    with tempfile.TemporaryDirectory() as folder:
        maths.write_style(Path(folder))
        return (Path(folder) / maths.STYLE).read_text("utf-8")


def _note(block: Block) -> str:
    if block.kind != "code":
        return to_html(block.text)
    texts = [f"<pre>{escape(text)}</pre>" for text in block.printed]
    picture = [f"<p>{labelled('Picture', escape(block.picture))}</p>"] if block.picture else []
    return "\n".join(texts + picture)


def _title(slide: Slide, name: str, foot: str) -> str:
    licence = translated(f"{LICENCE.text.partition('. ')[0]}.")
    return (
        f"<header><h1>{escape(name)}</h1></header>"
        f'<p class="foot">{escape(foot)}<br><small>{escape(licence)}</small></p>'
    )


def _head(slide: Slide) -> str:
    place = to_inline(slide.section) if slide.section != slide.title else ""
    above = f'<p class="place">{place}</p>' if place else ""
    return f"<header>{above}<h2>{to_inline(slide.title)}</h2></header>"


def _goals(slide: Slide) -> str:
    if not slide.items:
        return f"<p>{to_inline(slide.text)}</p>"
    return f"<p>{translated('After this lesson you can')}</p>{_list(slide)}"


def _statement(slide: Slide) -> str:
    return f"<p>{to_inline(slide.text)}</p>{_given(slide)}"


def _given(slide: Slide) -> str:
    return "\n".join(shown(block) for block in slide.given)


def shown(block: Block) -> str:
    """Return the HTML of a block that a slide shows."""
    if block.kind != "code":
        kind = f"{block.kind} long" if length(block.text) > LONG else block.kind
        return f'<div class="{kind}">{to_html(block.text)}</div>'
    printed = [text for text in block.printed if not text.startswith(labels.GUESS)]
    code = [line for line in block.text.strip().splitlines() if "guess" not in line]
    text = "\n".join(printed or code)
    return f"<pre>{escape(text)}</pre>"


def _question(slide: Slide) -> str:
    choices = "".join(
        f"<li{_fragment(choice == slide.right)}><b>{letter}</b><span>{escape(choice)}"
        f"{f'<i> {TICK}</i>' if choice == slide.right else ''}</span></li>"
        for letter, choice in zip(LETTERS, slide.choices, strict=False)
    )
    three = len(slide.choices) % 3 == 0 and max(map(len, slide.choices), default=0) <= SHORT
    kind = "choices three" if three else "choices"
    offer = f'<ol class="{kind}">{choices}</ol>' if choices else _number(slide.right)
    answer = "".join(f"<p>{to_inline(item)}</p>" for item in slide.items)
    if answer:
        answer = f'<div class="answer fragment" data-fragment-index="0">{answer}</div>'
    return f'{_given(slide)}<p class="ask">{to_inline(slide.text)}</p>{offer}{answer}'


def _fragment(right: bool) -> str:
    return ' class="fragment custom right" data-fragment-index="0"' if right else ""


def _number(right: str) -> str:
    return (
        '<ol class="choices"><li><b>?</b><span>' + translated("a number") + "</span></li>"
        '<li class="fragment right" data-fragment-index="0">'
        f"<b>=</b><span>{escape(right)}<i> {TICK}</i></span></li></ol>"
    )


def _picture(slide: Slide) -> str:
    assert slide.picture is not None  # its kind says so
    image = f'<img src="{slide.picture.source}" alt="{escape(slide.picture.alt)}">'
    text = f'<p class="fragment">{to_inline(slide.text)}</p>' if slide.text else ""
    live = next((block for block in slide.blocks if LIVE in block.tags), None)
    place = (
        f'<p class="live">{translated("Live in the notebook")} · In [{live.run}]</p>'
        if live
        else ""
    )
    return f'<div class="frame">{image}</div><div class="words">{text}{place}</div>'


def _list(slide: Slide) -> str:
    items = "".join(f"<li>{to_inline(item)}</li>" for item in slide.items)
    return f"<ul>{items}</ul>"


def _task(slide: Slide) -> str:
    text = f"<p>{to_inline(slide.text)}</p>" if slide.text else ""
    items = "".join(f"<li>{to_inline(item)}</li>" for item in slide.items)
    return f'{text}<ol class="steps">{items}</ol>' if items else text


def _exercises(slide: Slide) -> str:
    return _table([*map(translated, ("no.", "exercise", "level", "time", "cell"))], slide)


def _plan(slide: Slide) -> str:
    return _table((translated("minutes"), ""), slide)


def _table(head: Sequence[str], slide: Slide) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *slide.items]
    return to_html("\n".join(lines))


BODIES: dict[str, Callable[[Slide], str]] = {
    "title": _goals,
    "statement": _statement,
    "question": _question,
    "picture": _picture,
    "list": _list,
    "task": _task,
    "exercises": _exercises,
    "plan": _plan,
}
