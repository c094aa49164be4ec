import json
from pathlib import Path
import sparcode_mini as sm
from sparcode_mini.studies import tuning
print(json.dumps(tuning.longer(sm.data.movielens_100k().split(), Path("/work/runs16/table")), indent=1))
