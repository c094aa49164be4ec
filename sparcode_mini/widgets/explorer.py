"""The frame of the panels: controls -> data -> charts and a sentence.

A panel defines its controls, a pure function from their values to data, and how data become a
`View` (charts and a sentence) and a still picture. The rest is here, once: the controls, the text
that screen readers read out, the stable text form, and the figure. On a page the same views are
drawn without Python, see `sparcode_mini.site.stored`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import ipywidgets

from sparcode_mini.plots.picture import Picture
from sparcode_mini.tools.checks import number
from sparcode_mini.tools.language import translated, translated_inside
from sparcode_mini.widgets import chart_plotly
from sparcode_mini.widgets.chart import View
from sparcode_mini.widgets.live import spoken
from sparcode_mini.widgets.shown import Shown

Value = float | str | None
STYLE, WIDE = {"description_width": "250px"}, {"width": "540px"}


class Span(NamedTuple):
    """All numbers from `low` to `high`; `step` is that of a slider, not of the values."""

    low: float
    high: float
    step: float


# name -> (label, choices as (text, value) or a Span, value at the start)
Choices = Mapping[str, tuple[str, Sequence[tuple[str, Any]] | Span, Any]]
Action = Callable[[dict[str, Any]], dict[str, Any]]  # values -> values


class Explorer(Shown):
    """Base of the panels: controls above a sentence and a plotly figure.

    Subclasses define `controls`, `data`, `view` and `picture`.

    Args:
        **start: values of the controls at the start, if not those of the class.

    Attributes:
        choices: what `controls` returned.
        actions: buttons that change the values; each names a method.
        needs_python: for a page, what works in JupyterLab only, and where to go for it.
        program: for a page, an ES module that computes what changes with the values; None: all
            views are stored, so there must be few.
        sliders: the controls by name; each has a `value`.
        figure: the plotly figure.
        text: the sentence about the data.
        reset: button that goes back to the start.

    Raises:
        ValueError: a name that no control has, or a value that it does not offer.
    """

    actions: ClassVar[Mapping[str, str]] = {}
    needs_python = ""
    program: ClassVar[Path | None] = None

    def __init__(self, **start: Value) -> None:
        self.choices = self.controls()
        self._refuse_unknown(start)
        self._start = {name: start.get(name, c[2]) for name, c in self.choices.items()}
        self.sliders = {name: self._slider(name) for name in self.choices}
        self._shown = translated_inside(self.view(self.data(**self.values)))
        self.figure = chart_plotly.figure_of(self._shown)
        self.text, self._held = ipywidgets.HTML(), False
        self.reset = ipywidgets.Button(description=translated("Reset"), icon="undo")
        for slider in self.sliders.values():
            slider.observe(lambda _: self.update(), names="value")
        self.reset.on_click(lambda _: self.go_back())
        self.buttons = {text: self._button(text) for text in self.actions}
        side = ipywidgets.VBox([*self.buttons.values(), self.reset])
        top = ipywidgets.HBox(
            [ipywidgets.VBox(list(self.sliders.values())), side],
            layout={"align_items": "flex-end"},
        )
        super().__init__([top, self.text, self.figure])
        self.update()

    def _refuse_unknown(self, names: Iterable[str]) -> None:
        unknown = sorted(set(names) - set(self.choices))
        if unknown:
            raise ValueError(f"there is no slider {unknown[0]!r}; there are {list(self.choices)}")

    def _slider(self, name: str) -> Any:
        label, options, _ = self.choices[name]
        start: Any = self._start[name]
        same = {"description": translated(label), "style": STYLE, "layout": WIDE}
        if isinstance(options, Span):
            start = number(start, name)
            if not options.low <= start <= options.high:
                raise ValueError(f"{name} = {start}; give {options.low:g} to {options.high:g}")
            low, high, step = options
            return ipywidgets.FloatSlider(value=start, min=low, max=high, step=step, **same)
        offered = [value for _, value in options]
        if start not in offered:
            raise ValueError(f"{name} = {start!r} is not offered; choose of {offered}")
        if sorted(map(repr, offered)) == ["False", "True"]:
            return ipywidgets.Checkbox(value=start, **same)
        words = all(isinstance(value, str) for value in offered)
        kind = ipywidgets.Dropdown if words else ipywidgets.SelectionSlider
        shown = [(translated(text), value) for text, value in options]
        return kind(options=shown, value=start, **same)

    def _button(self, text: str) -> Any:
        button = ipywidgets.Button(description=translated(text), icon="play")
        button.on_click(lambda _: self.put(getattr(self, self.actions[text])(self.values)))
        return button

    @property
    def values(self) -> dict[str, Any]:
        """Return the values of the controls by name."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def update(self) -> None:
        """Show the data of the present values; runs at each move of a control."""
        if self._held:
            return
        view = translated_inside(self.view(self.data(**self.values)))
        chart_plotly.show(self.figure, self._shown, view)
        self._shown = view
        self.text.value = spoken(view.text)

    def put(self, values: Mapping[str, Any]) -> None:
        """Set several controls and show them at once.

        Raises:
            ValueError: a name that no control has; then nothing is set.
            traitlets.TraitError: a value that a control does not offer; those before it are set.
        """
        self._refuse_unknown(values)
        self._held = True
        try:
            for name, value in values.items():
                self.sliders[name].value = value
        finally:  # else no later move would show anything
            self._held = False
            self.update()

    def go_back(self) -> None:
        """Put all controls back to the start."""
        self.put(self._start)

    # --- what a subclass defines ----------------------------------------------------------

    def controls(self) -> Choices:
        """Return the controls: numbers have sliders, names a list, yes or no a box."""
        raise NotImplementedError

    def data(self, **values: Any) -> dict[str, Any]:
        """Return everything that is shown, from the values of the controls."""
        raise NotImplementedError

    def view(self, data: dict[str, Any]) -> View:
        """Describe the data as charts and a sentence."""
        raise NotImplementedError

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the data as a still picture."""
        raise NotImplementedError

    # --- without a kernel -----------------------------------------------------------------

    def constants(self) -> dict[str, Any]:
        """Return what `program` needs beside the values of the controls."""
        return {}

    def still(self) -> Picture:
        """Draw the present state as a picture, for pages without a kernel."""
        return self.picture(self.data(**self.values))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{type(self).__name__}({inside})"
