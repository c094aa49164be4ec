"""Titles of films in other languages: `assets/*/films.json`, English title -> the other one."""

from functools import cache

from sparcode_mini.tools.files import load_json
from sparcode_mini.tools.language import ASSETS


@cache
def aliases() -> dict[str, str]:
    """Return the English title of each other one."""
    return {
        other: english
        for path in sorted(ASSETS.glob("*/films.json"))
        for english, other in load_json(path).items()
    }


def english_title(title: str) -> str:
    """Return the English title of a film that is named in another language, else the title.

    >>> english_title("《星球大战》")
    'Star Wars (1977)'
    """
    return aliases().get(title.strip().strip("《》"), title)
