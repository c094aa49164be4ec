"""The panel of M, N, sparsity and probes over a stored sweep on real data.

The numbers come from `settings.py`, their charts from `panel_view.py`. This module has the controls
and the live training.
"""

from pathlib import Path
from typing import Any

from sparcode_mini.data.split import Split
from sparcode_mini.plots.picture import Picture
from sparcode_mini.plots.sweep import sweep
from sparcode_mini.tools.checks import count
from sparcode_mini.training.recipe import WHOLE
from sparcode_mini.widgets.chart import View
from sparcode_mini.widgets.copy_code import CopyCode
from sparcode_mini.widgets.explorer import Choices, Explorer
from sparcode_mini.widgets.live import Job, Live
from sparcode_mini.widgets.panel_view import columns
from sparcode_mini.widgets.settings import (
    NAMES,
    PROBES,
    code_text,
    figure_data,
    load_sweep,
    name_of,
    options,
    quality_of,
    sentence,
    setting,
    values,
)

START = {"M": 1, "N": 128, "sparsity": 4.0}  # or the measured setting nearest to it
LABELS = {
    "M": "M: codebooks",
    "N": "N: codewords in each",
    "sparsity": "sparsity: weight of the L1 penalty",
}


class Panel(Explorer):
    """Show how M, N, sparsity and probes change quality, size and speed, over a stored sweep.

    Args:
        results: the sweep, as a dict or as the path of its file; None takes the project's own.
        split: data for "train this setting live"; None switches that button off.
        live_epochs: epochs of a live training.
        **start: values of the sliders at the start.

    Attributes:
        code: Python code of the chosen setting, with a button to copy it.
        live: live training, with its buttons `live.train` and `live.stop`.

    Raises:
        FileNotFoundError: no stored sweep; the message says how to make one.
        ValueError: `results` is no sweep, epochs outside 1 .. 10,000, an unknown start.
    """

    noun = "panel"
    needs_python = (
        "To train a setting yourself, open lesson 00 in JupyterLab (make lab) and press "
        "“Train this setting live” below this panel."
    )

    def __init__(
        self,
        results: dict[str, Any] | str | Path | None = None,
        split: Split | None = None,
        live_epochs: int = 5,
        **start: Any,
    ) -> None:
        if split is not None and not isinstance(split, Split):
            raise ValueError(f"split is a {type(split).__name__}; give the Split of some data")
        live_epochs = count(live_epochs, "live_epochs", 1, WHOLE["epochs"][1])
        self.results = load_sweep(results)
        self.point: dict[str, Any] | None = None  # of the live training
        self.code, self.live = CopyCode(), Live(split, live_epochs, self._job, self._trained)
        super().__init__(**start)
        self.children: tuple[Any, ...] = (*self.children, self.live, self.code)

    def controls(self) -> Choices:
        """Return a slider for each of the sweep's names, and one for the probes."""
        first = dict(zip(NAMES, _first(self.results), strict=True))
        sweep = {
            name: (LABELS[name], [(f"{v:g}", v) for v in values(self.results, name)], first[name])
            for name in NAMES
        }
        return sweep | {
            "probes": ("probes: lists read per token", [(str(R), R) for R in PROBES], 1)
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return the values, what the charts show, and the point of the live training."""
        chosen = figure_data(self.results, **{name: values[name] for name in NAMES})
        return {**values, **chosen, "live": self.point}

    def view(self, data: dict[str, Any]) -> View:
        """Describe quality against size, and three bars."""
        chosen = [data[name] for name in NAMES]
        text = sentence(self.results, *chosen, probes=data["probes"])
        return View(columns(data), text, code_text(self.results, *chosen, probes=data["probes"]))

    def update(self) -> None:
        """Show the setting of the sliders; runs at each move of one."""
        super().update()
        if not self._held:
            self.code.code = self._shown.code

    def go_back(self) -> None:
        """Put the sliders back to the start, and remove the point of the live training."""
        self.point = None
        super().go_back()

    # --- live training ----------------------------------------------------------------------

    def _job(self) -> Job:
        config = self.results.get("config", {})
        model, fit = options(self.results)
        row = setting(self.results, *(self.values[name] for name in NAMES))
        on, data = config.get("on", "test"), config.get("fingerprint", "")
        return Job(row, model, fit, on, data)

    def _trained(self, point: dict[str, Any]) -> None:
        self.point = point
        self.update()

    # --- without a kernel -------------------------------------------------------------------

    def __repr__(self) -> str:
        row = setting(self.results, *(self.values[name] for name in NAMES))
        R = self.values["probes"]
        where = f"{name_of(row)}, probes={R}"
        quality = quality_of(row, R)
        if quality is None:
            return f"Panel({where}: not measured)"
        return f"Panel({where}: NDCG@50 {quality:.2f}, {row['entries']:,} entries)"

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the setting as a still picture."""
        return sweep(data, self.view(data).text)


def _first(results: dict[str, Any]) -> tuple[Any, ...]:
    """Return the setting that is shown first: a measured one."""
    row = setting(results, START["M"], START["N"], START["sparsity"])  # type: ignore[arg-type]
    row = row if row["measured"] else row["nearest"][0]
    return tuple(row[name] for name in NAMES)
