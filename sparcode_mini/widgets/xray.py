"""The SparCode X-ray: one person's query from history to results, in one picture.

All that moves is in JavaScript and lives on in a page without a kernel; there it needs the traits
below, as JSON (`XRay.state`), and a `model` with `get`, `set` and `on`. Only films that a reader
types go to Python, which has the models.
"""

import copy
from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from sparcode_mini.explain import explain
from sparcode_mini.index import SparseIndex
from sparcode_mini.models import SparCode, TwoTower
from sparcode_mini.plots.people import journey
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.esm import HERE, one_module
from sparcode_mini.widgets.shown import Still
from sparcode_mini.xray import Person, composed, xray

YOU = "you"
FILES = ("xray_sums.js", "xray_words.js", "xray_stages.js", "xray_numbers.js", "xray.js")


class XRay(Still, anywidget.AnyWidget):
    """Follow one query through SparCode, beside a two-tower.

    Args:
        model: a trained SparCode that was loaded or made with its data.
        two_tower: what to compare with.
        history: titles of films that you liked, oldest first; adds a person "you".
        people: whom else to offer; None: the composed people of `sparcode_mini.xray`.
        others: further SparCode models (other M or N) that the reader can choose.
        **settings: initial values of the traits.

    Attributes:
        data: what `sparcode_mini.xray.xray` returns. Needed by the page.
        titles: titles that can be typed; [] hides the field, as in a page without a kernel.
        films: what was typed, oldest first. The page writes it, Python answers with new `data`.
        note: what is wrong with `films`, in words; "" if nothing.
        person, which: place in data's people, models.
        bias: b, one of the model's grid; None is the model's own.
        probes: R, 1 or 4.
        tokens: per token, is it added up; [] is all.
        stage: 0 the whole picture, 1 to 8 a step.

    Raises:
        ValueError: an unknown title (the message names close ones), or a model without data.
    """

    noun = "X-ray"
    _esm = one_module(*FILES)
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
    stage = traitlets.Int(0, min=0, max=8).tag(sync=True)

    def __init__(
        self,
        model: SparCode,
        two_tower: TwoTower,
        history: Sequence[str] | None = None,
        *,
        people: Sequence[Person] | None = None,
        others: Sequence[SparCode] = (),
        **settings: Any,
    ) -> None:
        self.split, self.models, self.tower = model.data, [model, *others], two_tower
        self.known = list(composed(self.split) if people is None else people)
        films = [] if history is None else list(history)
        self.people = [*self._you(films), *self.known]
        super().__init__(
            data=xray(self.models, self.tower, self.people),
            titles=sorted(set(self.split.titles.tolist())),
            films=films,
            **settings,
        )
        self.observe(lambda change: self.answer(change["new"]), names="films")

    def _you(self, films: Sequence[str]) -> list[Person]:
        return [Person(YOU, self.split.find_titles(films))] if films else []

    def answer(self, films: Sequence[str]) -> None:
        """Follow the person who typed these titles; what is wrong with them goes to `note`."""
        try:
            people = [*self._you(films), *self.known]
        except ValueError as error:
            self.note = str(error)
            return
        self.people = people
        with self.hold_sync():
            self.note, self.person = "", 0
            self.data = xray(self.models, self.tower, people)

    def state(self) -> dict[str, Any]:
        """The traits that a page without a kernel needs, as JSON; nothing can be typed there."""
        names = [name for name in XRay.class_own_traits(sync=True) if name[0] != "_"]
        return {name: getattr(self, name) for name in names} | {"titles": []}

    def __repr__(self) -> str:
        told = self.data["models"][self.which]
        return (
            f"XRay({self.people[self.person].name}; {told['name']}, "
            f"b={self._bias:g}, probes={self.probes}; {len(self.people)} people to choose from)"
        )

    @property
    def _bias(self) -> int | float:
        own: int | float = self.models[self.which].bias
        return own if self.bias is None else self.bias

    def still(self) -> Picture:
        """The chosen person's way through the chosen model at the present b, all tokens added."""
        model = copy.copy(self.models[self.which])  # shares the weights
        model.bias = self._bias
        person = self.people[self.person]
        ids = model.catalogue.item_ids[person.history].tolist()
        codes = model.encode_histories([ids], self.probes)
        index = SparseIndex.build(model, codes=codes)
        found = explain(model, index, person.history, probes=self.probes)
        later = np.array([], dtype=np.int64) if person.later is None else person.later
        return journey(found, relevant=later)
