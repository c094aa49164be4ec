import pytest

from sparcode_mini import results


def test_stored_results_carry_what_made_them():
    for path in results.RESULTS.glob("*.json"):
        stored = results.load(path.stem)
        assert {"config", "versions", "machine", "date"} <= set(stored), path.name


def test_a_missing_result_and_a_missing_setting_are_named():
    with pytest.raises(FileNotFoundError, match="no stored result 'nothing'"):
        results.load("nothing")
    with pytest.raises(KeyError, match="M=3, N=5"):
        results.setting(3, 5, 0.0)
