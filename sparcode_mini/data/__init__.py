"""Ratings and their split in time."""

from sparcode_mini.data.ratings import (
    PARTS,
    Feature,
    Ratings,
    Split,
    from_frames,
    movielens_100k,
)

__all__ = ["PARTS", "Feature", "Ratings", "Split", "from_frames", "movielens_100k"]
