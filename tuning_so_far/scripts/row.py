import sys, torch; torch.set_num_threads(1)
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import table
from sparcode_mini.studies.common.train_and_measure import train_and_measure
split = sm.data.movielens_100k().split()
for job in sys.argv[1:]:
    row, seed = job.rsplit(":", 1)
    r = train_and_measure(split, table.table_spec(row), int(seed), Path("/work/runs16/table"), f"{row}-{seed}", classes=table.CLASSES)
    print(job, {k: round(v, 4) for k, v in r.items() if isinstance(v, float)}, flush=True)
