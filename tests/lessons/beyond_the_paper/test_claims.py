"""What the lesson says about stored results, held against the files."""

import statistics

import pytest

from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.beyond_the_paper import again, wishes
from sparcode_mini.results import load
from sparcode_mini.studies.wishes import LONGER
from sparcode_mini.studies.wishing.bench import EPOCHS

WISHES, SHORTER = load("wishes"), load("shorter_lists")
COMPARED = {
    (one["setting"], one["limit"], *one["pair"], one["epochs"]): one for one in WISHES["compared"]
}
NOISY = "logs, noise"


def compared(setting, first, second, limit=30_000, epochs=EPOCHS):
    return COMPARED[setting, limit, first, second, epochs]


def ahead(*args, **more):
    one = compared(*args, **more)
    return one["difference"] > 0 and holds(one)


def points(*args, **more):
    return 100 * compared(*args, **more)["difference"]


def mean(kind, setting):
    return 100 * statistics.fmean(wishes.values(WISHES, kind, setting, 30_000))


def test_constants_are_ahead_where_clicks_can_be_trusted():
    assert len(WISHES["compared"]) == 38
    assert wishes.first(WISHES, "plain", 30_000) == "constants"
    for setting in ("plain", "logs"):
        for other in ("MaxSim", "filter", "IDF", "one vector"):
            assert ahead(setting, "constants", other)
        assert points(setting, "constants", "MaxSim") == pytest.approx(2, abs=0.1)
        assert not ahead(setting, "trained entries", "constants")
        assert not ahead(setting, "all lists", "constants")
    assert points("plain", "constants", "filter") == pytest.approx(1.9, abs=0.05)
    assert points("plain", "all lists", "constants") == pytest.approx(-2.7, abs=0.05)
    assert ahead("logs", "constants", "MaxSim", epochs=LONGER)
    assert points("logs", "constants", "MaxSim", epochs=LONGER) == pytest.approx(0.8, abs=0.05)
    assert not ahead("hidden", "trained entries", "constants")


def test_with_noise_only_trained_entries_are_ahead_of_constants():
    assert ahead(NOISY, "trained entries", "constants")
    assert points(NOISY, "trained entries", "constants") == pytest.approx(1.2, abs=0.05)
    for setting in (NOISY, "item codes"):
        assert not ahead(setting, "constants", "MaxSim")


def test_means_that_the_lesson_names():
    for kind, percent in (("constants", 43.4), ("MaxSim", 41.4), ("one vector", 39.9)):
        assert mean(kind, "plain") == pytest.approx(percent, abs=0.05)


def test_by_kind_of_label_and_reads():
    kinds = {
        name: [run["by kind"] for run in wishes.runs_of(WISHES, name, "plain", 30_000)]
        for name in ("constants", "filter")
    }
    lead = {
        word: 100 * (statistics.fmean(r[word]["mean"] for r in kinds["constants"])
                     - statistics.fmean(r[word]["mean"] for r in kinds["filter"]))
        for word in ("word", "genre", "decade")
    }  # fmt: skip
    assert lead["word"] == pytest.approx(5, abs=0.1)
    assert lead["genre"] == pytest.approx(1.3, abs=0.1)
    assert lead["decade"] == pytest.approx(-0.4, abs=0.05)
    for kind, read in (("all lists", 900), ("constants", 20_600)):
        assert statistics.fmean(wishes.values(WISHES, kind, "plain", 30_000, "read")) == (
            pytest.approx(read, rel=0.01)
        )


def test_exercise_3_has_one_right_answer():
    assert ahead("plain", "constants", "MaxSim") and ahead("logs", "constants", "MaxSim")  # A
    level = compared(NOISY, "constants", "MaxSim")  # B
    assert level["low"] < 0 and level["high"] > 0.0075
    beside = compared(NOISY, "trained entries", "counted entries")  # C
    assert beside["low"] > 0 and not holds(beside)
    for limit in (60_000, 110_000):  # D
        assert ahead("logs", "constants", "MaxSim", limit=limit)


def test_training_again_adds_most_to_uncut_lists_and_nothing_to_short_ones_read_once():
    four, one = ({s: e.mean() for s, e in again.gains(SHORTER, R).items()} for R in (4, 1))
    assert sorted(four.values(), reverse=True) == list(four.values())
    assert list(four) == [1.0, 0.5, 0.2, 0.1] and min(four.values()) > 0
    assert max(one[0.2], one[0.1]) < 0
