"""Texts, images and vectors become H^u (B, L, D) and a mask: then any tokenizer reads them.

A text is a sequence of characters with an embedding each; an image is a grid of patches, embedded
by a small convolutional network; a vector of features is cut into pieces, each with a matrix. What
is special to a kind of query ends here: the tokenizer, the quantiser, the scorer and the index
don't know what they are fed.

Symbols: B queries, L embeddings of a query (characters, patches, pieces), D their width.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sparcode_mini.tools.checks import count, floats
from sparcode_mini.tools.options import short

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 "  # anything else counts as a space
IMAGE_SIDE, PATCHES = 8, 16  # of scikit-learn's digits, and what the convolutions leave of them
LARGEST_PIXEL = 16.0


def characters(texts: Any, length: int) -> Int[Tensor, "B L"]:
    """Return the characters of each text as numbers: 1 and up, padded on the right with 0.

    Args:
        texts: any text; case doesn't count, and what is no letter or digit is a space.
        length: characters that are read; the rest of a text is cut off.

    Raises:
        ValueError: one text instead of a list, something that is no text, or a text without a
            letter or digit.
    """
    length = count(length, "length")
    wrong = [texts] if isinstance(texts, str) else [t for t in texts if not isinstance(t, str)]
    if wrong:
        raise ValueError(f"texts: {short(wrong[0])}; give a list of texts, such as ['toy story']")
    plain = [re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()[:length] for text in texts]
    for number, text in enumerate(plain):
        if not text:
            raise ValueError(
                f"text {number}, {texts[number]!r}, has no letter or digit; write at least one"
            )
    table = np.zeros((len(plain), max(map(len, plain), default=1)), dtype=np.int64)  # (B, L)
    for row, text in zip(table, plain, strict=True):
        row[: len(text)] = [1 + LETTERS.index(letter) for letter in text]
    return torch.from_numpy(table)


class TextEmbeddings(nn.Module):
    """Texts -> one embedding per character.

    Args:
        dim: D.
        length: most characters that are read.
    """

    def __init__(self, dim: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.letters = nn.Embedding(1 + len(LETTERS), dim)

    def read(self, texts: Any) -> Int[Tensor, "B L"]:
        """Return texts as numbers."""
        return characters(texts, self.length)

    def forward(
        self, numbers: Int[Tensor, "B L"]
    ) -> tuple[Float[Tensor, "B L D"], Bool[Tensor, "B L"]]:
        """Return H^u and the mask of what is no padding; padding is zero."""
        mask = numbers > 0  # (B, L)
        return self.letters(numbers) * mask[..., None], mask


class ImageEmbeddings(nn.Module):
    """Grey 8 x 8 images -> 16 patch embeddings: two convolutions, and the place of each patch.

    The first convolution looks at 3 x 3 pixels around each pixel, the second makes one vector of
    each 2 x 2 block: a 4 x 4 grid, read row by row. Without the place a reader of patches could not
    tell a loop at the top from one at the bottom.

    Args:
        dim: D.
        length: most embeddings that the tokenizer reads; must allow for 16.
    """

    def __init__(self, dim: int, length: int) -> None:
        super().__init__()
        if length < PATCHES:
            raise ValueError(f"history_len = {length}; an image has {PATCHES} patches: give more")
        self.look = nn.Conv2d(1, dim // 2, kernel_size=3, padding=1)
        self.block = nn.Conv2d(dim // 2, dim, kernel_size=2, stride=2)
        self.places = nn.Embedding(PATCHES, dim)

    def read(self, images: Any) -> Float[Tensor, "B 1 8 8"]:
        """Return images (B, 8, 8) with values 0..16 as numbers 0..1.

        Raises:
            ValueError: another shape, or other values.
        """
        pixels = floats(images, "images").astype(np.float64)
        if pixels.ndim != 3 or pixels.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            raise ValueError(f"images have shape {pixels.shape}; give (B, 8, 8)")
        if pixels.size and not 0 <= pixels.min() <= pixels.max() <= LARGEST_PIXEL:
            raise ValueError(
                f"pixels span {pixels.min():g}..{pixels.max():g}; they must lie in 0..16"
            )
        scaled = torch.from_numpy(pixels / LARGEST_PIXEL)[:, None]  # (B, 1, 8, 8)
        return scaled.to(self.places.weight.dtype)

    def forward(
        self, pixels: Float[Tensor, "B 1 8 8"]
    ) -> tuple[Float[Tensor, "B 16 D"], Bool[Tensor, "B 16"]]:
        """Return H^u and a mask that is True everywhere."""
        x = self.block(self.look(pixels).relu())  # (B, D, 4, 4)
        H_u = x.flatten(2).transpose(1, 2) + self.places.weight  # (B, 16, D)
        return H_u, torch.ones(H_u.shape[:2], dtype=torch.bool)


class VectorEmbeddings(nn.Module):
    """Dense features -> one embedding per piece: a linear layer for each of L pieces of width W.

    What is known of a person without a history comes as such pieces: means of what they streamed,
    searched, liked, ... (zero where there was none), and plain numbers.

    Args:
        dim: D.
        length: most embeddings that the tokenizer reads; must allow for L.
        pieces: L.
        width: W.
    """

    def __init__(self, dim: int, length: int, pieces: int, width: int) -> None:
        super().__init__()
        if length < pieces:
            raise ValueError(f"history_len = {length}; a query has {pieces} pieces: give more")
        self.shape = (pieces, width)
        self.layers = nn.ModuleList(nn.Linear(width, dim) for _ in range(pieces))

    def read(self, vectors: Any) -> Float[Tensor, "B L W"]:
        """Return vectors (B, L, W) in the precision of the weights.

        Raises:
            ValueError: another shape, or a value that is not finite.
        """
        numbers = floats(vectors, "vectors")
        if numbers.ndim != 3 or numbers.shape[1:] != self.shape:
            pieces, width = self.shape
            raise ValueError(f"vectors have shape {numbers.shape}; give (B, {pieces}, {width})")
        values = torch.from_numpy(numbers).to(next(self.parameters()).dtype)  # (B, L, W)
        if not bool(values.isfinite().all()):
            raise ValueError(
                "a vector holds a value that is not finite; write 0 for what is unknown"
            )
        return values

    def forward(
        self, values: Float[Tensor, "B L W"]
    ) -> tuple[Float[Tensor, "B L D"], Bool[Tensor, "B L"]]:
        """Return H^u and a mask that is True everywhere."""
        pairs = zip(self.layers, values.unbind(dim=1), strict=True)
        H_u = torch.stack([layer(piece) for layer, piece in pairs], dim=1)  # (B, L, D)
        return H_u, torch.ones(H_u.shape[:2], dtype=torch.bool)


QUERIES: dict[str, Any] = {
    "text": TextEmbeddings,
    "image": ImageEmbeddings,
    "vector": VectorEmbeddings,
}


def make_embeddings(kind: str, dim: int, length: int, shape: Sequence[int] = ()) -> Any:
    """Build the embeddings of a kind of query; `shape` is (L, W) of a vector.

    Raises:
        ValueError: `kind` is none of QUERIES; a vector without shape, or another with one.
    """
    if kind not in QUERIES:
        raise ValueError(f"query = {kind!r}; choose 'history' or one of {tuple(QUERIES)}")
    if len(shape) != (2 if kind == "vector" else 0):
        raise ValueError(
            f"query = {kind!r} with query_shape = {tuple(shape)}; a vector needs (pieces, width), "
            "other queries none"
        )
    return QUERIES[kind](dim, length, *shape)


def plain_title(title: str) -> str:
    """Write a title as people type it: "Empire Strikes Back, The (1980)" -> "the empire ..."."""
    name = re.sub(r"\s*\(.*?\)", "", title)  # year, and names in other languages
    name, comma, article = name.rpartition(", ") if ", " in name else (name, "", "")
    whole = f"{article} {name}" if comma and article.isalpha() else f"{name}{comma}{article}"
    return " ".join(re.findall(r"[a-z0-9]+", whole.lower()))


def misspelt(text: str, rng: np.random.Generator) -> str:
    """Spoil a text in one of three ways: a letter is lost, two are swapped, or the end is missing.

    At least three letters remain; a shorter text comes back as it is.
    """
    if len(text) <= 3:
        return text
    place, way = int(rng.integers(1, len(text) - 1)), int(rng.integers(3))
    if way == 0:
        return text[:place] + text[place + 1 :]
    if way == 1:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[: max(place + 1, len(text) // 2, 3)].strip()
