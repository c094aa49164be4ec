import sys, json
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import tuning
split = sm.data.movielens_100k().split()
folder = Path("/work/runs16/table")
for row in sys.argv[1:]:
    if row.startswith("sparsity"):
        chosen = [p for p in json.load(open("/work/runs16/tuned-sparcode.json")) if p["chosen"]][0]
        points = tuning.tune_sparsity(split, folder, chosen["lr"], chosen["dropout"])
    else:
        points = tuning.tune_row(split, folder, row)
    print(row, [p for p in points if p["chosen"]], len(points), flush=True)
    json.dump(points, open(f"/work/runs16/tuned-{row}.json", "w"), indent=1)
