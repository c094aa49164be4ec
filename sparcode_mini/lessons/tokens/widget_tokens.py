"""The panel of tokens: the films that a token depends on, and the films nearest to it.

The study "tokens" measured all of it; a slider only selects a stored result.
"""

from typing import Any, ClassVar

import plotly.graph_objects as go

from sparcode_mini import results
from sparcode_mini.data.split import Split
from sparcode_mini.explain.tokens import genre_profile, genres_of
from sparcode_mini.lessons.tokens.draw import looks
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.plots.titles import shorten
from sparcode_mini.studies.tokens import PEOPLE, QUERY_TOKENS, find
from sparcode_mini.widgets.explorer import Choices, Explorer, axis, hatch, heading, plain

MOST_GENRES = 6


def token_data(
    stored: dict[str, Any], split: Split, person: str, tokenizer: str, K_u: int, token: int
) -> dict[str, Any]:
    """Return everything that the panel shows.

    Args:
        stored: the result of the study "tokens".
        split: gives titles and genres.
        person: a name of studies.tokens.PEOPLE.
        tokenizer: one of TOKENIZERS.
        K_u: tokens of a query.
        token: number of the token, from 1; if there are fewer, the last one is shown.

    Returns:
        "films" (L titles), "influence" (K_u, L), "token" (the one shown), "nearest" (titles),
        "genres" (share of the nearest films by genre, largest first), "asked" (the argument
        `token`), "ndcg@50" of the setting (4 probes), and the other arguments but `stored` and
        `split`.

    Raises:
        KeyError: a setting that was not trained.
    """
    entry = find(stored, tokenizer, K_u)
    profile, shown = entry["people"][person], min(token, K_u)
    nearest = profile["nearest"][shown - 1]
    return {
        "person": person,
        "tokenizer": tokenizer,
        "K_u": K_u,
        "films": list(stored["config"]["people"][person]),
        "influence": profile["influence"],
        "token": shown,
        "asked": token,
        "nearest": [str(split.titles[p]) for p in nearest],
        "genres": dict(list(genre_profile(genres_of(split), nearest).items())[:MOST_GENRES]),
        "ndcg@50": entry["ndcg@50 probes=4"],
    }


class Tokens(Explorer):
    """The panel of tokens, for people with composed histories.

    Args:
        split: MovieLens-100K, for titles and genres.
        stored: the result of the study "tokens"; None reads the stored one.
        **start: as `Explorer`.
    """

    choices: ClassVar[Choices] = {
        "person": ("person", [(name, name) for name in PEOPLE], "cartoons, then thrillers"),
        "tokenizer": ("tokenizer", [(name, name) for name in TOKENIZERS], "self-attention"),
        "K_u": ("K_u, tokens of the person", [(str(k), k) for k in QUERY_TOKENS], 4),
        "token": ("look at token", [(str(k), k) for k in range(1, max(QUERY_TOKENS) + 1)], 1),
    }

    def __init__(self, split: Split, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.split = split
        self.stored = results.load("tokens") if stored is None else stored
        super().__init__(**start)

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `token_data` at the values of the sliders."""
        return token_data(self.stored, self.split, **values)

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make a table of shares, and bars of genres."""
        figure.add_trace(
            go.Heatmap(
                colorscale=[[0, "#FFFFFF"], [1, ink.QUERY]], zmin=0, zmax=0.5, showscale=False,
                texttemplate="%{z:.0%}", xgap=1, ygap=1,
                hovertemplate="%{y}, %{x}: %{z:.1%}<extra></extra>",
            )
        )  # fmt: skip
        marker = {"color": ink.ITEM, "pattern": hatch("/")}
        figure.add_trace(
            go.Bar(orientation="h", xaxis="x2", yaxis="y2", marker=marker, texttemplate="%{x:.0%}")
        )
        figure.layout.xaxis = axis(domain=[0, 0.6], tickangle=35, showgrid=False)
        figure.layout.yaxis = axis(autorange="reversed", showgrid=False)
        figure.layout.xaxis2 = axis(domain=[0.76, 1], range=[0, 1.05], tickformat=".0%")
        figure.layout.yaxis2 = axis(anchor="x2", autorange="reversed")
        figure.layout.annotations = [
            heading(0, 1, "share of each film in each token"), heading(0.76, 1, "genres")
        ]  # fmt: skip
        figure.layout.margin = {"l": 80, "r": 20, "t": 40, "b": 130}
        figure.layout.height = 470

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Put the chosen setting into the traces."""
        table, bars = figure.data
        table.z = data["influence"]
        table.x = [plain(shorten(title, 22)) for title in data["films"]]
        table.y = [f"token {k + 1}" for k in range(data["K_u"])]
        bars.x, bars.y = list(data["genres"].values()), list(map(plain, data["genres"]))
        title = f"genres that token {data['token']} asks for"
        figure.layout.annotations[1].text = f"<b>{title}</b>"

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
