"""People whose queries are followed: composed ones, and excerpts of real histories."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.unicode import safe, told_apart

ENOUGH = 8  # films of an excerpt
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
        later: item positions rated next, soonest first; None if unknown.
        why: what they are an example of, in words; "" for nothing.
    """

    name: str
    history: np.ndarray
    later: np.ndarray | None = None
    why: str = ""


def composed(split: Split) -> list[Person]:
    """Return the people of `COMPOSED`, with the positions that their films have in `split`."""
    return [Person(name, split.find_titles(films)) for name, films in COMPOSED.items()]


def excerpt(split: Split, user: Any, films: int = ENOUGH, later: int = 10, of: str = "") -> Person:
    """Cut a short piece out of a real history: the films just before and just after the test cut.

    Args:
        split: the data.
        user: raw id.
        films: number of films before the cut; models are given these only.
        later: number of films after the cut.
        of: the data set, for the name of the person.

    Raises:
        ValueError: an unknown user, or no film asked for.
    """
    films, later = count(films, "films"), count(later, "later", 0)
    (history,), (test,) = split.history([user]), split.history([user], "test")
    name = f"person {user}{of and f' of {of}'} (an excerpt)"
    return Person(name, history[-films:], test[:later] if len(test) else None)


def people_of(split: Split, most: int = 6) -> list[Person]:
    """Return people to follow in any data: the composed ones, or else excerpts of real histories.

    Args:
        split: the data.
        most: number of excerpts. Users with long histories and with a test part come first.

    Returns:
        Those of `COMPOSED` whose films are all there; without any, excerpts. [] if nobody has a
        history.
    """
    known = Counter(split.titles.tolist())
    if all(known[film] == 1 for films in COMPOSED.values() for film in films):
        return composed(split)
    lengths = np.array([len(history) for history in split.histories()])  # (n_users,)
    tests = np.array([len(history) for history in split.histories("test")])  # (n_users,)
    order = np.lexsort((tests == 0, -np.minimum(lengths, ENOUGH)))  # (n_users,)
    chosen = [user for user in order[: count(most, "most", 0)].tolist() if lengths[user]]
    return [excerpt(split, user) for user in split.user_ids[chosen].tolist()]


def item_names(split: Split) -> dict[str, int]:
    """Return a name for each item, with its position: the title, with the id if others look alike.

    >>> item_names(split)
    {'Alien (1979)': 0, 'Contact (id 7)': 1, 'Contact (id 9)': 2}
    """
    names = told_apart(split.titles.tolist(), split.item_ids.tolist())
    return {name: position for position, name in enumerate(names)}


def find_items(split: Split, known: dict[str, int], names: Sequence[str]) -> np.ndarray:
    """Map names of items to positions, (n,) int64.

    Args:
        split: the data.
        known: what `item_names` returned for it.
        names: some of these.

    Raises:
        ValueError: an unknown name (the message has close ones), or a title that several items
            share (the message has their names).
    """
    return np.array([_position(split, known, name) for name in names], dtype=np.int64)


def _position(split: Split, known: dict[str, int], name: str) -> int:
    name = name if name in known else safe(name)
    if name in known:
        return known[name]
    same = [one for one in known if re.fullmatch(re.escape(name) + r" \(id .*\)", one)]
    if same:
        few = " or ".join(map(repr, same[:3]))
        raise ValueError(f"title {name!r} belongs to {len(same)} items; write {few}")
    return int(split.find_titles([name])[0])  # other code points; or it raises, with close names
