"""A calculator of bytes: an item matrix, a full table, and lists per code, up to 10^9 people."""

from pathlib import Path
from typing import Any

from sparcode_mini.evaluation.storage import (
    ENTRY_BYTES,
    NUMBER_BYTES,
    break_even_density,
    compare,
    show_bytes,
    show_count,
    storage_bytes,
)
from sparcode_mini.lessons.two_tower_limits.draw import storage_dots
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.chart import Chart, Column, Points, View, logarithmic, rows
from sparcode_mini.widgets.explorer import Choices, Explorer

NAMES = {"matrix": "item matrix", "table": "(person, item) table", "lists": "(code, item) lists"}
PEOPLE = (943, *(10**e for e in range(4, 10)))
ITEMS = (1682, *(10**e for e in range(4, 9)))
CODES = (16, 64, 128, 256, 1024, 4096, 65536)
DENSITIES = (0.0002, 0.0005, 0.002, 0.01, 0.05, 0.1, 0.2, 0.5)
NO_LIMIT = 0
CAPS = (NO_LIMIT, 100, 1000, 10_000, 100_000)
WIDTHS = (8, 16, 32, 64, 128, 256)


class StorageCalculator(Explorer):
    """The bytes of three ways to serve, as people, items and codes grow."""

    program = Path(__file__).parent / "storage.js"

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "users": ("people", [(show_count(n), n) for n in PEOPLE], 10**6),
            "items": ("items", [(show_count(n), n) for n in ITEMS], 10**5),
            "codes": ("codes (lists), at most N^M", [(f"{n:,}", n) for n in CODES], 128),
            "density": ("share of pairs above 0", [(f"{d:g}", d) for d in DENSITIES], 0.1),
            "cap": (
                "longest list kept",
                [(f"{n:,}" if n else "no limit", n) for n in CAPS],
                NO_LIMIT,
            ),
            "width": ("width D of the two-tower", [(str(n), n) for n in WIDTHS], 64),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return the sizes, their words, the ratio and the break-even density."""
        break_even = break_even_density(values["width"], values["codes"])
        sizes = storage_bytes(**{**values, "cap": values["cap"] or None})
        return {**compare(sizes), "break_even": break_even, "values": values}

    def view(self, data: dict[str, Any]) -> View:
        """Describe three dots on a logarithmic axis."""
        places = {"matrix": 0, "table": 1, "lists": 2}
        marks = [
            Points(NAMES[name], [data[name] or None], [row], sign, color, 14, texts=[words])  # type: ignore[arg-type]
            for (name, row), sign, color, words in zip(
                places.items(),
                ("square", "cross", "diamond"),
                (ink.ITEM, ink.NEUTRAL, ink.CODE),
                (data["words"][name] for name in NAMES),
                strict=True,
            )
        ]
        x = logarithmic("bytes", 1e2, 1e21, [10.0**e for e in range(3, 20, 3)], show_bytes)
        return View(
            [Column([Chart("bytes of each way", x, rows(*NAMES.values()), marks, 250)])],
            self.sentence(data),
        )

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe the sizes, and say which of matrix and lists is smaller."""
        words, values = data["words"], data["values"]
        sizes = f"Matrix {words['matrix']}, table {words['table']}, lists {words['lists']}"
        if data["lists"] <= data["matrix"]:
            ratio = data["matrix"] / max(data["lists"], 1)
            text = f"{sizes}: the matrix is {ratio:,.1f} times as large as the lists. "
        else:
            ratio = data["lists"] / data["matrix"]
            text = f"{sizes}: the lists are {ratio:,.1f} times as large as the matrix. "
        if not values["cap"]:
            return text + (
                f"With {values['codes']:,} lists and width {values['width']}, lists that keep all "
                f"entries are smaller below a density of {data['break_even']:.2%}, for any number "
                "of items."
            )
        most = show_bytes(ENTRY_BYTES * values["codes"] * values["cap"])
        return text + f"With this cap the lists never exceed {most}, but they approximate."

    def constants(self) -> dict[str, Any]:
        """Return the bytes of a number and of an entry for `storage.js`."""
        return {"number": NUMBER_BYTES, "entry": ENTRY_BYTES}

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the three dots as a still picture."""
        return storage_dots({name: data[name] for name in NAMES}, NAMES, self.sentence(data))
