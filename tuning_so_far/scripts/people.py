"""Keep the values of people of every trained row whose model is here (so that the table needs no models)."""
import torch; torch.set_num_threads(1)
from pathlib import Path
from sparcode_mini import data
from sparcode_mini.studies import table
split = data.movielens_100k().split()
values = table._PerUser(split, Path("/work/runs16/table"), (0, 1, 2, 3, 4))
for row in table.ROWS:
    if row in table.GRIDS or row in ("popularity",) or row in table.CLOSED_FORMS: continue
    for probes in (1, 4) if row.startswith("sparcode") else (1,):
        print(row, probes, values.of(row, probes).shape, flush=True)
