"""Formulas as MathML, which browsers show by themselves: no script, no fonts from elsewhere."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

# Commands of LaTeX that latex2mathml lacks, in terms of those that it has.
MISSING = {r"\arg": r"\operatorname{arg}"}


def to_mathml(tex: str, *, block: bool = False) -> str:
    """A formula as a <math> element.

    Args:
        tex: LaTeX without dollar signs.
        block: on a line of its own.

    Raises:
        ValueError: a command is unknown, or the formula is not LaTeX.
    """
    for command, replacement in MISSING.items():
        tex = re.sub(re.escape(command) + r"(?![a-zA-Z])", lambda _, r=replacement: r, tex)
    try:
        found = convert(tex, display="block" if block else "inline")
    except Exception as error:  # each fault has an exception of its own
        raise ValueError(f"not a formula: {tex!r} ({type(error).__name__})") from error
    unknown = re.findall(r"\\[a-zA-Z]+", found)
    if unknown:
        raise ValueError(f"unknown in formulas: {', '.join(unknown)} in {tex!r}; add it to MISSING")
    return found


def setup(app: Any) -> dict[str, bool]:
    """Let Sphinx know the renderer under the name "mathml"."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


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
        logging.getLogger(__name__).warning(str(error), location=node)
        return ""
