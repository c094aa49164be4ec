"""People whose queries are followed: composed ones, and excerpts of real histories."""

from typing import Any, NamedTuple

import numpy as np

from sparcode_mini.data.split import Split

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
        name: their name on the page.
        history: item positions, oldest first; this is all that the models are given.
        later: item positions watched next, soonest first; None if unknown.
    """

    name: str
    history: np.ndarray
    later: np.ndarray | None = None


def composed(split: Split) -> list[Person]:
    """Return the people of `COMPOSED`, with the positions that their films have in `split`."""
    return [Person(name, split.find_titles(films)) for name, films in COMPOSED.items()]


def excerpt(split: Split, user: Any, films: int = 8, later: int = 10) -> Person:
    """Cut a short piece out of a real history: the films just before and just after the test cut.

    Args:
        split: the data.
        user: raw id.
        films: number of films before the cut; models are given these only.
        later: number of films after the cut.

    Raises:
        ValueError: an unknown user, or no film asked for.
    """
    if films < 1:
        raise ValueError(f"films = {films}; an excerpt needs at least one")
    (history,), (test,) = split.history([user]), split.history([user], "test")
    return Person(f"person {user} of MovieLens (an excerpt)", history[-films:], test[:later])
