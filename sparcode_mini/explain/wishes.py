"""Requests beside a history, such as "Comedy, no War": codes that are words, with exact lists.

A word that is wanted adds a constant to the films that have it; films with a word that is not
wanted are left out. Nothing is trained for that.
"""

from typing import NamedTuple

import numpy as np

from sparcode_mini import results
from sparcode_mini.data.labels import labels_of
from sparcode_mini.data.split import Split
from sparcode_mini.model.sparcode import SparCode

WISHES = (("Comedy", "War"), ("Sci-Fi", "Horror"), ("star", ""))  # wanted, not wanted ("": nothing)


class Wish(NamedTuple):
    """A request.

    Attributes:
        wanted: the label whose films gain a constant.
        unwanted: the label whose films are left out; "" for none.
        gains: item positions of the films with `wanted`, ascending.
        out: item positions of the films with `unwanted`, ascending.
    """

    wanted: str
    unwanted: str
    gains: np.ndarray
    out: np.ndarray


def wishes_of(split: Split) -> list[Wish]:
    """Return those of WISHES whose labels the data have: values of features, or title words."""
    try:
        labels = labels_of(split)
    except ValueError:  # no item has a label
        return []
    known = {name.casefold(): row for name, row in zip(labels.names, labels.holds, strict=True)}
    return [
        Wish(wanted, unwanted, *(np.flatnonzero(known[w.casefold()]) for w in (wanted, unwanted)))
        for wanted, unwanted in WISHES
        if {wanted.casefold(), unwanted.casefold()} <= known.keys()
    ]


def logits() -> float:
    """Return what a wanted label is worth beside the lists of a SparCode, in logits.

    The study `wishes` of lesson 10 (way "all lists", setting "logs") chose it on validation, as the
    value where its constants start. There they are trained further, one for each label; here not.
    """
    runs = results.load("wishes")["runs"]
    chosen = {r["constant"] for r in runs if (r["kind"], r["setting"]) == ("all lists", "logs")}
    (constant,) = chosen
    return float(constant)


def constant_of(model: SparCode) -> float:
    """Return `logits` on the scale of a model's scores y: y times its logit scale is a logit."""
    return logits() / float(model.logit_scale.detach())
