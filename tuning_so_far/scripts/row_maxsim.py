import json, sys, torch; torch.set_num_threads(1)
from sparcode_mini.studies import table
(p,) = [p for p in json.load(open("/work/runs16/tuned-two-tower-maxsim.json")) if p["chosen"]]
table.CHOSEN["two-tower-maxsim"] = {"lr": p["lr"], "dropout": p["dropout"]}
print(table.CHOSEN["two-tower-maxsim"], flush=True)
sys.argv = ["row.py", *(f"two-tower-maxsim:{s}" for s in range(3))]
exec(open("/work/runs16/row.py").read())
