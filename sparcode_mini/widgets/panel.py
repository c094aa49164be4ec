"""A panel with sliders for M, N and sparsity over a stored sweep on real data.

The numbers come from `settings.py` and the plotly figure from `panel_figure.py`. This module has
the controls, and the still picture for pages without a kernel.
"""

from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from sparcode_mini.data.split import Split
from sparcode_mini.plots.picture import Picture
from sparcode_mini.plots.sweep import sweep
from sparcode_mini.tools.checks import count
from sparcode_mini.training.recipe import WHOLE
from sparcode_mini.widgets.live import Job, Live, spoken
from sparcode_mini.widgets.panel_figure import TRACES, make_figure, show
from sparcode_mini.widgets.settings import (
    NAMES,
    ONE,
    code_text,
    figure_data,
    load_sweep,
    name_of,
    options,
    sentence,
    setting,
    values,
)
from sparcode_mini.widgets.shown import Shown

START = {"M": 1, "N": 128, "sparsity": 4.0}  # or the measured setting nearest to it
LABELS = {
    "M": "M: codebooks",
    "N": "N: codewords in each",
    "sparsity": "sparsity: weight of the L1 penalty",
}


class CopyCode(anywidget.AnyWidget):
    """Code as selectable text, with a button that copies it."""

    _esm = Path(__file__).parent / "copy_code.js"
    code = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return "CopyCode()"


class Panel(Shown):
    """Show how M, N and sparsity change quality, size and speed, over a stored sweep.

    Args:
        results: the sweep, as a dict or as the path of its file; None takes the project's own.
        split: data for "train this setting live"; None switches that button off.
        live_epochs: epochs of a live training.

    Attributes:
        M, N, sparsity: the three sliders.
        figure: the plotly figure; its traces are named in `panel_figure.TRACES`.
        text: the numbers in words.
        code: Python code of the chosen setting, with a button to copy it.
        reset: button that goes back to the first setting.
        live: live training, with its buttons `live.train` and `live.stop`.

    Raises:
        FileNotFoundError: no stored sweep; the message says how to make one.
        ValueError: `results` is no sweep, or epochs outside 1 .. 10,000.
    """

    noun = "panel"

    def __init__(
        self,
        results: dict[str, Any] | str | Path | None = None,
        split: Split | None = None,
        live_epochs: int = 5,
    ) -> None:
        if split is not None and not isinstance(split, Split):
            raise ValueError(f"split is a {type(split).__name__}; give the Split of some data")
        live_epochs = count(live_epochs, "live_epochs", 1, WHOLE["epochs"][1])
        self.results = load_sweep(results)
        self._start = _first(self.results)
        self.M, self.N, self.sparsity = (self._slider(name) for name in NAMES)
        self.figure = make_figure(figure_data(self.results, *self._start))
        self.text = ipywidgets.HTML()
        self.code = CopyCode()
        self.reset = ipywidgets.Button(description="Reset", icon="undo")
        self.live = Live(split, live_epochs, self._job, self._trained)
        self._held = False
        for slider in (self.M, self.N, self.sparsity):
            slider.observe(lambda _: self.update(), names="value")
        self.reset.on_click(lambda _: self.go_back())
        sliders = ipywidgets.VBox([self.M, self.N, self.sparsity])
        top = ipywidgets.HBox([sliders, self.reset], layout={"align_items": "flex-end"})
        super().__init__([top, self.text, self.figure, self.live, self.code])
        self.update()

    def _slider(self, name: str) -> Any:
        grid = values(self.results, name)
        return ipywidgets.SelectionSlider(
            options=[(f"{value:g}", value) for value in grid],
            value=self._start[NAMES.index(name)],
            description=LABELS[name],
            style={"description_width": "230px"},
            layout={"width": "520px"},
        )

    @property
    def chosen(self) -> tuple[int, int, float]:
        """Return the present M, N and sparsity of the sliders."""
        return self.M.value, self.N.value, self.sparsity.value

    def update(self) -> None:
        """Show the setting of the sliders; runs at each move of one."""
        if self._held:
            return
        show(self.figure, figure_data(self.results, *self.chosen))
        text = sentence(self.results, *self.chosen)
        self.text.value = spoken(text)
        self.code.code = code_text(self.results, *self.chosen)

    def go_back(self) -> None:
        """Put the sliders back to the start, and remove the point of the live training."""
        self._held = True
        self.M.value, self.N.value, self.sparsity.value = self._start
        self._held = False
        self._trained(None)
        self.update()

    # --- live training ----------------------------------------------------------------------

    def _job(self) -> Job:
        config = self.results.get("config", {})
        model, fit = options(self.results)
        row = setting(self.results, *self.chosen)
        on, data = config.get("on", "test"), config.get("fingerprint", "")
        return Job(row, model, fit, on, data)

    def _trained(self, point: dict[str, Any] | None) -> None:
        with self.figure.batch_update():
            trace = self.figure.data[TRACES.index("live")]
            trace.x = [point["bytes"]] if point else []
            trace.y = [point["ndcg"]] if point else []
            trace.visible = bool(point)
            low, high = figure_data(self.results, *self._start)["range"]
            if point:  # a short training may end below all stored ones
                low, high = min(low, 0.98 * point["ndcg"]), max(high, 1.02 * point["ndcg"])
            self.figure.layout.yaxis.range = (low, high)

    # --- without a kernel -------------------------------------------------------------------

    def __repr__(self) -> str:
        row = setting(self.results, *self.chosen)
        where = name_of(row)
        if not row["measured"]:
            return f"Panel({where}: not measured)"
        return f"Panel({where}: NDCG@50 {row[ONE]:.2f}, {row['entries']:,} entries)"

    def still(self) -> Picture:
        """Draw the present setting as a picture, for pages without a kernel."""
        return sweep(figure_data(self.results, *self.chosen), sentence(self.results, *self.chosen))


def _first(results: dict[str, Any]) -> tuple[Any, ...]:
    """Return the setting that is shown first: a measured one."""
    row = setting(results, START["M"], START["N"], START["sparsity"])  # type: ignore[arg-type]
    row = row if row["measured"] else row["nearest"][0]
    return tuple(row[name] for name in NAMES)
