"""Where a number of a question comes from: a stored cell of a lesson, or a stored result."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparcode_mini.tools.files import load_json

_FORMAT = re.compile(r",?(\.\d)?[defg%]?")


@dataclass(frozen=True)
class Source:
    """A number, by its place.

    Attributes:
        cell: id of a cell of the lesson; None for a result.
        find: regular expression with one group, which is the number in the text of the cell.
        result: name of a stored result; None for a cell.
        path: keys that lead to the number in it.
        scale: what it is multiplied by.
        format: as Python's, e.g. ".1f"; "" leaves it as it stands.
    """

    cell: str | None = None
    find: str = ""
    result: str | None = None
    path: Sequence[str | int] = ()
    scale: float = 1.0
    format: str = ""

    def __post_init__(self) -> None:
        """Refuse what can't be a source."""
        if not _FORMAT.fullmatch(self.format):
            raise ValueError(f"format {self.format!r}; write one such as ',d' or '.1f'")
        if self.cell is None:
            return
        try:
            groups = re.compile(self.find).groups
        except re.error as error:
            raise ValueError(f"find {self.find!r} is no regular expression: {error}") from error
        if groups != 1:
            raise ValueError(f"find {self.find!r} has {groups} groups; put one around the number")

    def read(self, cells: Mapping[str, Mapping[str, Any]], results: Path) -> str:
        """Return the number as text.

        Args:
            cells: of the lesson, by id.
            results: the folder of stored results.

        Raises:
            ValueError: it is not where it should be.
        """
        place = self.cell
        value = self._of_result(results) if place is None else self._of_cell(place, cells)
        if not self.format and self.scale == 1:
            return str(value)
        try:
            number = float(value.replace(",", "")) if isinstance(value, str) else value
            number = number * self.scale if self.scale != 1 else number
            whole = self.format.endswith("d") and float(number).is_integer()
            return format(round(number) if whole else number, self.format)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{value!r} can't be written as {self.format!r}: {error}") from error

    def _of_cell(self, place: str, cells: Mapping[str, Mapping[str, Any]]) -> str:
        if place not in cells:
            raise ValueError(f"the lesson has no cell {place!r}")
        text = output_text(cells[place])
        values = {str(value) for value in re.findall(self.find, text)}
        if len(values) != 1:
            got = ", ".join(sorted(values)) or "nothing"
            raise ValueError(f"{self.find!r} finds {got} in the output of cell {place}; write "
                             "an expression that finds one number")  # fmt: skip
        return values.pop()

    def _of_result(self, results: Path) -> Any:
        names = sorted(path.stem for path in results.glob("*.json"))
        if self.result not in names:
            raise ValueError(f"no stored result {self.result!r}; there are {', '.join(names)}")
        value: Any = load_json(results / f"{self.result}.json")
        for step in self.path:
            known = list(value) if isinstance(value, dict) else []
            known = list(range(len(value))) if isinstance(value, list) else known
            if step not in known:
                raise ValueError(f"result {self.result}: no {step!r} of {list(self.path)}; there "
                                 f"are {known}")  # fmt: skip
            value = value[step]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"result {self.result}: {list(self.path)} leads to no number")
        return value


def output_text(cell: Mapping[str, Any]) -> str:
    """Return the text that a cell shows: what it prints, and the text form of what it displays."""
    parts = []
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append(text if isinstance(text, str) else "".join(text))
    return "\n".join(parts)


def read_cells(path: Path) -> dict[str, dict[str, Any]]:
    """Return the cells of a stored notebook by their ids.

    Raises:
        ValueError: there is no such notebook, or it is none.
    """
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return {cell["id"]: cell for cell in cells}
    except FileNotFoundError as error:
        raise ValueError(f"there is no notebook {path}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no notebook with ids of cells: {error}") from error


def heading_and_objectives(cells: Mapping[str, Mapping[str, Any]]) -> tuple[str, int]:
    """Return the title of a lesson, and how many objectives it lists."""
    source = "".join(next(iter(cells.values()))["source"])
    title = source.partition("\n")[0].lstrip("# ")
    listed = source.partition("After this lesson you can")[2].partition("**Needs.**")[0]
    return title, len(re.findall(r"^(?:-|\d+\.) ", listed, re.M))
