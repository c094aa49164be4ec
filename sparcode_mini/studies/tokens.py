"""Tokenizers and numbers of tokens on MovieLens-100K: quality, copies, and what tokens look at.

Four tokenizers with K_u = 1 and 4 tokens, in the small setting of `common.small`: each pair has a
learning rate of its own, chosen on validation, and three seeds. One token is compared with four of
the same tokenizer. At K_u = 4 the study asks what each token depends on, for many real people; for
a few composed people it keeps the answer whole, with the films that each token asks for. About 20
minutes on one core.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.explain.tokens import genres_of, influence, mean_cosine, nearest_films
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies.common import small
from sparcode_mini.studies.common.train_and_measure import Spec, with_history
from sparcode_mini.tools.progress import progress

INDENT = None  # many small tables: one line instead of one line each
QUERY_TOKENS, BASE = (1, 4), 4  # the other K_u are compared with K_u = BASE
NEAREST = 10  # films kept for each token
LAST, READERS = 8, 200  # films of a real person, and how many people are asked
CHEAP: dict[str, Any] = {"tokenizer": "dnn", "query_tokens": 2, "lr": 1e-2, "epochs": 2}
# Nobody real: people put together from film titles, oldest first.
PEOPLE: dict[str, tuple[str, ...]] = {
    "space, then more space": (
        "2001: A Space Odyssey (1968)",
        "Star Wars (1977)",
        "Alien (1979)",
        "Empire Strikes Back, The (1980)",
        "Blade Runner (1982)",
        "Return of the Jedi (1983)",
        "Aliens (1986)",
        "Star Trek: First Contact (1996)",
    ),
    "cartoons, then thrillers": (
        "Snow White and the Seven Dwarfs (1937)",
        "Aladdin (1992)",
        "Lion King, The (1994)",
        "Toy Story (1995)",
        "Silence of the Lambs, The (1991)",
        "Seven (Se7en) (1995)",
        "Fargo (1996)",
        "L.A. Confidential (1997)",
    ),
    "old romances and new horror, in turn": (
        "Casablanca (1942)",
        "Scream (1996)",
        "Roman Holiday (1953)",
        "Nightmare on Elm Street, A (1984)",
        "Gone with the Wind (1939)",
        "Shining, The (1980)",
        "Philadelphia Story, The (1940)",
        "Carrie (1976)",
    ),
}


def settings() -> list[tuple[str, int]]:
    """Return all (tokenizer, K_u)."""
    return [(tokenizer, K_u) for tokenizer in TOKENIZERS for K_u in QUERY_TOKENS]


def spec(tokenizer: str, query_tokens: int, lr: float, epochs: int | None = None) -> Spec:
    """Return what is trained for one setting."""
    model = {"tokenizer": tokenizer, "query_tokens": query_tokens}
    return small.spec(model, epochs, lr=lr)


def measure(
    split: Split,
    folder: Path,
    tokenizer: str,
    query_tokens: int,
    lr: float,
    seed: int = small.SEEDS[0],
    epochs: int | None = None,
) -> dict[str, Any]:
    """Train one setting (20 to 40 s on one core) and look at it; resumable.

    Returns:
        The setting, what `small.measure` returns, "cosine" (mean over people with a history; None
        for one token), for K_u = BASE "reading" (see `reading`), and for the first seed "people":
        name -> {"influence": (K_u, L), "nearest": (K_u, NEAREST)}.
    """

    def more(model: Any) -> dict[str, Any]:
        several = query_tokens > 1
        T = model.tokens(with_history(split))  # (B, K_u, D_T)
        answers: dict[str, Any] = {"cosine": mean_cosine(T) if several else None}
        if query_tokens == BASE:
            answers["reading"] = reading(model, split)
        if seed == small.SEEDS[0]:
            answers["people"] = {
                person: look(model, split.find_titles(titles)) for person, titles in PEOPLE.items()
            }
        return answers

    name = f"{tokenizer}-{query_tokens}" + ("" if epochs is None else f"-{epochs}epochs")
    setting = spec(tokenizer, query_tokens, lr, epochs)
    head = {"tokenizer": tokenizer, "query_tokens": query_tokens, "seed": seed, "lr": lr}
    conditions = {
        "base": BASE,
        "people": PEOPLE,
        "nearest": NEAREST,
        "last": LAST,
        "readers": READERS,
    }
    return head | small.measure(split, folder, name, setting, seed, more, conditions)


def look(model: Any, history: np.ndarray) -> dict[str, Any]:
    """Return what the tokens of one history depend on, and the films that they ask for."""
    T = model.history_tokens([history])[0]  # (K_u, D_T)
    shares = influence(model, history).numpy()  # (K_u, L)
    return {
        "influence": np.round(shares, 4).tolist(),
        "nearest": nearest_films(model, T, NEAREST).tolist(),
    }


def reading(model: Any, split: Split) -> dict[str, list[float]]:
    """Return how READERS people with LAST films or more are read: one number for each of them.

    "newest" is the share of the newest film, the mean over tokens. "apart" says how differently two
    tokens read: half of the sum of the differences of their shares, the mean over all pairs of
    tokens; 0 if they depend on the same films in the same shares, 1 if on different films.
    """
    histories = [h[-LAST:] for h in split.histories("train+validation") if len(h) >= LAST]
    newest, apart = [], []
    for history in histories[:READERS]:
        shares = influence(model, history).numpy()  # (K_u, L)
        newest.append(float(shares[:, -1].mean()))
        between = np.abs(shares[:, None] - shares).sum(axis=-1) / 2  # (K_u, K_u)
        apart.append(float(between.sum() / (len(shares) * (len(shares) - 1))))
    return {"newest": np.round(newest, 4).tolist(), "apart": np.round(apart, 4).tolist()}


def run(folder: Path) -> dict[str, Any]:
    """Train, tune and look at every setting; resumable.

    Returns:
        "tuning" (a row for each rate that was tried), "entries" (one for each setting and seed),
        "compared" (every K_u with BASE), "cheap", "films" (see `films_of`).
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(split, folder, **CHEAP)
    points: list[dict[str, Any]] = []
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for setting in progress(settings(), desc="tokens"):
        tried = tune(split, folder, *setting)
        head = dict(zip(("tokenizer", "query_tokens"), setting, strict=True))
        points += [head | point for point in tried]
        lr = small.chosen(tried)["lr"]
        runs[setting] = [measure(split, folder, *setting, lr, seed) for seed in small.SEEDS]
    entries = [small.without_values(entry) for seeds in runs.values() for entry in seeds]
    return {
        "tuning": points,
        "entries": entries,
        "compared": compared(runs),
        "cheap": small.without_values(cheap),
        "films": films_of(split, entries),
    }


def films_of(split: Split, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return "title" and "genres" of each film that is near to a token, by its position."""
    genres = genres_of(split)
    people = [profile for entry in entries for profile in entry.get("people", {}).values()]
    near = {film for profile in people for films in profile["nearest"] for film in films}
    return {
        str(film): {
            "title": str(split.titles[film]),
            "genres": [genres.vocabulary[g] for g in genres.values[film] if g > 0],
        }
        for film in sorted(near)
    }


def tune(split: Split, folder: Path, tokenizer: str, query_tokens: int) -> list[dict[str, Any]]:
    """Choose the learning rate of one setting."""
    name = f"tune-{tokenizer}-{query_tokens}"
    return small.tune_rate(split, folder, name, lambda lr: spec(tokenizer, query_tokens, lr))


def compared(runs: dict[tuple[str, int], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Compare every K_u with BASE of the same tokenizer, person by person."""
    return small.comparisons(
        [
            ({"tokenizer": tokenizer, "query_tokens": K_u}, runs[tokenizer, K_u],
             runs[tokenizer, BASE])
            for tokenizer, K_u in runs if K_u != BASE
        ]
    )  # fmt: skip


def find(content: dict[str, Any], tokenizer: str, query_tokens: int) -> dict[str, Any]:
    """Return the entry of the first seed for one setting.

    Raises:
        KeyError: this setting was not trained; the message lists what was.
    """
    for entry in content["entries"]:
        if (entry["tokenizer"], entry["query_tokens"], entry["seed"]) == (
            tokenizer,
            query_tokens,
            small.SEEDS[0],
        ):
            return dict(entry)
    there = sorted({(e["tokenizer"], e["query_tokens"]) for e in content["entries"]})
    raise KeyError(f"({tokenizer!r}, {query_tokens}) was not trained; there are {there}")


def read_by(content: dict[str, Any], tokenizer: str, measure: str) -> np.ndarray:
    """Return "newest" or "apart" of all people and seeds at K_u = BASE, (seeds, READERS)."""
    return np.array(
        [
            entry["reading"][measure]
            for entry in content["entries"]
            if (entry["tokenizer"], entry["query_tokens"]) == (tokenizer, BASE)
        ]
    )


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return small.config() | {
        "settings": settings(),
        "compared with": BASE,
        "people": {person: list(titles) for person, titles in PEOPLE.items()},
        "nearest": NEAREST,
        "last films": LAST,
        "readers": READERS,
        "cheap": CHEAP,
    }
