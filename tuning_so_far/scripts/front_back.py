from pathlib import Path
import torch; torch.set_num_threads(1)
from sparcode_mini import data
from sparcode_mini.studies import front
split = data.movielens_100k().split()
jobs = [(row, seed) for row in (front.TOWER, *front.CUTS) for seed in front.SEEDS]
for job in reversed(jobs):
    front.run_row(split, Path("/work/runs16/table"), *job); print(job, flush=True)
