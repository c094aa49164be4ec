import json
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import pays, sweep
from sparcode_mini.studies.tuning import climb, validation
a = pays.tune(Path("/work/runs16/far/pays"), "base", "SparCode"); print(a, flush=True)
split = sm.data.movielens_100k().split()
R = pays.RATES
def score(p):
    s = sweep.setting_spec(1, 64, 0.0); s["fit"] = {**s["fit"], "lr": R[p[0]]}
    return validation(split, Path("/work/runs16/sweep"), s, f"tune-sweep-{R[p[0]]:g}")["validation ndcg@50"]
print(climb((2,), (len(R),), score), R, flush=True)
