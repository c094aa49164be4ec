import json

from sparcode_mini.studies import sweep


def test_sweep_stores_what_the_panel_reads(toy_data, tiny_specs, run):
    out = toy_data / "sweep.json"
    code, text = run("sweep", "--out", out)
    assert code == 0 and str(out) in text.out
    stored = json.loads(out.read_text())
    assert [(s["M"], s["N"]) for s in stored["settings"]] == [(1, 4), (2, 4)]
    assert {*sweep.KEPT, "search_us"} <= set(stored["settings"][0])
    assert 0 < stored["baselines"]["two-tower"]["ndcg@50"] < 1
    assert stored["config"]["grid"]["M"] == [1, 2]
