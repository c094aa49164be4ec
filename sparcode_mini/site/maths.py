"""Formulas as MathML, which browsers draw without a program, and the font that they need for it.

Without a font that has a MATH table, browsers put exponents and bars in the wrong place, and many
machines have no such font. So pages with formulas carry the part of STIX Two Math that lessons use.
"""

import base64
import importlib.resources
import io
import logging
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.logging import getLogger

# Commands of LaTeX that latex2mathml lacks, written with commands that it has.
MISSING = {r"\arg": r"\operatorname{arg}"}
STYLE = "math.css"
# Latin, accents, Greek, punctuation, letters such as R, arrows, operators, braces, italic letters.
GLYPHS = (
    *(range(0x20, 0x100), range(0x300, 0x340), range(0x370, 0x400), range(0x2010, 0x2060)),
    *(range(0x20D0, 0x2150), range(0x2190, 0x2300), range(0x2308, 0x230C), range(0x23DC, 0x23E2)),
    *(range(0x27E6, 0x27EC), range(0x1D434, 0x1D468), range(0x1D6A4, 0x1D6E2)),
)


def to_mathml(tex: str, *, block: bool = False) -> str:
    """Convert a formula into a <math> element.

    Args:
        tex: LaTeX without dollar signs.
        block: on a line of its own.

    Raises:
        ValueError: a command is unknown, or the formula is not LaTeX.
    """
    bare = re.sub(r"\\[{}]", "", tex)
    if bare.count("{") != bare.count("}"):
        raise ValueError(f"not a formula: {tex!r} (a brace is open)")
    if r"\\" in tex and not block:
        raise ValueError(f"a line break inside a line: {tex!r}; write one backslash, not two")
    for command, replacement in MISSING.items():
        whole = re.escape(command) + r"(?![a-zA-Z])"
        tex = re.sub(whole, replacement.replace("\\", r"\\"), tex)
    try:
        mathml = convert(tex, display="block" if block else "inline")
    except Exception as error:  # each fault has an exception of its own
        raise ValueError(f"not a formula: {tex!r} ({type(error).__name__})") from error
    # A bar without \left or \right has the height of a letter; browsers would stretch it.
    mathml = mathml.replace("<mo>&#x02016;</mo>", '<mo stretchy="false">&#x02016;</mo>')
    unknown = re.findall(r"\\[a-zA-Z]+", mathml)
    if unknown:
        raise ValueError(f"unknown in formulas: {', '.join(unknown)} in {tex!r}; add it to MISSING")
    return mathml


def write_style(folder: Path) -> None:
    """Write the style sheet of formulas, with the font inside.

    In some browsers a page from the file system may not load a font from another file.
    """
    from fontTools import subset

    logging.getLogger("fontTools").setLevel("WARNING")
    options = subset.Options(layout_features=["*"], flavor="woff")
    stored = importlib.resources.files("ziamath.fonts") / "STIXTwoMath-Regular.ttf"
    with importlib.resources.as_file(stored) as path:
        font = subset.load_font(str(path), options)
    owner = next(str(name) for name in font["name"].names if name.nameID == 0)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[code for codes in GLYPHS for code in codes])
    cut.subset(font)
    woff = io.BytesIO()
    font.flavor = "woff"
    font.save(woff)
    data = base64.b64encode(woff.getvalue()).decode("ascii")
    (folder / STYLE).write_text(
        f"/* STIX Two Math, some glyphs of it. {owner}. SIL Open Font License 1.1. */\n"
        "@font-face { font-family: 'Formulas'; src: "
        f"url(data:font/woff;base64,{data}) format('woff'); }}\n"
        "math { font-family: 'Formulas', math; }\n",
        "utf-8",
    )


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer with Sphinx under the name "mathml"."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("html-page-context", _style_where_needed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _style_where_needed(app: Any, page: str, template: str, context: Any, doctree: Any) -> None:
    if doctree and any(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        app.add_css_file(STYLE)


def _inline(translator: Any, node: Any) -> None:
    translator.body.append(_checked(node, block=False))
    raise nodes.SkipNode


def _block(translator: Any, node: Any) -> None:
    translator.body.append(f'<div class="math-block">{_checked(node, block=True)}</div>')
    raise nodes.SkipNode


def _checked(node: Any, *, block: bool) -> str:
    try:
        return to_mathml(node.astext(), block=block)
    except ValueError as error:
        getLogger(__name__).warning(str(error), location=node)
        return ""
