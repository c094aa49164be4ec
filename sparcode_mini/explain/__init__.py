"""Follow one query."""

from sparcode_mini.explain.query import (
    Explanation,
    Read,
    explain,
)

__all__ = ["Explanation", "Read", "explain"]
