import sys, torch
from pathlib import Path
torch.set_num_threads(1); torch.set_flush_denormal(True)
from sparcode_mini import data
from sparcode_mini.studies import wishes as w
from sparcode_mini.studies.wishing import queries
from sparcode_mini.model.load import load_model
folder = Path("/work/runs16/table")
if sys.argv[1] == "run":
    from sparcode_mini.cli import main
    sys.exit(main(["study", "wishes", "--folder", str(folder), "--out", "/work/runs16/out/wishes.json"]))
ratings = data.movielens_100k(); split = ratings.split(); worlds = queries.worlds(queries.labels_of_films(ratings))
tuning = w.Bench(split, folder, w.TUNING_SEED, worlds); tuning.train(w.TOWER)
worlds[w.SIMILAR] = w.codes_of_items(load_model(tuning.path(w.TOWER), split))
benches = [w.Bench(split, folder, seed, worlds) for seed in w.SEEDS]
cases = [(s, l) for s, ls in w.CASES.items() for l in ls]
for s, l in reversed(cases):
    for name in w.kinds_of(s, l):
        w.train(tuning, benches[: w.seeds_of(s, l)], s, name, l)
        print(s, l, name, "done", flush=True)
few = benches[: w.FEW]
for name in (w.ONE, w.BEST_MATCH): w.train(tuning, few, w.TUNED_ON, name, w.LIMITS[0], w.LONGER)
