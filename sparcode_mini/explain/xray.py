"""The data of the X-ray: the way of a few people's queries through models, as plain JSON.

`xray` is a pure function of models and people. Its result holds numbers of the trained models only;
a page without Python then adds, compares with the threshold and sorts. Lists are those of an index
over all codes (`SparseIndex.build(model, codes="all")`), but with the scores S from *before* the
bias, and a little beyond the threshold, so that the reader can move the bias on the page.

Symbols: K_u tokens, L films read, R probes, M codebooks, N codewords, I films, G values of b.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from sparcode_mini.explain.people import Person
from sparcode_mini.explain.query import Explanation, Read
from sparcode_mini.explain.wishes import Wish, logits
from sparcode_mini.explain.xray_model import rounded, view_of_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.tools.checks import count, number
from sparcode_mini.tools.top_k import top_k
from sparcode_mini.tools.unicode import NO_TITLE, bare, isolated, safe, told_apart

FORMAT = 1


def xray(
    models: Sequence[SparCode],
    tower: TwoTower,
    people: Sequence[Person],
    wishes: Sequence[Wish] = (),
    k: int = 10,
    everybody: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Follow every person through every model.

    Args:
        models: one or more; the page lets the reader choose between them.
        tower: what to compare with.
        people: at least one.
        wishes: requests that the page offers.
        k: results of the two-tower, and of each model without rounding.
        everybody: how the first model and the two-tower compare over all people, as
            `studies.xray.everybody` returns it; None if nobody counted.

    Returns:
        A dictionary for JSON: "films" (titles of those that occur, in the order of the
        catalogue, with the id where two look alike; all other parts name a film by its place
        here), "people", "models", "wishes", "logits" (what a wanted label is worth; models hold
        it on their own scale as "constant"), "everybody".
        Scores S are rounded to 6 decimals, numbers that are only drawn to 3.

    Raises:
        ValueError: no model, no person, an empty history, an item position outside the catalogue,
            models of different catalogues, or k < 1.
    """
    _check(models, tower, people)
    k = count(k, "k")
    views = [view_of_model(model, people, k) for model in models]
    towers = [_tower(tower, person, k) for person in people]
    films = _films(views, people, [positions for positions, _ in towers], wishes)  # (films,)
    for view in views:
        view["lists"]["items"] = [_places(films, items) for items in view["lists"]["items"]]
        for query in view["queries"]:
            query["unrounded"] = _places(films, query["unrounded"])
    known = models[0].catalogue
    titles = [str(title) if title.strip() else NO_TITLE for title in known.titles[films]]
    return {
        "format": FORMAT,
        "catalogue": models[0].n_items,
        "films": list(map(isolated, told_apart(titles, known.item_ids[films]))),
        "people": [
            {
                "name": safe(person.name),
                "why": safe(person.why),
                "history": _places(films, person.history),
                "later": None if person.later is None else _places(films, person.later),
                "tower": {"films": _places(films, best), "scores": rounded(scores, 6)},
            }
            for person, (best, scores) in zip(people, towers, strict=True)
        ],
        "models": views,
        "wishes": [
            {
                "wanted": safe(wish.wanted),
                "unwanted": safe(wish.unwanted),
                "gains": _places(films, wish.gains),
                "out": _places(films, wish.out),
            }
            for wish in wishes
        ],
        "logits": logits(),
        "everybody": everybody,
    }


def explanation(
    data: dict[str, Any],
    person: int = 0,
    choice: int = 0,
    *,
    bias: float | None = None,
    probes: int = 1,
    on: Sequence[bool] = (),
    wish: int = 0,
    k: int = 10,
) -> Explanation:
    """Explain one query at one setting from the data alone, as `explain` does from an index.

    Args:
        data: what `xray` returned.
        person: place in data["people"].
        choice: place in data["models"].
        bias: b; None for the model's own.
        probes: R.
        on: for each token, is it added up? () for all.
        wish: number of a request in data["wishes"], from 1; 0 for none.
        k: results.

    Returns:
        An Explanation whose item positions are places in data["films"].

    Raises:
        ValueError: b is above the grid, so the lists in the data are too short for it; a person, a
            choice, probes, a wish or k outside their range.
    """
    model = data["models"][count(choice, "choice", 0, len(data["models"]) - 1)]
    view = data["people"][count(person, "person", 0, len(data["people"]) - 1)]
    bias, k = number(model["bias"] if bias is None else bias, "bias"), count(k, "k")
    if bias > max(model["grid"]):
        raise ValueError(f"bias = {bias}; the data hold lists for at most {max(model['grid'])}")
    reads_of = model["queries"][person]["reads"]
    if str(count(probes, "probes")) not in reads_of:
        raise ValueError(f"probes = {probes}; the data hold {' and '.join(reads_of)}")
    reads = _reads(model, reads_of[str(probes)], bias, on)
    history, out = np.array(view["history"], dtype=np.int64), np.array([], dtype=np.int64)
    if count(wish, "wish", 0, len(data["wishes"])):
        lists, out = _lists_of(data["wishes"][wish - 1], model)
        reads += lists
    films = np.array(list(map(bare, data["films"])), dtype=object)
    y = np.zeros((1, len(films)))
    for read in reads:
        y[0, read.items] += read.weight * read.values
    left_out = [np.concatenate([history, out])]
    best, sums = top_k(y, min(k, len(films)), exclude=left_out, positive_only=True)
    parts = np.array([[read.entry(film) for read in reads] for film in best[0].tolist()])
    return Explanation(history, tuple(reads), best[0], sums[0], parts, films)


def _reads(
    model: dict[str, Any], stored: dict[str, Any], bias: float, on: Sequence[bool]
) -> list[Read]:
    """Return the lists of the tokens, cut at b; a token that is switched off has weight 0."""
    reads = []
    for token, pairs in enumerate(zip(stored["rows"], stored["weights"], strict=True)):
        added = token >= len(on) or on[token]
        for row, weight in zip(*pairs, strict=True):
            values = np.array(model["lists"]["S"][row]) + bias  # (n,), largest first
            kept = values[values > 0]
            items = np.array(model["lists"]["items"][row][: len(kept)], dtype=np.int64)
            code = tuple(model["codes"][row])
            reads.append(Read(token, code, weight * added, items, kept))
    return reads


def _lists_of(wish: dict[str, Any], model: dict[str, Any]) -> tuple[list[Read], np.ndarray]:
    """Return the lists that a request opens, and the films (n,) that it leaves out.

    The list of the word that is not wanted has weight 0: it adds nothing, its films are out.
    """
    gains, out = (np.array(wish[name], dtype=np.int64) for name in ("gains", "out"))
    number, constant = model["tokens"], model["constant"]
    reads = [Read(number, (), 1.0, gains, np.full(len(gains), constant), word=wish["wanted"])]
    if wish["unwanted"]:
        nothing = np.zeros(len(out))
        reads.append(Read(number + 1, (), 0.0, out, nothing, word=f"no {wish['unwanted']}"))
    return reads, out


def _check(models: Sequence[SparCode], tower: TwoTower, people: Sequence[Person]) -> None:
    if not models or not people:
        raise ValueError(f"{len(models)} models, {len(people)} people; give at least one of each")
    ids = models[0].catalogue.item_ids.tolist()
    for model in [*models, tower]:
        if model.catalogue.item_ids.tolist() != ids:
            raise ValueError("the models know different films; train them on the same catalogue")
    for model in models:
        model.check_ready()
    for person in people:
        later = [] if person.later is None else person.later.tolist()
        if len(person.history) == 0:
            raise ValueError(f"the history of {person.name!r} is empty; give at least one film")
        for wrong in [p for p in [*person.history.tolist(), *later] if not 0 <= p < len(ids)]:
            raise ValueError(f"there is no item position {wrong}; they are 0 to {len(ids) - 1}")


def _films(
    views: list[dict[str, Any]],
    people: Sequence[Person],
    best: list[np.ndarray],
    wishes: Sequence[Wish],
) -> np.ndarray:
    """Return the sorted item positions (int64) that occur in lists, histories or results."""
    positions = [np.asarray(items) for view in views for items in view["lists"]["items"]]
    positions += [query["unrounded"] for view in views for query in view["queries"]]
    positions += [films for wish in wishes for films in (wish.gains, wish.out)]
    positions += [p.history for p in people] + [p.later for p in people if p.later is not None]
    return np.unique(np.concatenate(positions + best)).astype(np.int64)


def _places(films: np.ndarray, positions: np.ndarray) -> list[int]:
    """Return the place of each item position in the sorted `films`."""
    return np.searchsorted(films, positions).tolist()


@torch.no_grad()
def _tower(tower: TwoTower, person: Person, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (k,) and scores (k,) of the two-tower, without what the person has seen."""
    y = tower.token_scores(tower.history_tokens([person.history])).numpy()  # (1, I)
    best, scores = top_k(y, min(k, tower.n_items), exclude=[person.history])
    return best[0][best[0] >= 0], scores[0][best[0] >= 0]
