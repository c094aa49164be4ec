"""What all widgets share: a still picture for pages without a kernel, and its description."""

import importlib
from typing import Any

import ipywidgets

from sparcode_mini.plots.picture import Picture, fold


class Still:
    """A widget that also has a still picture; a subclass gives `still` and `__repr__`.

    It stands before the class of the widget: ``class XRay(Still, anywidget.AnyWidget)``.
    """

    noun = "widget"  # its name in the title of the fold below it

    def still(self) -> Picture:
        """Draw the present state as a picture."""
        raise NotImplementedError

    def summary(self) -> str:
        """Return the title of the fold with the description of the picture."""
        return f"This {self.noun} at its start, in words"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the live widget, the still picture, and the stable text form."""
        return self._with(self.still(), **options)

    def _with(self, picture: Picture, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live: Any = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data = live[0] if isinstance(live, tuple) else live or {}
        still, metadata = picture._repr_mimebundle_()
        return {**data, **still, "text/plain": repr(self)}, metadata

    def _ipython_display_(self) -> None:
        """Show the widget, and below it the words of the still picture as a fold."""
        display: Any = importlib.import_module("IPython.display").display
        still = self.still()  # once: an X-ray takes seconds
        data, metadata = self._with(still)
        display(data, metadata=metadata, raw=True)
        display(fold(self.summary(), still.alt), raw=True)


class Shown(Still, ipywidgets.VBox):  # type: ignore[misc]
    """A box of controls with a still picture."""
