"""A text cell as pieces: paragraphs, headings, lists, tables, formulas, quotes, folds."""

import re

HEADING = re.compile(r"(#+) (.+)")


def pieces(markdown: str) -> list[str]:
    """Split a cell at its empty lines; a fold (<details>), code and formulas stay whole."""
    parts: list[list[str]] = [[]]
    closing = None  # what ends the piece that was begun
    for line in markdown.splitlines():
        if closing is None and (not line.strip() or HEADING.match(line)):
            parts.append([])
        if line.strip() or closing:
            parts[-1].append(line)
        if closing is None:
            closing = _opened(line)
        elif closing in line:
            closing = None
        if closing is None and HEADING.match(line):
            parts.append([])
    return ["\n".join(lines) for lines in parts if lines]


def _opened(line: str) -> str | None:
    if line.lstrip().startswith("```"):
        return "```"
    for start, end in (("<details", "</details>"), ("$$", "$$")):
        if line.startswith(start) and end not in line[len(start) :]:
            return end
    return None


def kind(text: str) -> str:
    """Return "text", "heading", "list", "table", "formula", "quote" or "fold"."""
    starts = {"<": "fold", "$$": "formula", "|": "table", ">": "quote", "```": "fold"}
    if HEADING.fullmatch(text):
        return "heading"
    if re.match(r"(?:[-*]|\d+\.) ", text):
        return "list"
    return next((kind for start, kind in starts.items() if text.startswith(start)), "text")
