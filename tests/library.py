"""A small catalogue that is not films: books and loans as tables, and models trained on them."""

from pathlib import Path

import numpy as np

from sparcode_mini import cli

TRAIN = ["--token-dim", "8", "--epochs", "3"]
GENRES = ("Sea", "Garden", "Orbit", "Murder")
VOLUMES = 10  # of each genre


def tables(folder: Path, titles: dict[int, str] | None = None) -> list[str]:
    """Write loans.csv and books.csv, and return the options that name them.

    Args:
        folder: where.
        titles: other titles, by the position of the book.
    """
    rng = np.random.default_rng(3)
    names = [f"{genre} Story {n + 1}" for genre in GENRES for n in range(VOLUMES)]
    for position, title in (titles or {}).items():
        names[position] = title
    rows = []
    for reader in range(60):
        steps = np.cumsum(rng.choice([1, 1, 2], size=int(rng.integers(8, 14))))
        books = (int(rng.integers(len(names))) + steps) % len(names)
        rows += [f"reader{reader:02},b{book:02},{time}" for time, book in enumerate(books)]
    loans, books = folder / "loans.csv", folder / "books.csv"
    loans.write_text("\n".join(["user,item,time", *rows]), "utf-8")
    lines = [f'b{n:02},"{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names)]
    books.write_text("\n".join(["item,title", *lines]), "utf-8", newline="")
    return ["--data", str(loans), "--items", str(books)]


def train(folder: Path, data: list[str]) -> list[str]:
    """Train both models by the command line, and return the options that name them."""
    model, tower = str(folder / "sparcode.safetensors"), str(folder / "tower.safetensors")
    assert cli.main(["train", *data, *TRAIN, "--N", "8", "--out", model]) == 0
    assert cli.main(["train", *data, *TRAIN, "--model", "two-tower", "--out", tower]) == 0
    return ["--model", model, "--two-tower", tower]
