"""The pages: map, exam, key of the exam and notation, from the templates of this folder."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sparcode_mini.course.quiz.markup import to_html
from sparcode_mini.plots import ink
from sparcode_mini.site.maths import STYLE, to_mathml


def render(template: str, **values: Any) -> str:
    """Fill a template; it gets `ink` and the name of the style sheet of formulas, too.

    Raises:
        ValueError: a formula of a text can't be drawn.
    """
    return _environment().get_template(template).render(ink=ink, formulas=STYLE, **values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = inline
    return environment


def inline(text: str) -> Markup:
    """Return a line with formulas, code, *emphasis* and links as HTML; links keep their words."""
    bare = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    page = to_html(bare, to_mathml)
    return Markup(re.sub(r"\*([^*<>]+)\*", r"<em>\1</em>", page))
