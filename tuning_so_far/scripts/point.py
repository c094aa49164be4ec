import sys
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import tuning
from sparcode_mini.studies.table import row_spec, spec

split = sm.data.movielens_100k().split()
folder = Path("/work/runs16/table")
kind, *rest = sys.argv[1:]
if kind == "point":
    lr, dropout = map(float, rest)
    r = tuning.validation(
        split, folder, row_spec("sparcode", lr, dropout), f"tune-sparcode-{lr:g}-{dropout:g}"
    )
    print(rest, r["validation ndcg@50"], r["ndcg@50 probes=4"])
else:
    weight, lr, dropout = map(float, rest)
    r = tuning.validation(
        split,
        folder,
        spec("sparcode-sparse", lr, dropout, sparsity=weight),
        f"tune-sparsity-{weight:g}",
    )
    print(rest, r["ndcg@50"], r["ndcg@50 probes=4"], r["density"])
