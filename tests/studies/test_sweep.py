import numpy as np
import pytest
import torch

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.studies import codebooks, sweep
from sparcode_mini.widgets.settings import options


@pytest.mark.usefixtures("untraced")
def test_a_cheap_entry_of_the_sweep_comes_out_again(movielens_split, tmp_path):
    """The stored numbers are those of this code: one setting trained anew, within tolerance.

    float32 training differs a little on other processors; 0.015 is several times that.
    """
    stored = results.setting(M=1, N=16, sparsity=12.0)
    again = sweep.run_setting(movielens_split, tmp_path, 1, 16, 12.0)
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.015)
    assert again["density"] == pytest.approx(stored["density"], abs=0.05)


def test_the_rates_won_on_validation_and_against_their_neighbours():
    for side, rate in (("sparcode", sweep.RATE), ("two-tower", sweep.TOWER_RATE)):
        tried = results.load("sweep")["rates"][side]
        (best,) = (point for point in tried if point["chosen"])
        assert best["lr"] == rate and tried[0]["lr"] < rate < tried[-1]["lr"]
        assert best["validation ndcg@50"] == max(point["validation ndcg@50"] for point in tried)


def test_the_panel_names_the_whole_recipe_of_a_setting():
    """What the panel trains live, and the code that it shows, is what the sweep trained."""
    for config in (sweep.config(), results.load("sweep")["config"]):
        _, fit = options({"config": config})
        assert fit | {"sparsity": 4.0} == sweep.setting_spec(1, 64, 4.0)["fit"] | {"seed": 0}


# --- codebooks (studies/codebooks) --------------------------------------------------------------


def test_codebooks_count_every_token():
    for row in results.load("codebooks")["settings"]:
        assert row["used"] <= row["possible"] and sum(row["usage"][0]) == row["tokens"]


def test_look_counts_what_encode_does():
    pq = sm.ProductQuantizer(2, 4, 4, dtype=torch.float64)
    T = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 4)))
    row, codes = codebooks.look(pq, T), pq.encode(T)
    assert row["used"] == len(codes.unique(dim=0)) and row["possible"] == 16
    assert row["usage"][1][2] == int((codes[:, 1] == 2).sum())
