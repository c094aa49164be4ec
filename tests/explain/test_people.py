import json

from sparcode_mini import results
from sparcode_mini.explain import people
from sparcode_mini.studies import xray as study


def test_the_stored_people_are_composed_or_three_short_excerpts(public):
    text = (results.RESULTS / "xray.json").read_text("utf-8")
    assert len(text) < 1_200_000 and results.load("xray")["config"] == json.loads(
        json.dumps(study.config())
    )
    real = [p for p in public["people"] if p["later"] is not None]
    assert len(real) == 3 and all(len(p["history"]) <= 8 and len(p["later"]) <= 10 for p in real)
    made = [p for p in public["people"] if p["later"] is None]
    assert {p["name"]: tuple(public["films"][f] for f in p["history"]) for p in made} == (
        people.COMPOSED
    )
