"""Experiments whose results the lessons read: each module has `config()` and `run(folder)`.

`sparcode-mini study NAME` runs one (resumable) and stores assets/results/NAME.json.
"""
