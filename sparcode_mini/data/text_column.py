"""The cells of a column of a text file, collected piece by piece."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

WHOLE_NUMBERS = re.compile(r"(?:(?:0|-?[1-9][0-9]{0,17})\n)+")  # as Python writes them; in int64


class Column:
    """Cells that are collected: int64 as long as all are whole numbers, else texts."""

    def __init__(self) -> None:
        self._pieces: list[np.ndarray] = []
        self._texts: dict[str, str | None] = {"": None}  # equal texts share their memory

    def extend(self, cells: Sequence[str]) -> None:
        """Add cells: as int64 if all are whole numbers, else as texts and None."""
        lines = "\n".join(cells) + "\n"
        # A cell with a line break inside could look like two numbers.
        if WHOLE_NUMBERS.fullmatch(lines) and lines.count("\n") == len(cells):
            self._pieces.append(np.fromstring(lines, dtype=np.int64, sep="\n"))
        else:
            share = self._texts.setdefault
            texts = [share(cell, cell) for cell in cells]
            self._pieces.append(np.fromiter(texts, dtype=object, count=len(cells)))

    def series(self) -> "pd.Series[Any]":
        """Return int64 if all pieces are; else objects, where numbers are texts again."""
        if not self._pieces:
            return pd.Series([], dtype=object)
        if all(piece.dtype == np.int64 for piece in self._pieces):
            return pd.Series(np.concatenate(self._pieces))
        texts = [p if p.dtype == object else p.astype(str).astype(object) for p in self._pieces]
        return pd.Series(np.concatenate(texts), dtype=object)
