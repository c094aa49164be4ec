import sys
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import beyond
split = sm.data.movielens_100k().split(test=0.2, validation=0.1)
for name, kind, w in (("FLOPS penalty","flops",48.0),("penalty on items","items",24.0),("FLOPS penalty","flops",24.0),("FLOPS penalty","flops",96.0),("penalty on items","items",32.0)):
    beyond.SWITCHES[name] = ({}, {"sparsity": w, "penalty": kind})
    r = beyond.run_one(split, Path(f"/work/runs16/far/cal-{kind}-{w:g}"), name, 0)
    print(name, w, {k: (round(x["density"],4), x["entries"], round(x["test probes=4"],4)) for k,x in r["rows"].items()}, flush=True)
