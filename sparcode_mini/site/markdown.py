"""Markdown as HTML where Sphinx has no part in it, with formulas as MathML."""

from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from sparcode_mini.site.maths import to_mathml


def to_html(markdown: str) -> str:
    """Convert Markdown with formulas; a link becomes its text, a picture its words."""
    return str(_converter().render(markdown)).strip()


def to_inline(markdown: str) -> str:
    """Convert one paragraph of Markdown, without <p>."""
    return str(_converter().renderInline(" ".join(markdown.split())))


@cache
def _converter() -> MarkdownIt:
    converter = MarkdownIt("commonmark", {"html": True}).enable("table")
    converter.use(dollarmath_plugin, allow_digits=True, double_inline=True, renderer=_formula)
    for kind in ("link_open", "link_close"):
        converter.add_render_rule(kind, _nothing)
    return converter


def _formula(tex: str, options: dict[str, Any]) -> str:
    return to_mathml(tex, block=bool(options["display_mode"]))


def _nothing(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    return ""
