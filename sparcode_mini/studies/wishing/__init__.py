"""Wishes beside a history: what is asked, which models answer, how they are trained."""
