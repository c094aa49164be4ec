"""The SparCode X-ray: one person's query from history to results, in one picture.

All interaction is in JavaScript and also works on a page without a kernel. There it needs the
traits below, as JSON, and a `model` with `get`, `set` and `on`. Only films that a reader types go
to Python, which has the models.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from sparcode_mini import results
from sparcode_mini.explain.people import Person, find_items, item_names, people_of
from sparcode_mini.explain.wishes import wishes_of
from sparcode_mini.explain.xray import explanation, xray
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.plots.people import journey
from sparcode_mini.plots.picture import Picture
from sparcode_mini.tools.options import check_options
from sparcode_mini.tools.unicode import safe
from sparcode_mini.widgets.esm import one_module
from sparcode_mini.widgets.shown import Still

YOU, FILM = "you", ["film", "films"]
SETTINGS = ("person", "which", "bias", "probes", "tokens", "wish", "stage", "nouns", "layout")
HERE = Path(__file__).parent
PARTS = ("_sums", "_words", "_elements", "_rounding", "_request", "_stages", "_wires", "_controls",
         "_numbers", "")  # fmt: skip
FILES = ("elements.js", "numbers.js", *(f"xray{part}.js" for part in PARTS))


class XRay(Still, anywidget.AnyWidget):
    """Follow one query through SparCode, beside a two-tower.

    Args:
        model: a trained SparCode that was loaded or made with its data; None shows the stored
            people and models, without data and without training.
        two_tower: the model to compare with; given together with `model`.
        history: titles of films that you liked, oldest first; adds a person "you". Where several
            films share a title, add the id: "Contact (id 7)".
        people: further people to offer; None: those of `sparcode_mini.explain.people.people_of`.
        others: further SparCode models (other M or N) that the reader can choose.
        **settings: initial values of the traits.

    Attributes:
        data: what `sparcode_mini.explain.xray.xray` returns. Needed by the page.
        titles: titles that can be typed; [] hides the field, as in a page without a kernel.
        films: the typed titles, oldest first. The page sets them, Python answers with new `data`.
        note: the error in `films`, in words; "" if there is none.
        person, which: positions in the people and the models of `data`.
        bias: b, from the grid of the model; None takes the model's b.
        probes: R, 1 or 4.
        tokens: for each token, whether its list is added; [] adds all.
        wish: number of a request in `data`, from 1; 0 for none.
        stage: 0 for the whole picture, 1 to 8 for one step.
        nouns: what one item is called, and several: two words.

    Raises:
        ValueError: an unknown title (the message names close ones), a model without data or
            without a two-tower, or people without models to follow them.
        TypeError: a setting that there is not.
        TraitError: a setting outside its range, which the message names; also when it is set later.
    """

    noun = "X-ray"
    # In the address of a page.
    shared = ("person", "which", "wish", "bias", "probes", "tokens", "stage")
    _esm = one_module(HERE, *FILES)
    _css = HERE / "xray.css"
    data: Any = traitlets.Dict().tag(sync=True)
    titles: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    films: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    person = traitlets.Int(0, min=0).tag(sync=True)
    which = traitlets.Int(0, min=0).tag(sync=True)
    bias = traitlets.Float(None, allow_none=True).tag(sync=True)
    probes = traitlets.Int(1, min=1).tag(sync=True)
    tokens: Any = traitlets.List(traitlets.Bool()).tag(sync=True)
    wish = traitlets.Int(0, min=0).tag(sync=True)
    stage = traitlets.Int(0, min=0, max=8).tag(sync=True)
    nouns: Any = traitlets.List(traitlets.Unicode(), FILM, minlen=2, maxlen=2).tag(sync=True)

    def __init__(
        self,
        model: SparCode | None = None,
        two_tower: TwoTower | None = None,
        history: Sequence[str] | None = None,
        *,
        people: Sequence[Person] | None = None,
        others: Sequence[SparCode] = (),
        **settings: Any,
    ) -> None:
        check_options(settings, SETTINGS, "an XRay")
        self._models: list[SparCode] = [] if model is None else [model, *others]
        if model is None or two_tower is None:
            if any(x is not None for x in (model, two_tower, history, people)) or others:
                raise ValueError("give both a SparCode and a two-tower; or nothing at all")
            super().__init__(data=results.load("xray")["data"], **settings)
            return
        self._split, self._tower = model.data, two_tower
        self._names = item_names(self._split)
        self._wishes = wishes_of(self._split)
        self._known = list(people_of(self._split) if people is None else people)
        typed = [history] if isinstance(history, str) else () if history is None else history
        films = list(map(safe, typed))
        super().__init__(
            data=self._follow(films),
            titles=sorted(self._names),
            films=films,
            **settings,
        )
        self.observe(lambda change: self.answer(change["new"]), names="films")

    def _follow(self, films: Sequence[str]) -> dict[str, Any]:
        people = [Person(YOU, find_items(self._split, self._names, films))] if films else []
        people += self._known
        if not people:
            raise ValueError("there is nobody to follow; give history=[titles of films]")
        return xray(self._models, self._tower, people, self._wishes)

    @traitlets.validate("person", "which", "wish")
    def _in_data(self, proposal: Any) -> Any:
        """Refuse a person, a model or a request that the data do not have."""
        name, value = proposal["trait"].name, proposal["value"]
        data = self.data
        most = {
            "person": len(data["people"]) - 1,
            "which": len(data["models"]) - 1,
            "wish": len(data["wishes"]),
        }[name]
        if value > most:
            raise traitlets.TraitError(f"{name} = {value}; choose one of 0 to {most}")
        return value

    @traitlets.validate("probes")
    def _probed(self, proposal: Any) -> Any:
        """Refuse probes for which the data have no numbers."""
        known, value = self.offered["probes"], proposal["value"]
        if value not in known:
            raise traitlets.TraitError(f"probes = {value}; choose one of {known}")
        return value

    @traitlets.validate("bias")
    def _on_grid(self, proposal: Any) -> Any:
        """Refuse a b beyond all grids; between two values of one the page shows the nearer."""
        grid, value = [b for model in self.data["models"] for b in model["grid"]], proposal["value"]
        if value is not None and not min(grid) <= value <= max(grid):
            least, most = min(grid), max(grid)
            raise traitlets.TraitError(f"bias = {value}; give a number from {least:g} to {most:g}")
        return value

    @property
    def offered(self) -> dict[str, Any]:
        """Return what an address of a page may set each trait to: a list, or a range."""
        data, models = self.data, self.data["models"]
        grid = [b for model in models for b in model["grid"]]
        return {
            "person": list(range(len(data["people"]))),
            "which": list(range(len(models))),
            "wish": list(range(len(data["wishes"]) + 1)),
            "bias": {"low": min(grid), "high": max(grid), "whole": False},
            "tokens": {"sizes": [0, *{model["tokens"] for model in models}], "each": [True, False]},
            "probes": sorted({int(R) for model in models for R in model["queries"][0]["reads"]}),
        }

    def answer(self, films: Sequence[str]) -> None:
        """Answer typed titles with new `data`, or with an error in `note`."""
        try:
            data = self._follow(films)
        except ValueError as error:
            self.note = str(error)
            return
        with self.hold_sync():
            self.note, self.person, self.data = "", 0, data

    def __repr__(self) -> str:
        model, people = self.data["models"][self.which], self.data["people"]
        return (
            f"XRay({people[self.person]['name']}; {model['name']}, "
            f"b={self._bias:g}, probes={self.probes}; {len(people)} people to choose from)"
        )

    @property
    def _bias(self) -> float:
        """Return the value of the model's grid that the page shows."""
        model = self.data["models"][self.which]
        wanted = model["bias"] if self.bias is None else self.bias
        nearest: float = min(model["grid"], key=lambda b: abs(b - wanted))
        return nearest

    def still(self) -> Picture:
        """Draw the chosen person's query through the chosen model at the present settings."""
        at = {"bias": self._bias, "probes": self.probes, "on": self.tokens, "wish": self.wish}
        answer = explanation(self.data, self.person, self.which, **at)
        later = self.data["people"][self.person]["later"] or []
        return journey(answer, relevant=np.array(later, dtype=np.int64))
