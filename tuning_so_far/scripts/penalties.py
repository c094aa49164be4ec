import sys
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import beyond
split = sm.data.movielens_100k().split(test=0.2, validation=0.1)
for name in ("L1 penalty", "penalty on items", "FLOPS penalty", "base"):
    r = beyond.run_one(split, Path("/work/runs16/far/beyond"), name, 0)
    print(name, {w: (x["density"], x["entries"], round(x["test probes=4"],4)) for w,x in r["rows"].items()}, flush=True)
