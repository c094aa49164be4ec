"""The frame of small panels: sliders -> data -> a plotly figure and a sentence.

A panel defines its sliders, a pure function from their values to data, and how data become a
figure, a sentence and a still picture. The rest is here, once: the moves of a slider, the text that
screen readers read out, the stable text form, and what a page without a kernel shows.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets
import plotly.graph_objects as go

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.live import spoken
from sparcode_mini.widgets.shown import Shown

Value = float | str | None
# name -> (label, choices as (text, value), value at the start)
Choices = Mapping[str, tuple[str, Sequence[tuple[str, Any]], Any]]


class Explorer(Shown):
    """Base of the small panels: sliders above a sentence and a plotly figure.

    Subclasses define `choices`, `data`, `build`, `draw`, `sentence` and `picture`.

    Args:
        **start: values of the sliders at the start, if not those of the class.

    Attributes:
        sliders: by name; a slider's `value` is one of its choices.
        figure: the plotly figure.
        text: the sentence about the data.
        reset: button that goes back to the start.

    Raises:
        ValueError: a name that no slider has, or a value that it does not offer.
    """

    choices: ClassVar[Choices]

    def __init__(self, **start: Value) -> None:
        unknown = sorted(set(start) - set(self.choices))
        if unknown:
            raise ValueError(f"there is no slider {unknown[0]!r}; there are {list(self.choices)}")
        self._start = {name: start.get(name, c[2]) for name, c in self.choices.items()}
        self.sliders = {name: self._slider(name) for name in self.choices}
        self.figure = go.FigureWidget(layout=LAYOUT)
        self.figure._config = {"responsive": True, "displayModeBar": False}
        self.text, self._held = ipywidgets.HTML(), False
        self.reset = ipywidgets.Button(description="Reset", icon="undo")
        self.build(self.figure, self.data(**self.values))
        for slider in self.sliders.values():
            slider.observe(lambda _: self.update(), names="value")
        self.reset.on_click(lambda _: self.go_back())
        column = ipywidgets.VBox(list(self.sliders.values()))
        top = ipywidgets.HBox([column, self.reset], layout={"align_items": "flex-end"})
        super().__init__([top, self.text, self.figure])
        self.update()

    def _slider(self, name: str) -> Any:
        label, options, _ = self.choices[name]
        if self._start[name] not in [value for _, value in options]:
            offered = [value for _, value in options]
            raise ValueError(f"{name} = {self._start[name]!r} is not offered; choose of {offered}")
        return ipywidgets.SelectionSlider(
            options=list(options),
            value=self._start[name],
            description=label,
            style={"description_width": "250px"},
            layout={"width": "540px"},
        )

    @property
    def values(self) -> dict[str, Any]:
        """Return the values of the sliders by name."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def update(self) -> None:
        """Show the data of the present values; runs at each move of a slider."""
        if self._held:
            return
        data = self.data(**self.values)
        with self.figure.batch_update():
            self.draw(self.figure, data)
        self.text.value = spoken(self.sentence(data))

    def go_back(self) -> None:
        """Put all sliders back to the start."""
        self._held = True
        for name, slider in self.sliders.items():
            slider.value = self._start[name]
        self._held = False
        self.update()

    # --- what a subclass defines ----------------------------------------------------------

    def data(self, **values: Any) -> dict[str, Any]:
        """Return everything that is shown, from the values of the sliders."""
        raise NotImplementedError

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make traces and axes, once."""
        raise NotImplementedError

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Bring the data into the traces that are there."""
        raise NotImplementedError

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe the data in words."""
        raise NotImplementedError

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the data as a still picture."""
        raise NotImplementedError

    # --- without a kernel -----------------------------------------------------------------

    def still(self) -> Picture:
        """Draw the present state as a picture, for pages without a kernel."""
        return self.picture(self.data(**self.values))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{type(self).__name__}({inside})"


LAYOUT: dict[str, Any] = {
    "template": "none",
    "height": 400,
    "autosize": True,
    "margin": {"l": 62, "r": 24, "t": 40, "b": 50},
    "paper_bgcolor": ink.CARD,
    "plot_bgcolor": ink.CARD,
    "font": {"family": "sans-serif", "size": 13, "color": ink.INK},
    "showlegend": False,
}


def plain(text: str) -> str:
    """Return a text that plotly shows as it is; by itself it reads tags, entities and $math$."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def axis(**more: Any) -> dict[str, Any]:
    """Return an axis in the house style."""
    return {"gridcolor": ink.FAINT, "zeroline": False, "fixedrange": True, **more}


def named(*names: str) -> dict[str, Any]:
    """Return an axis that names horizontal bars at 0, 1, ..., the first one on top."""
    places = list(range(len(names)))
    text = [f"{name} " for name in names]
    return {"range": [len(names) - 0.5, -0.5], "tickvals": places, "ticktext": text}


def hatch(*shapes: str) -> dict[str, Any]:
    """Return the patterns of bars, drawn light on their colour."""
    return {"shape": list(shapes), "fgcolor": ink.CARD, "size": 6, "fillmode": "overlay"}


def heading(x: float, y: float, text: str) -> dict[str, Any]:
    """Return a bold line of text above a part of the figure."""
    return {
        "x": x,
        "y": y,
        "text": f"<b>{text}</b>",
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
        "showarrow": False,
    }
