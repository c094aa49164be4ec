"""Experiments whose results the lessons read.

A study has `config()` and `run(folder)`: `sparcode-mini study NAME` runs one (resumable) and stores
assets/results/NAME.json. `sweep` and `table` have commands of their own: `sparcode-mini sweep` and
`sparcode-mini reproduce`.
"""
