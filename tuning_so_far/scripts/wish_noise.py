import sys, torch
from pathlib import Path
torch.set_num_threads(1)
from sparcode_mini import data
from sparcode_mini.studies import wishes as w
from sparcode_mini.studies.wishing import queries
folder = Path("/work/runs16/table")
ratings = data.movielens_100k(); split = ratings.split(); worlds = queries.worlds(queries.labels_of_films(ratings))
tuning = w.Bench(split, folder, w.TUNING_SEED, worlds)
benches = [w.Bench(split, folder, seed, worlds) for seed in w.SEEDS]
for kind in (w.CONSTANT, w.ENTRIES, w.COUNTED, "filter"):
    print(kind, w.tuned(tuning, kind, w.NOISY), flush=True)
    w.train(tuning, benches[:w.FEW], w.NOISY, kind, w.LIMITS[0])
