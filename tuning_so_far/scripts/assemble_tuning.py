"""Put tuning.json together from the points of the walks and the longer trainings."""
import json
from pathlib import Path
from sparcode_mini import data, results
from sparcode_mini.studies import table, tuning
R = Path("/work/runs16")
points = []
for row in table.CHOSEN:
    points += json.load(open(R / f"tuned-{row}.json"))
    if row == "sparcode": points += json.load(open(R / "tuned-sparsity.json"))
longer = tuning.longer(data.movielens_100k().split(), R / "table")
results.store(R / "out/tuning.json", {"chosen": table.CHOSEN, "seed": tuning.SEED, "grid": tuning.LADDERS, "prefixes": tuning.PREFIXES}, {"points": points, "longer": longer})
