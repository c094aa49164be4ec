"""A translated lesson with its English beside it (对照), which the page shows on demand.

Each piece of text is followed by its English, or each cell, where the two have other pieces. The
search of the page finds the translation only.
"""

from collections.abc import Iterator

from nbformat import NotebookNode

from sparcode_mini.lessons.text.pieces import HEADING, kind, pieces
from sparcode_mini.site.markdown import to_html

CLASS = "sparcode-english"


def add(notebook: NotebookNode, english: NotebookNode) -> None:
    """Write the English of each text cell into the cells of a translated lesson.

    Raises:
        ValueError: the lessons have not the same cells, or a formula is none.
    """
    for cell, twin in zip(notebook.cells, english.cells, strict=True):
        if cell.cell_type == "markdown":
            cell.source = "\n\n".join(_interleaved(pieces(cell.source), pieces(twin.source)))


def _interleaved(texts: list[str], english: list[str]) -> Iterator[str]:
    if [*map(kind, texts)] != [*map(kind, english)]:
        yield from texts
        yield _hidden(english)
        return
    for text, twin in zip(texts, english, strict=True):
        yield text
        if text != twin:
            yield _hidden([twin])


def _hidden(english: list[str]) -> str:
    """Return pieces as HTML that the page's style hides; a heading becomes a paragraph."""
    headings = map(HEADING.fullmatch, english)
    text = "\n\n".join(
        f"**{heading[2]}**" if heading else piece
        for piece, heading in zip(english, headings, strict=True)
    )
    # the page's script leaves what is "untranslated" as it is
    html = f'<div class="{CLASS} untranslated" lang="en">\n{to_html(text)}\n</div>'
    return f"```{{raw}} html\n{html}\n```"
