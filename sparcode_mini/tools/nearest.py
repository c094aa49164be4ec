"""Texts that resemble a mistyped one."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

LONGEST = 200  # letters that are compared; a whole page as a name would take long


def nearest_texts(text: str, known: Sequence[str], least: float = 0.0, n: int = 3) -> list[str]:
    """Return up to n known texts, the most similar first; equal ones in their order.

    Args:
        text: what was typed.
        known: in a million of them the answer takes about a second.
        least: similarity from 0 to 1 (2 * letters in common / letters of both) of an answer.
        n: how many.
    """
    matches = process.extract(
        text[:LONGEST], known, scorer=fuzz.ratio, limit=n, score_cutoff=100 * least
    )
    return [match for match, _, _ in matches]
