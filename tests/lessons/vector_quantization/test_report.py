"""The study of section 5 in words: who is ahead is decided by the comparisons alone."""

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.vector_quantization import report


def setting(difference, p, side="items"):
    """A setting whose best ways are `weighted` and `JPQ`."""
    one = {"a": "JPQ", "b": "weighted", "difference": difference, "low": difference - 0.01,
           "high": difference + 0.01, "p": p, "p, Holm": p}  # fmt: skip
    runs = [{"start": 0.2, "tail": 0.3, "validation": 0.3, "test": 0.25}]
    return {
        "side": side, "M": 4, "N": 16, "bytes": 5412, "after": "weighted", "with": "JPQ",
        "tried": {"JPQ": []}, "comparisons": [one, {**one, "b": "plain"}],
        "ways": {"weighted": [{**runs[0], "tail": None, "test": 0.24}], "JPQ": runs},
    }  # fmt: skip


STUDY = {
    "settings": [setting(0.02, 0.001), setting(0.02, 0.2, "queries")],
    "plain": [{"rate": 0.0, "test": 0.33}, {"rate": 0.1, "test": 0.34}],
}


@pytest.mark.parametrize(
    ("difference", "p", "verdict"),
    [
        (0.02, 0.001, report.LEARNT),
        (-0.02, 0.001, report.AFTERWARDS),
        (0.02, 0.2, report.OPEN),
    ],
)
def test_the_verdict_follows_the_comparison_of_the_best(difference, p, verdict):
    assert report.verdict(setting(difference, p)) == verdict


def test_most_settings_decide():
    ahead, behind = setting(0.02, 0.001), setting(-0.02, 0.001)
    assert report.verdict_of_most([ahead, ahead, behind]) == report.LEARNT
    assert report.verdict_of_most([ahead, behind]) == report.OPEN
    assert report.verdict_of_most([]) == report.OPEN


def test_each_setting_has_its_line():
    lines = report.best_of_each(STUDY).splitlines()
    assert lines[1].split()[:6] == ["items", "4", "16", "5,412", "0.2400", "0.2500"]
    assert lines[1].endswith("+2.00 (+1.00 to +3.00) *")
    assert not lines[2].endswith("*")
    assert lines[3].endswith("0.3300") and lines[4].endswith("0.3400")


def test_every_way_has_its_line():
    text = report.every_way(STUDY)
    assert "weighted       * validation 0.3000  test 0.2400" in text
    assert "0 of 1 seeds kept the start" in text
    assert "JPQ - plain: +2.00" in text


def test_sides_are_kept_apart():
    assert len(report.settings(STUDY)) == 2
    assert [row["side"] for row in report.settings(STUDY, "queries")] == ["queries"]


def test_the_stored_study_can_be_told():
    study = results.load("codes_after_or_with")
    assert report.best_of_each(study)
    assert report.every_way(study)
