"""The words of a lesson: how much room they take, and the sentences of a paragraph."""

import html
import re

MORE = 200  # a second sentence is taken up to this length of both, in signs
# The end of a sentence, with what closes around it, before the start of another.
END = re.compile(r"[.!?]['*)\"”]*\s+(?=[*(\[“\"'`$]*[A-Z0-9$`])|[。！？][*”）]*(?=.)")
WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")  # letters and signs wider than two
SHORT = re.compile(r"\b(?:al|e\.g|i\.e|vs|cf|Fig|No)\.$")  # not the end of a sentence
# What a cut must not go through: code, formulas, links, bold, italics.
WHOLE = re.compile(r"`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)|\*\*(?:[^*]|\*[^*]+\*)+\*\*|\*[^*]+\*")


def plain(markdown: str) -> str:
    """Return the text without signs of Markdown; formulas stay as LaTeX without dollars.

    >>> plain("**Two** [lists](glossary.md#list) of `N`")
    'Two lists of N'
    """
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[`*$]", "", text).split())


def length(markdown: str) -> int:
    r"""Return about how many signs a text shows, those of its formulas among them.

    >>> length(r"**Two** $\tilde T_i$")
    6
    """
    return width(re.sub(r"\\(?:[A-Za-z]+|.)|[{}_^]", "", plain(markdown)).replace("  ", " "))


def width(text: str) -> int:
    """Return how much room a text takes, in signs of the Latin alphabet.

    >>> width("64 部片")
    8
    """
    return len(text) + round(1.3 * len(WIDE.findall(text)))


def sentences(paragraph: str) -> list[str]:
    """Split a paragraph of Markdown into sentences; none is cut inside a bracket or bold text.

    >>> sentences("64: *one* list. That is (see p. 3. There!) it, e.g. So.")
    ['64: *one* list.', 'That is (see p. 3. There!) it, e.g. So.']
    >>> sentences("共 64 条。（别的没有。）")
    ['共 64 条。', '（别的没有。）']
    """
    text = " ".join(paragraph.split())
    # the same length, so that places agree
    masked = WHOLE.sub(lambda match: _masked(match[0]), text)
    parts, start = [], 0
    for match in END.finditer(masked):
        piece = text[start : match.end()].strip()
        balanced = all(piece.count(a) <= piece.count(b) for a, b in ("()", "（）"))
        if balanced and not SHORT.search(piece):
            parts.append(piece)
            start = match.end()
    return [*parts, text[start:].strip()] if text[start:].strip() else parts


def opening(paragraph: str, most: int = MORE) -> str:
    """Return the first sentence, and the second if both are short together."""
    first, *rest = sentences(paragraph) or [""]
    if rest and width(plain(first)) + width(plain(rest[0])) <= most:
        return f"{first}{'' if WIDE.match(first[-1]) else ' '}{rest[0]}"
    return first


def escape(text: str) -> str:
    """Return plain text for HTML."""
    return html.escape(text)


def _masked(whole: str) -> str:
    """Replace what stands inside by letters, but keep a full stop at its end."""
    inside = "x" * len(whole)
    ended = re.search(r"[.!?。！？](\*+)$", whole)
    first = whole[0] if whole[0] in "`$" else "X"
    return first + inside[1:] if ended is None else first + inside[1 : ended.start()] + ended[0]
