"""Words, formulas and code keep what they say, on pages and in plain text."""

import xml.etree.ElementTree as ET

import pytest

from quiz_toys import PLAIN, STRANGE
from sparcode_mini.course.quiz.items import decimal
from sparcode_mini.course.quiz.markup import pieces, to_html, to_plain, well_formed


def test_pieces():
    text = r"With $x_{i} < 3$ and `a[$1]`: \$5, $\$2$."
    assert [piece for piece in pieces(text) if piece[1]] == [
        ("words", "With "),
        ("formula", "x_{i} < 3"),
        ("words", " and "),
        ("code", "a[$1]"),
        ("words", ": $5, "),
        ("formula", r"\$2"),
        ("words", "."),
    ]


def test_html():
    text = "A < B & $x < y$\nin `x << 1`.\n\nNew:`\nfor x:\n    y\n`"
    assert to_html(text) == (
        r"A &lt; B &amp; \(x &lt; y\) in <code>x &lt;&lt; 1</code>.<br><br>New:"
        "<pre><code>for x:\n    y</code></pre>"
    )
    assert to_html("$x$", lambda tex: f"<m>{tex}</m>") == "<m>x</m>"
    assert to_plain(text) == "A < B & x < y in x << 1. New: for x: y"


def test_a_dollar_sign_begins_no_formula():
    assert to_html(r"\$5 or \$6") == "<span>$</span>5 or <span>$</span>6"


def test_strange_signs_survive():
    root = ET.fromstring(f"<p>{to_html(STRANGE)}</p>")
    assert "".join(root.itertext()) == PLAIN == to_plain(STRANGE)


@pytest.mark.parametrize("text", ["costs $5", "the `code", r"$a$ and $"])
def test_a_sign_without_its_partner_is_refused(text):
    with pytest.raises(ValueError, match="without its partner"):
        well_formed(text)
    assert well_formed(r"\$5, $a$ and `code`") == r"\$5, $a$ and `code`"


@pytest.mark.parametrize(
    ("text", "value"),
    [("17,203", 17203), ("-0.5", -0.5), ("−3", -3), ("+2e3", 2000), (" .5 ", 0.5), ("5.0", 5)],
)
def test_numbers_as_people_write_them(text, value):
    assert decimal(text) == value


@pytest.mark.parametrize("text", ["", "many", "1,2", "1,0000", "nan", "1e999", "0x10", "1_000"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="is no number"):
        decimal(text)
