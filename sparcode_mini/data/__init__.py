"""Ratings and their split in time."""

from sparcode_mini.data.features import Feature
from sparcode_mini.data.ratings import Ratings, from_frames, movielens_100k
from sparcode_mini.data.split import PARTS, Split
from sparcode_mini.data.validity import validity

__all__ = ["PARTS", "Feature", "Ratings", "Split", "from_frames", "movielens_100k", "validity"]
