"""The pages: map, exam, key of the exam and notation, from the templates of this folder."""

import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sparcode_mini.course import templates
from sparcode_mini.course.quiz.markup import to_html
from sparcode_mini.plots import ink
from sparcode_mini.site.maths import STYLE, to_mathml

HERE = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """Fill a template; it gets `ink` and the name of the style sheet of formulas, too.

    Raises:
        ValueError: a formula of a text can't be drawn.
    """
    filters = {"inline": inline}
    return templates.render(HERE, template, filters, ink=ink, formulas=STYLE, **values)


def inline(text: str) -> Markup:
    """Return a line with formulas, code, *emphasis* and links as HTML; links keep their words."""
    bare = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    page = to_html(bare, to_mathml)
    return Markup(re.sub(r"\*([^*<>]+)\*", r"<em>\1</em>", page))
