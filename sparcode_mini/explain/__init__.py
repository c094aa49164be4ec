"""Explain the answer to one query: what its tokens look at, which lists it reads, what adds up."""

from sparcode_mini.explain.query import (
    Explanation,
    Read,
    explain,
)

__all__ = ["Explanation", "Read", "explain"]
