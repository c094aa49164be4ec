"""Four kinds of query, embedded: what a tokenizer reads, by layers that were not trained."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.model.base import pad
from sparcode_mini.model.queries import ImageEmbeddings, TextEmbeddings
from sparcode_mini.model.tokenizers import Tokenizer
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.worlds.digits import digits

WIDTH = 16
COLUMNS = ("age", "gender", "occupation")
FILMS = 12
TITLE = "Toy Story"

Embedded = tuple[Float[Tensor, "1 L D"], Bool[Tensor, "1 L"]]


def four(movies: Split, person: int) -> dict[str, Embedded]:
    """Return a history, a table row, a text and an image as embeddings of WIDTH numbers.

    Args:
        movies: MovieLens-100K.
        person: raw id; the first FILMS films and the row of the table of people are embedded.

    Returns:
        A name -> (H^u, mask).
    """
    reader = TwoTower(movies, user_features=COLUMNS, token_dim=WIDTH).eval()
    row = torch.from_numpy(movies.user_positions([person]))  # (1,)
    films = pad([movies.history([person])[0][:FILMS]])  # (1, FILMS)
    with torch.no_grad():
        both = reader.query_embeddings(films, row, reader.items())  # (1, columns + FILMS, D)
        text, image = TextEmbeddings(WIDTH, 50), ImageEmbeddings(WIDTH, 50)
        return {
            f"history of {FILMS} films": _real(both[:, len(COLUMNS) :]),
            f"row: {', '.join(COLUMNS)}": _real(both[:, : len(COLUMNS)]),
            f"text: {TITLE}": text(text.read([TITLE])),
            "image, 8 x 8 pixels": image(image.read(digits().images[:1])),
        }


def shapes(
    queries: Mapping[str, Embedded], tokenizer: Tokenizer
) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Return for each query its name, (L, D) of H^u and (K_u, D_T) of what the tokenizer makes."""
    rows = []
    for name, (H_u, mask) in queries.items():
        T_u = tokenizer(H_u, mask)  # (1, K_u, D_T)
        rows.append((name, (H_u.shape[1], H_u.shape[2]), (T_u.shape[1], T_u.shape[2])))
    return rows


def _real(H_u: Tensor) -> Embedded:
    return H_u, torch.ones(H_u.shape[:2], dtype=torch.bool)
