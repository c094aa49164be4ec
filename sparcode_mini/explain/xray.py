"""What the X-ray shows: the way of a few people's queries through models, as plain JSON.

`xray` is a pure function of models and people. Everything in its answer is read from the trained
models; a page without Python then only adds, compares with the threshold and sorts. Lists are
those of an index over all codes (`SparseIndex.build(model, codes="all")`), with the scores S from
*before* the bias, and a little beyond the threshold, so that the bias can be moved on the page.

Symbols: K_u tokens, L films read, R probes, M codebooks, N codewords, I films, G values of b.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.explain.query import Explanation, Read
from sparcode_mini.model.base import pad
from sparcode_mini.model.quantizer import distinct_codes
from sparcode_mini.model.sparcode import SparCode, TwoTower
from sparcode_mini.model.tokenizers import SelfAttentionTokenizer
from sparcode_mini.tools.top_k import top_k

FORMAT = 1
PROBES = (1, 4)
NEAREST = 4  # codewords whose distance is told
OFFSETS = tuple(round(-1.0 + 0.05 * step, 2) for step in range(25))  # of the bias: -1 .. 0.2
MOST_CODES = 2**13  # up to so many, the entries of the whole index are counted
CODES_AT_ONCE = 128

# Composed by us from films of the catalogue: nobody's data.
COMPOSED: dict[str, tuple[str, ...]] = {
    "someone who liked space adventures": (
        "2001: A Space Odyssey (1968)",
        "Star Wars (1977)",
        "Alien (1979)",
        "Blade Runner (1982)",
        "Star Trek: First Contact (1996)",
        "Contact (1997)",
    ),
    "someone who liked cartoons and family films": (
        "Snow White and the Seven Dwarfs (1937)",
        "Pinocchio (1940)",
        "Beauty and the Beast (1991)",
        "Aladdin (1992)",
        "Lion King, The (1994)",
        "Babe (1995)",
    ),
    "someone who liked Hitchcock and film noir": (
        "Rebecca (1940)",
        "Maltese Falcon, The (1941)",
        "Big Sleep, The (1946)",
        "Rear Window (1954)",
        "Vertigo (1958)",
        "Psycho (1960)",
        "Chinatown (1974)",
    ),
    "someone who liked crime stories": (
        "Godfather, The (1972)",
        "Reservoir Dogs (1992)",
        "Pulp Fiction (1994)",
        "Seven (Se7en) (1995)",
        "Fargo (1996)",
        "L.A. Confidential (1997)",
    ),
    "someone who liked romances": (
        "Sabrina (1954)",
        "When Harry Met Sally... (1989)",
        "Sleepless in Seattle (1993)",
        "Sense and Sensibility (1995)",
        "Jerry Maguire (1996)",
        "My Best Friend's Wedding (1997)",
    ),
    "someone who liked horror, then cartoons": (
        "Shining, The (1980)",
        "Nightmare on Elm Street, A (1984)",
        "Scream (1996)",
        "Lion King, The (1994)",
        "Toy Story (1995)",
        "Hunchback of Notre Dame, The (1996)",
    ),
}


class Person(NamedTuple):
    """Somebody whose query is followed.

    Attributes:
        name: how the page calls them.
        history: item positions, oldest first; this is all that the models are given.
        later: item positions watched next, soonest first; None if nobody knows.
    """

    name: str
    history: np.ndarray
    later: np.ndarray | None = None


def composed(split: Split) -> list[Person]:
    """The people of `COMPOSED`, with the positions that their films have in `split`."""
    return [Person(name, split.find_titles(films)) for name, films in COMPOSED.items()]


def excerpt(split: Split, user: Any, films: int = 8, later: int = 10) -> Person:
    """A short piece of a real history: the last films before the test part, the first of it.

    Args:
        split: the data.
        user: raw id.
        films: how many of the history; models are given these only.
        later: how many of those watched next.

    Raises:
        ValueError: an unknown user, or no film asked for.
    """
    if films < 1:
        raise ValueError(f"films = {films}; an excerpt needs at least one")
    (history,), (test,) = split.history([user]), split.history([user], "test")
    return Person(f"person {user} of MovieLens (an excerpt)", history[-films:], test[:later])


def xray(
    models: Sequence[SparCode], tower: TwoTower, people: Sequence[Person], k: int = 10
) -> dict[str, Any]:
    """Follow every person through every model.

    Args:
        models: one or more; the page lets the reader choose between them.
        tower: what to compare with.
        people: at least one.
        k: results of the two-tower.

    Returns:
        JSON-serialisable: "films" (titles of those that occur; the order is that of the
        catalogue, everything else speaks of films by their place here), "people", "models".
        Scores S are rounded to 6 decimals, what is only drawn to 3.

    Raises:
        ValueError: no model, no person, an empty history, an item position outside the catalogue,
            or models of different catalogues.
    """
    _check(models, tower, people)
    told = [_model(model, people) for model in models]
    others = [_tower(tower, person, k) for person in people]
    named = [np.asarray(positions) for one in told for positions in one["lists"]["items"]]
    named += [p.history for p in people] + [p.later for p in people if p.later is not None]
    named += [positions for positions, _ in others]
    films = np.unique(np.concatenate(named)).astype(np.int64)
    for one in told:
        one["lists"]["items"] = [_places(films, items) for items in one["lists"]["items"]]
    return {
        "format": FORMAT,
        "catalogue": models[0].n_items,
        "films": models[0].catalogue.titles[films].tolist(),
        "people": [
            {
                "name": person.name,
                "history": _places(films, person.history),
                "later": None if person.later is None else _places(films, person.later),
                "tower": {"films": _places(films, best), "scores": _rounded(scores, 6)},
            }
            for person, (best, scores) in zip(people, others, strict=True)
        ],
        "models": told,
    }


def explanation(
    data: dict[str, Any],
    person: int = 0,
    which: int = 0,
    *,
    bias: int | float | None = None,
    probes: int = 1,
    on: Sequence[bool] = (),
    k: int = 10,
) -> Explanation:
    """One query at one setting, from the data alone: what `explain` finds in model and index.

    Args:
        data: what `xray` returned.
        person: place in data["people"].
        which: place in data["models"].
        bias: b; None is the model's own.
        probes: R.
        on: per token, is it added up; () is all.
        k: results.

    Returns:
        An Explanation whose item positions are places in data["films"].

    Raises:
        ValueError: b is above the grid: the lists in the data don't reach down so far.
    """
    model, own = data["models"][which], data["people"][person]
    bias = model["bias"] if bias is None else bias
    if bias > max(model["grid"]):
        raise ValueError(f"bias = {bias}; the data hold lists for at most {max(model['grid'])}")
    asked = model["queries"][person]["reads"][str(probes)]
    reads = []
    for token, pairs in enumerate(zip(asked["rows"], asked["weights"], strict=True)):
        added = token >= len(on) or on[token]
        for row, weight in zip(*pairs, strict=True):
            values = np.array(model["lists"]["S"][row]) + bias  # (n,), largest first
            kept = values[values > 0]
            items = np.array(model["lists"]["items"][row][: len(kept)], dtype=np.int64)
            code = tuple(model["codes"][row])
            reads.append(Read(token, code, weight * added, items, kept))
    films = np.array(data["films"], dtype=object)
    y = np.zeros((1, len(films)))
    for read in reads:
        y[0, read.items] += read.weight * read.values
    history = np.array(own["history"], dtype=np.int64)
    best, sums = top_k(y, min(k, len(films)), exclude=[history], positive_only=True)
    parts = np.array([[read.entry(film) for read in reads] for film in best[0].tolist()])
    return Explanation(history, tuple(reads), best[0], sums[0], parts, films)


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


def _places(films: np.ndarray, positions: np.ndarray) -> list[int]:
    return np.searchsorted(films, positions).tolist()


def _rounded(values: np.ndarray | Tensor, digits: int) -> list[Any]:
    # + 0.0 turns -0.0, which JSON would keep, into 0.0
    return (np.round(np.asarray(values, dtype=np.float64), digits) + 0.0).tolist()


@torch.no_grad()
def _tower(tower: TwoTower, person: Person, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (k,) and scores (k,) of the two-tower, without what the person has seen."""
    y = tower.token_scores(tower.history_tokens([person.history])).numpy()  # (1, I)
    best, scores = top_k(y, min(k, tower.n_items), exclude=[person.history])
    return best[0][best[0] >= 0], scores[0][best[0] >= 0]


# --- one model --------------------------------------------------------------------------------


@torch.no_grad()
def _model(model: SparCode, people: Sequence[Person]) -> dict[str, Any]:
    """One model with the queries of all people and the lists that they read."""
    model.eval()
    quantizer, config = model.quantizer, model.config
    probes = [R for R in PROBES if quantizer.N**quantizer.M >= R]
    tokens = model.history_tokens([p.history for p in people])  # (people, K_u, D_T)
    codes = {R: model.token_codes(tokens, R) for R in probes}
    table = distinct_codes(torch.cat([c.codes.flatten(0, 2) for c in codes.values()]))[0]  # (C, M)
    row = {tuple(code): place for place, code in enumerate(table.tolist())}
    grid = [round(model.bias + offset, 4) for offset in OFFSETS]  # (G,)
    books = list(quantizer.codebooks.detach())  # M times (N, d)
    axes = [_plane(book) for book in books]
    queries = []
    for b, person in enumerate(people):
        reads = {
            str(R): {
                "rows": [[row[tuple(c)] for c in own] for own in found.codes[b].tolist()],
                "weights": _rounded(found.weights[b], 8),
            }
            for R, found in codes.items()
        }
        told = _query(model, person, tokens[b], axes)
        queries.append({**told, "reads": reads})
    return {
        "name": f"M = {quantizer.M}, N = {quantizer.N}",
        "M": quantizer.M,
        "N": quantizer.N,
        "tokens": config["query_tokens"],
        "width": config["token_dim"],
        "tokenizer": config["tokenizer"],
        "reads_last": model.history_len,
        "bias": model.bias,
        "grid": grid,
        "entries": _entries(model, grid),
        "codewords": [_rounded(_flat(book, a), 3) for book, a in zip(books, axes, strict=True)],
        "codes": table.tolist(),
        "lists": _lists(model, table, max(grid)),
        "queries": queries,
    }


def _lists(model: SparCode, codes: Tensor, highest: float) -> dict[str, list[Any]]:
    """S of each code with the films that the highest b of the page would keep, largest first."""
    items, values = [], []
    for block in _scores(model, codes):
        for row in block:  # (I,)
            order = np.argsort(-row, kind="stable")
            order = order[row[order] + highest > 0]
            items.append(order)
            values.append(_rounded(row[order], 6))
    return {"items": items, "S": values}


def _scores(model: SparCode, codes: Tensor) -> "list[Float[np.ndarray, 'n I']]":
    """S, before bias and ReLU, in blocks of codes."""
    T_c = model.items()  # (I, K_c, D_T)
    return [
        model.scorer(model.quantizer.decode(block), T_c, model.item_bias).numpy()
        for block in codes.split(CODES_AT_ONCE)
    ]


def _entries(model: SparCode, grid: Sequence[float]) -> list[int] | None:
    """Entries of the whole index at each b (G,); None where there are too many codes to count."""
    M, N = model.quantizer.M, model.quantizer.N
    if N**M > MOST_CODES:
        return None
    every = torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)  # (N^M, M)
    counts = np.zeros(len(grid), dtype=np.int64)
    for S in _scores(model, every):
        counts += [(S + b > 0).sum() for b in grid]
    return counts.tolist()


# --- one query --------------------------------------------------------------------------------


def _query(
    model: SparCode, person: Person, tokens: Float[Tensor, "K_u D_T"], axes: list[Tensor]
) -> dict[str, Any]:
    """What the tokenizer did with one person, and where the tokens fell."""
    read = person.history[-model.history_len :]  # (L,)
    parts = model.quantizer.split(tokens)  # (M, K_u, d)
    nearest = []
    for part, book in zip(parts, model.quantizer.codebooks, strict=True):
        distances = torch.cdist(part, book).square()  # (K_u, N)
        order = distances.argsort(dim=1, stable=True)[:, :NEAREST]
        pairs = torch.stack([order.to(distances.dtype), distances.gather(1, order)], dim=-1)
        nearest.append([[[int(n), round(d, 3)] for n, d in token] for token in pairs.tolist()])
    moved, changed = _without(model, read, tokens)
    return {
        "values": _rounded(tokens, 3),
        "points": [_rounded(_flat(p, a), 3) for p, a in zip(parts, axes, strict=True)],
        "nearest": nearest,  # M times (K_u, NEAREST) of codeword, squared distance
        "attention": _attention(model, read),
        "moved": _rounded(moved, 3),
        "changed": changed,
    }


def _attention(model: SparCode, read: np.ndarray) -> list[Any] | None:
    """Weights (h, L) of the newest position in the last block; None for other tokenizers."""
    if not isinstance(model.tokenizer, SelfAttentionTokenizer):
        return None
    H_u = model.query_embeddings(pad([read]), None, model.items())  # (1, F + L, D)
    weights = model.tokenizer.attention(H_u)[0, :, -1]  # (h, F + L)
    return _rounded(weights[:, len(model.user_fields) :], 4)


def _without(
    model: SparCode, read: np.ndarray, tokens: Float[Tensor, "K_u D_T"]
) -> tuple[Float[Tensor, "K_u L"], list[list[Any]]]:
    """Leave one film out at a time: how far each token moves, and where its code changes.

    This is the attribution that the page draws: it holds for every tokenizer, and it tells the
    tokens apart, which attention can't (all of them are made from one state). The films after the
    one left out move up by one place.

    Returns:
        ||T_i - T_i without film l||, and [token, film, new code] for each changed code; with one
        film only there is nothing to leave out, and the first is the length of the tokens.
    """
    if len(read) == 1:
        return tokens.norm(dim=1, keepdim=True), []  # (K_u, 1)
    rest = model.history_tokens([np.delete(read, place) for place in range(len(read))])
    moved = (rest - tokens).norm(dim=-1).T  # (K_u, L)
    codes, others = model.quantizer.encode(tokens), model.quantizer.encode(rest)  # (L, K_u, M)
    different = (others != codes).any(dim=-1).nonzero().tolist()
    return moved, [[token, place, others[place, token].tolist()] for place, token in different]


# --- codewords in the plane ---------------------------------------------------------------------


def _plane(book: Float[Tensor, "N d"]) -> Float[Tensor, "d a"]:
    """The two directions (one if d = 1) in which a codebook spreads most; signs are fixed."""
    centred = book - book.mean(dim=0)
    _, _, Vt = torch.linalg.svd(centred, full_matrices=False)
    axes = Vt[:2].T  # (d, 2)
    largest = axes.abs().argmax(dim=0)
    return axes * axes[largest, range(axes.shape[1])].sign()


def _flat(x: Float[Tensor, "n d"], axes: Float[Tensor, "d a"]) -> Float[Tensor, "n 2"]:
    """Coordinates in the plane; a codebook of one dimension, or one codeword, lies on a line."""
    flat = x @ axes  # (n, a)
    return torch.nn.functional.pad(flat, (0, 2 - flat.shape[1]))
