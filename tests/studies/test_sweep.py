import pytest

from sparcode_mini import results
from sparcode_mini.studies import sweep


def test_a_cheap_entry_of_the_sweep_comes_out_again(movielens_split, tmp_path):
    """The stored numbers are those of this code: one setting trained anew, within tolerance.

    float32 training differs a little on other processors; 0.015 is several times that.
    """
    stored = results.setting(M=1, N=16, sparsity=12.0)
    again = sweep.run_setting(movielens_split, tmp_path, 1, 16, 12.0)
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.015)
    assert again["density"] == pytest.approx(stored["density"], abs=0.05)
