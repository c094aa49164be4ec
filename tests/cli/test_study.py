import json

from sparcode_mini import results
from sparcode_mini.cli import common
from sparcode_mini.cli.study import all_studies
from sparcode_mini.studies import fields


def test_every_study_that_is_offered_can_run_and_has_a_stored_result():
    studies = all_studies()
    assert {"pays", "fields", "xray"} <= set(studies)
    assert {"table", "sweep", "common"}.isdisjoint(studies)  # they have commands of their own
    for name, module in studies.items():
        assert callable(module.run) and json.dumps(module.config()), name
        assert results.load(name), name


def test_a_name_without_a_study_lists_those_that_there_are(toy_data, run):
    for name in ("table", "sweep", "nothing"):
        code, text = run("study", name)
        assert code == 2 and f"study '{name}' is unknown; there are ['beyond', " in text.err


def test_a_study_is_stored_with_what_decides_it(toy_data, run, monkeypatch):
    folders = []
    monkeypatch.setattr(fields, "run", lambda folder: folders.append(folder) or {"points": [1]})
    code, text = run("study", "fields", "--out", "here.json")
    stored = json.loads((toy_data / "here.json").read_text())
    assert code == 0 and text.out == "stored here.json\n"
    assert folders == [common.RUNS / "fields"]
    assert stored["points"] == [1] and stored["config"]["world"] == fields.config()["world"]
