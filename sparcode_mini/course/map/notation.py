"""The symbols of the course, from the table of notebooks/glossary.md."""

import re
from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.tools.language import language

FILE = Path("notebooks") / "glossary.md"
COLUMNS = ["symbol", "in code", "shape", "meaning", "中文"]
# One query from left to right: what it is, with its shape; between two of them, what is done.
PIPELINE = (
    ("$H^u$", "(B, L, D)", "tokenizer"),
    ("$T^u$", "(B, K_u, D_T)", "quantiser"),
    ("codes, $\\tilde T^u$", "(B, K_u, M), (B, K_u, D_T)", "lists of $\\mathrm{ReLU}(S + b)$"),
    ("entries", "(B, K_u, I)", "sum over tokens"),
    ("$y$", "(B, I)", "top k"),
)


@dataclass(frozen=True)
class Symbol:
    """One line of the table; all texts are Markdown with formulas between dollar signs."""

    symbol: str
    code: str
    shape: str
    meaning: str
    chinese: str

    @property
    def explained(self) -> str:
        """Return its meaning in the reader's language."""
        return self.chinese if language() == "zh" else self.meaning


def read_symbols(root: Path) -> list[Symbol]:
    """Return the symbols in the order of the table.

    Raises:
        ValueError: there is no table with these columns, or a line has another number of cells.
    """
    text = (root / FILE).read_text("utf-8")
    section = re.search(r"^## Symbols.*?\n(.*?)^## ", text, re.M | re.S)
    lines = [] if section is None else re.findall(r"^\|(.+)\|$", section[1], re.M)
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    if len(rows) < 3 or rows[0] != COLUMNS:
        raise ValueError(f"{FILE} has no table of symbols with the columns {COLUMNS}")
    if any(len(row) != len(COLUMNS) for row in rows):
        raise ValueError(f"{FILE}: a line of the symbols has not {len(COLUMNS)} cells")
    return [Symbol(*row) for row in rows[2:]]
