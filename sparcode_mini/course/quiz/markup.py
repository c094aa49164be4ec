r"""The markup of the bank, for pages and for plain text.

A text is plain words with formulas as `$...$`, code between backticks, and an empty line between
paragraphs. `\$` is a dollar sign. `{name}` is the place of a number, see `course.numbers`.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Literal

Kind = Literal["words", "formula", "code"]
_PIECE = re.compile(r"`(?P<code>[^`]+)`|(?<!\\)\$(?P<formula>(?:[^$\\]|\\.)+)\$", re.DOTALL)
_MATHJAX = r"\({}\)"


def pieces(text: str) -> Iterator[tuple[Kind, str]]:
    """Yield the pieces of a text with their kind.

    Raises:
        ValueError: a backtick or a dollar sign that opens and closes nothing.
    """
    end = 0
    for match in _PIECE.finditer(text):
        yield "words", _words(text[end : match.start()])
        yield ("code", match["code"]) if match["code"] else ("formula", match["formula"])
        end = match.end()
    yield "words", _words(text[end:])


def _words(text: str) -> str:
    bare = text.replace(r"\$", "")
    for sign, remedy in (("$", r"write \$ for a dollar sign"), ("`", "close the code")):
        if sign in bare:
            raise ValueError(f"a {sign} without its partner in {text!r}; {remedy}")
    return text.replace(r"\$", "$")


def well_formed(text: str) -> str:
    """Return the text as it is; errors as for `pieces`."""
    list(pieces(text))
    return text


def to_html(text: str, formula: Callable[[str], str] | None = None) -> str:
    """Return a text as HTML, without an element around it.

    Args:
        text: in the markup of the bank.
        formula: from LaTeX to HTML; None writes it for MathJax, as Moodle, Canvas and Jupyter
            have it.
    """
    formula = formula or (lambda tex: _MATHJAX.format(html.escape(tex, quote=False)))
    parts = []
    for kind, piece in pieces(text):
        if kind == "formula":
            parts.append(formula(piece))
        elif kind == "code":
            code = html.escape(piece, quote=False)
            block = f"<pre><code>{code.strip(chr(10))}</code></pre>"
            parts.append(block if "\n" in piece else f"<code>{code}</code>")
        else:
            words = re.sub(r"\s*\n\s*\n\s*", "<br><br>", html.escape(piece, quote=False))
            # In an element of its own a dollar sign begins no formula.
            parts.append(words.replace("\n", " ").replace("$", "<span>$</span>"))
    return "".join(parts).strip()


def to_plain(text: str) -> str:
    """Return a text without signs of markup, on one line; formulas stay LaTeX."""
    return " ".join("".join(piece for _, piece in pieces(text)).split())
