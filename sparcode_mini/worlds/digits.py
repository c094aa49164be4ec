"""Handwritten digits and the words for them: image queries, and items described by attributes.

The images are scikit-learn's (1,797 digits of 8 x 8 pixels; Alpaydin and Kaynak 1998), which come
with that package. The items are the words for 0 to 9 in six languages, 60 in all. The relevant
items for an image of a 3 are the six words for three.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

LANGUAGES = {
    "English": "zero one two three four five six seven eight nine",
    "German": "null eins zwei drei vier fünf sechs sieben acht neun",
    "French": "zéro un deux trois quatre cinq six sept huit neuf",
    "Spanish": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "Italian": "zero uno due tre quattro cinque sei sette otto nove",
    "Turkish": "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
}
LOOPS = ("one", "none", "none", "none", "none", "none", "one", "none", "two", "one")
LINES = (  # what the printed digit is made of
    "curved", "straight", "both", "curved", "straight", "both", "curved", "straight", "curved",
    "curved",
)  # fmt: skip
TRAINING_IMAGES = 1297


class Digits(NamedTuple):
    """Images (n, 8, 8) with values 0..16 and their digits (n,), in two parts."""

    images: Any
    labels: Any
    test_images: Any
    test_labels: Any


def digits(seed: int = 0) -> Digits:
    """Read all images in random order: 1,297 to learn from, 500 to test with."""
    bunch: Any = load_digits()
    order = np.random.default_rng(seed).permutation(len(bunch.target))
    first, rest = order[:TRAINING_IMAGES], order[TRAINING_IMAGES:]
    return Digits(bunch.images[first], bunch.target[first], bunch.images[rest], bunch.target[rest])


def number_words() -> pd.DataFrame:
    """Return one row per word: item (number), title, digit, language, parity, loops, lines.

    Item i means the digit i % 10.
    """
    words = [(word, name) for name, text in LANGUAGES.items() for word in text.split()]
    value = [number % 10 for number in range(len(words))]
    return pd.DataFrame(
        {
            "item": range(len(words)),
            "title": [f"{word} ({name})" for word, name in words],
            "digit": [str(v) for v in value],
            "language": [name for _, name in words],
            "parity": ["odd" if v % 2 else "even" for v in value],
            "loops": [LOOPS[v] for v in value],
            "lines": [LINES[v] for v in value],
        }
    )


def unseen_words() -> np.ndarray:
    """Return ten items to keep out of training: of each digit d the word in language d % 6."""
    return np.array([10 * (d % len(LANGUAGES)) + d for d in range(10)])
