"""The panel of tokens: the films that a token depends on, and the films nearest to it.

The study "tokens" measured all of it; a slider only selects a stored result.
"""

from collections import Counter
from typing import Any

from sparcode_mini import results
from sparcode_mini.lessons.tokens.draw import looks
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.plots.titles import shorten
from sparcode_mini.studies.tokens import PEOPLE, QUERY_TOKENS, find
from sparcode_mini.widgets.chart import (
    Axis,
    Bars,
    Cells,
    Chart,
    Column,
    View,
    percent,
    rows,
    shares,
)
from sparcode_mini.widgets.explorer import Choices, Explorer

MOST_GENRES = 6


def token_data(
    stored: dict[str, Any], person: str, tokenizer: str, K_u: int, token: int
) -> dict[str, Any]:
    """Return everything that the panel shows.

    Args:
        stored: the result of the study "tokens".
        person: a name of studies.tokens.PEOPLE.
        tokenizer: one of TOKENIZERS.
        K_u: tokens of a query.
        token: number of the token, from 1; if there are fewer, the last one is shown.

    Returns:
        "films" (L titles), "influence" (K_u, L), "token" (the one shown), "nearest" (titles),
        "genres" (share of the nearest films by genre, largest first), "asked" (the argument
        `token`), "ndcg@50" of the setting (4 probes), and the other arguments but `stored`.

    Raises:
        KeyError: a setting that was not trained.
    """
    entry = find(stored, tokenizer, K_u)
    profile, shown = entry["people"][person], min(token, K_u)
    nearest = [stored["films"][str(film)] for film in profile["nearest"][shown - 1]]
    counts = Counter(sorted(genre for film in nearest for genre in film["genres"]))
    return {
        "person": person,
        "tokenizer": tokenizer,
        "K_u": K_u,
        "films": list(stored["config"]["people"][person]),
        "influence": profile["influence"],
        "token": shown,
        "asked": token,
        "nearest": [film["title"] for film in nearest],
        "genres": {g: n / len(nearest) for g, n in counts.most_common(MOST_GENRES)},
        "ndcg@50": entry["ndcg@50 probes=4"],
    }


class Tokens(Explorer):
    """The panel of tokens, for people with composed histories.

    Args:
        stored: the result of the study "tokens"; None reads the stored one.
        **start: as `Explorer`.
    """

    def __init__(self, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.stored = results.load("tokens") if stored is None else stored
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "person": ("person", [(name, name) for name in PEOPLE], "cartoons, then thrillers"),
            "tokenizer": ("tokenizer", [(name, name) for name in TOKENIZERS], "self-attention"),
            "K_u": ("K_u, tokens of the person", [(str(k), k) for k in QUERY_TOKENS], 4),
            "token": ("look at token", [(str(k), k) for k in range(1, max(QUERY_TOKENS) + 1)], 1),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `token_data` at the values of the sliders."""
        return token_data(self.stored, **values)

    def view(self, data: dict[str, Any]) -> View:
        """Describe a table of shares, and bars of genres."""
        influence = data["influence"]
        films = Axis("", -0.5, len(data["films"]) - 0.5,
                     [(i, shorten(title, 22)) for i, title in enumerate(data["films"])],
                     lines=False, slant=True)  # fmt: skip
        tokens = rows(*(f"token {k + 1}" for k in range(data["K_u"])))
        cells = Cells(influence, 0, 0.5, ["#FFFFFF", ink.QUERY], gap=1,
                      texts=[[percent(share) for share in row] for row in influence])  # fmt: skip
        genres = data["genres"]
        bars = Bars("genres", list(genres.values()), [ink.ITEM] * len(genres),
                    [True] * len(genres), texts=list(map(percent, genres.values())))  # fmt: skip
        wishes = Chart(f"genres that token {data['token']} asks for", shares(high=1.2),
                      rows(*genres), [bars], 300)  # fmt: skip
        table = Chart("share of each film in each token", films, tokens, [cells], 430)
        return View([Column([table], 0.64), Column([wishes], 0.36)], self.sentence(data))

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe the film with the largest share, the nearest films and their genres."""
        shares = data["influence"][data["token"] - 1]
        most = max(range(len(shares)), key=shares.__getitem__)
        K_u = data["K_u"]
        count = "is only 1 token" if K_u == 1 else f"are only {K_u} tokens"
        few = f"There {count}; the last is shown. " if data["asked"] > K_u else ""
        genres = ", ".join(f"{name} {share:.0%}" for name, share in data["genres"].items())
        return (
            f"{few}{data['tokenizer']}, token {data['token']} of {K_u}: it depends most on "
            f"{data['films'][most]} ({shares[most]:.0%}). It asks for "
            f"{'; '.join(data['nearest'][:5])}. Genres of its {len(data['nearest'])} nearest "
            f"films: {genres}. This setting reaches NDCG@50 {data['ndcg@50']:.3f} with 4 probes."
        )

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the table and the list as a still picture."""
        return looks(data, self.sentence(data))
