r"""The markup of the bank, for pages and for plain text.

A text is plain words with formulas as `$...$`, code between backticks, and an empty line between
paragraphs. `\$` is a dollar sign. `{name}` is a placeholder; in formulas and code braces may also
be something else.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

Kind = Literal["words", "formula", "code"]
_PIECE = re.compile(r"`(?P<code>[^`]+)`|(?<!\\)\$(?P<formula>(?:[^$\\]|\\.)+)\$", re.DOTALL)
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
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


def fill(text: str, values: Mapping[str, str], unused: set[str]) -> str:
    """Put the numbers in place of their placeholders, and take them out of `unused`.

    Raises:
        ValueError: a placeholder without a number, outside of formulas and code.
    """

    def value(match: re.Match[str]) -> str:
        unused.discard(match[1])
        return values.get(match[1], match[0])

    filled = _NAME.sub(value, text)
    for kind, piece in pieces(filled):
        left = _NAME.search(piece) if kind == "words" else None
        if left:
            raise ValueError(f"{left[0]} has no number; add [item.numbers.{left[1]}], or set it "
                             "in backticks if it is code")  # fmt: skip
    return filled


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
