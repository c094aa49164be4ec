"""Add the recipe to results of this branch that were stored before it was part of them."""
import dataclasses, glob, json, sys
from sparcode_mini.training.recipe import Recipe
for f in glob.glob("/work/runs16/**/*.json", recursive=True):
    try: d = json.load(open(f))
    except Exception: continue
    if isinstance(d, dict) and isinstance(d.get("spec"), dict) and "fit" in d["spec"] and "recipe" not in d and "seed" in d:
        d["recipe"] = json.loads(json.dumps(dataclasses.asdict(Recipe.of({**d["spec"]["fit"], "seed": d["seed"]}))))
        json.dump(d, open(f, "w"), indent=2)
        print(f)
