"""Tokenizers and numbers of tokens on MovieLens-100K: quality, copies, and what tokens look at.

Every tokenizer is trained with K_u = 1 to 10, and with three seeds at K_u = 4. The model is the
sweep's small one and the training is short, so all scores are below those of the table. For a few
composed people the study also keeps what each token depends on and which films are nearest to it.
About 12 minutes on two cores.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.explain.tokens import influence, mean_cosine, nearest_films
from sparcode_mini.model.load import load_model
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure, with_history
from sparcode_mini.tools.progress import progress

QUERY_TOKENS = (1, 2, 4, 7, 10)
SEEDS, MIDDLE = (0, 1, 2), 4  # all seeds at K_u = MIDDLE, the first one elsewhere
MODEL: dict[str, Any] = {"token_dim": 32, "hidden": 8, "M": 1, "N": 64}
FIT: dict[str, Any] = {"epochs": 8, "max_positions": 150}
NEAREST = 10  # films kept for each token
KEPT = ("ndcg@50", "ndcg@50 probes=4", "recall@50", "validation ndcg@50", "used", "seconds")
CHEAP: dict[str, Any] = {"tokenizer": "dnn", "query_tokens": 2, "seed": 0, "epochs": 2}
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


def settings() -> list[tuple[str, int, int]]:
    """Return all (tokenizer, K_u, seed) that are trained."""
    return [
        (tokenizer, K_u, seed)
        for tokenizer in TOKENIZERS
        for K_u in QUERY_TOKENS
        for seed in (SEEDS if K_u == MIDDLE else SEEDS[:1])
    ]


def spec(tokenizer: str, query_tokens: int, epochs: int | None = None) -> Spec:
    """Return what is trained for one setting."""
    model = {**MODEL, "tokenizer": tokenizer, "query_tokens": query_tokens}
    short = {"stages": (0.0, 0.5)} if epochs else {}
    return {
        "class": "SparCode",
        "model": model,
        "fit": {**FIT, **short, "epochs": epochs or FIT["epochs"]},
    }


def measure(
    split: Split,
    folder: Path,
    tokenizer: str,
    query_tokens: int,
    seed: int,
    epochs: int | None = None,
) -> dict[str, Any]:
    """Train one setting (20 to 40 s on one core) and look at it; resumable.

    Returns:
        The setting, metrics, "cosine" (mean over people with a history; None for one token) and,
        for seed 0, "people": name -> {"influence": (K_u, L), "nearest": (K_u, NEAREST)}.
    """
    short = "" if epochs is None else f"-{epochs}epochs"
    name = f"{tokenizer}-{query_tokens}-{seed}{short}"
    result = train_and_measure(split, spec(tokenizer, query_tokens, epochs), seed, folder, name)
    model = load_model(folder / f"{name}.safetensors", split)
    several = query_tokens > 1
    entry = {"tokenizer": tokenizer, "query_tokens": query_tokens, "seed": seed}
    entry |= {key: result[key] for key in KEPT}
    entry["cosine"] = mean_cosine(model.tokens(with_history(split))) if several else None
    if seed == SEEDS[0]:
        entry["people"] = {
            person: look(model, split.find_titles(titles)) for person, titles in PEOPLE.items()
        }
    return entry


def look(model: Any, history: np.ndarray) -> dict[str, Any]:
    """Return what the tokens of one history depend on, and the films nearest to them."""
    T = model.history_tokens([history])[0]  # (K_u, D_T)
    shares = influence(model, history).numpy()  # (K_u, L)
    return {
        "influence": np.round(shares, 4).tolist(),
        "nearest": nearest_films(model, T, NEAREST).tolist(),
    }


def run(folder: Path) -> dict[str, Any]:
    """Train and look at every setting; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(split, folder, **CHEAP)
    entries = [measure(split, folder, *one) for one in progress(settings(), desc="tokens")]
    return {"entries": entries, "cheap": cheap}


def find(content: dict[str, Any], tokenizer: str, query_tokens: int) -> dict[str, Any]:
    """Return the entry of seed 0 for one setting.

    Raises:
        KeyError: this setting was not trained; the message lists what was.
    """
    for entry in content["entries"]:
        if (entry["tokenizer"], entry["query_tokens"], entry["seed"]) == (
            tokenizer,
            query_tokens,
            SEEDS[0],
        ):
            return dict(entry)
    there = sorted({(e["tokenizer"], e["query_tokens"]) for e in content["entries"]})
    raise KeyError(f"({tokenizer!r}, {query_tokens}) was not trained; there are {there}")


def in_numbers(
    content: dict[str, Any], tokenizer: str, query_tokens: int = MIDDLE
) -> tuple[float, np.ndarray, int]:
    """Return the numbers that the lesson gives for two of PEOPLE.

    Returns:
        For "cartoons, then thrillers" the mean share of the newest film; for "old romances and new
        horror, in turn" the share of the horror films in each token (K_u,), and how many different
        films the tokens ask for.

    Raises:
        KeyError: this setting was not trained.
    """
    people = find(content, tokenizer, query_tokens)["people"]
    newest = np.array(people["cartoons, then thrillers"]["influence"])[:, -1].mean()
    mixed = people["old romances and new horror, in turn"]
    horror = np.array(mixed["influence"])[:, 1::2].sum(axis=1)  # (K_u,): every second film
    return float(newest), horror, len(np.unique(mixed["nearest"]))


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "settings": settings(),
        "model": MODEL,
        "fit": FIT,
        "people": {person: list(titles) for person, titles in PEOPLE.items()},
        "nearest": NEAREST,
        "cheap": CHEAP,
        "data": "MovieLens-100K",
    }
