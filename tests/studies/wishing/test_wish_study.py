"""The study of wishes: widths that fit, what is chosen, what is compared."""

import json
import shutil

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.data.labels import Labels
from sparcode_mini.studies import wishes as study
from sparcode_mini.studies.wishing import bench, item_codes, kinds
from sparcode_mini.studies.wishing import training as wish_training


def labels_of(n_items):
    holds = np.random.default_rng(0).random((7, n_items)) < 0.25
    holds[0] = False
    return Labels(("", *"abcdef"), holds)


@pytest.mark.parametrize("name", ["one vector", "constants", "all lists"])
def test_the_widest_model_fits_and_the_next_does_not(toy_split, name):
    kind, labels = study.KINDS[name], labels_of(toy_split.n_items)
    lists = kind.history != study.TOWER
    model = toys.small(sm.SparCode if lists else sm.TwoTower, toy_split)
    if lists:
        sm.fit(model, toy_split, epochs=4)
    make = wish_training.FrozenLists if lists else wish_training.FrozenVectors
    frozen = make(model, toy_split)

    def size(width):
        return kind.model(frozen.start(width, labels), 0).nbytes()

    limit = size(2) + 1
    assert bench.widest(kind, frozen, labels, limit, {}) == 2
    assert size(2) <= limit < size(3)
    with pytest.raises(ValueError, match="more than 3 bytes at width 1"):
        bench.widest(kind, frozen, labels, 3, {})


class FakeBench(bench.Bench):
    """A bench whose validation score is known; it falls off on both sides of the best point."""

    def __init__(self):
        self.worlds = study.queries.worlds(labels_of(30))
        self.asked = []

    def result(self, setting, name, limit, point, epochs=8):
        self.asked.append((setting, limit))
        best = {"lr": 3e-2 if limit > study.LIMITS[0] else 3e-3, "constant": 30.0,
                "least": 4 if "noise" in setting else 2}  # fmt: skip
        return {"validation": -sum(abs(np.log(point[axis] / x)) for axis, x in best.items())}


def test_each_axis_takes_what_validation_likes():
    fake = FakeBench()
    chosen = study.tuned(fake, "constants")
    assert chosen == {"lr": 3e-3, "constant": 30.0, "least": 2}
    assert set(fake.asked) == {("logs", 30_000)}
    assert study.tuned(fake, "constants", "logs, noise") == {**chosen, "least": 4}
    assert study.tuned(fake, "constants", "logs", 60_000) == {**chosen, "lr": 3e-2}
    asked = len(fake.asked)
    for setting in ("plain", "hidden"):  # logs show nothing new there
        assert study.tuned(fake, "constants", setting) == chosen
    assert set(fake.asked[asked:]) == {("logs", 30_000)}


def test_labels_that_leave_no_room_are_passed_over():
    class Full(FakeBench):
        def result(self, setting, name, limit, point, epochs=8):
            if setting == "logs, noise" and point["least"] < 8:
                raise bench.TooLarge
            return super().result(setting, name, limit, point)

    assert study.tuned(Full(), "constants", "logs, noise")["least"] == 8


def test_less_than_the_limit_may_be_better():
    class Overfitting(FakeBench):
        def result(self, setting, name, limit, point, epochs=8):
            one = super().result(setting, name, limit, point)
            return {"validation": one["validation"] - abs(limit - 60_000)}

    for limit, size in ((30_000, 30_000), (60_000, 60_000), (110_000, 60_000)):
        found, point = study.sized(Overfitting(), "constants", "logs", limit)
        assert found == size and point["lr"] == (3e-2 if size > 30_000 else 3e-3)
    (one,) = study.train(Overfitting(), [Overfitting()], "logs", "constants", 110_000)
    assert one["limit"] == 110_000


def test_what_logs_can_show():
    found = study.queries.worlds(labels_of(30))
    assert (found["logs"].chosen_by.holds & ~found["logs"].known.holds).any()
    for name in ("plain", "hidden"):  # people choose by what models know
        assert (found[name].chosen_by.holds == found[name].known.holds).all()
        assert not found[name].counts


def test_differences_are_those_of_the_people():
    rng = np.random.default_rng(0)

    def run(name):
        values = rng.random(40) + (name == "constants")
        return {"epochs": 8, "people": {"ndcg@10": values.tolist()}}

    found = {name: [run(name), run(name)] for name in study.KINDS}
    rows = study.differences(found, "plain", 30_000, study.PAIRS)
    assert [tuple(row["pair"]) for row in rows] == list(study.PAIRS)
    for row in rows:
        means = [np.mean([one["people"]["ndcg@10"] for one in found[name]]) for name in row["pair"]]
        assert row["difference"] == pytest.approx(means[0] - means[1])


def test_entries_as_wide_as_constants_take_the_width_of_each_seed():
    asked = []

    class Bench(FakeBench):
        def result(self, setting, name, limit, point, epochs=8, width=None):
            asked.append((name, width))
            return {"validation": 0.0}

    fake = Bench()
    study.as_wide(fake, [fake, fake], "plain", [{"width": 9}, {"width": 11}])
    assert asked[-2:] == [("trained entries", 9), ("trained entries", 11)]


def test_cases_with_every_kind_have_every_seed():
    for setting, limit, seeds in (("plain", 30_000, 5), ("logs", 60_000, 3), ("hidden", 30_000, 3)):
        assert study.seeds_of(setting, limit) == seeds
        assert (study.kinds_of(setting, limit) == study.KIND_NAMES) == (seeds == 5)


def test_codes_of_items_are_labels_of_films_alike(toy_split):
    tower = toys.small(sm.TwoTower, toy_split)
    world = item_codes.codes_of_items(tower)
    holds, M = world.known.holds, item_codes.CODES["M"]
    assert (holds.sum(axis=0) == M).all() and not holds[0].any()
    first, second = holds[1 : item_codes.CODES["N"] + 1], holds[item_codes.CODES["N"] + 1 :]
    assert (first.sum(axis=0) == 1).all() and (second.sum(axis=0) == 1).all()
    assert world.tested is world.chosen_by is world.known and not world.counts


@pytest.mark.usefixtures("untraced")
def test_the_cheap_training_comes_out_again(movielens_split, tmp_path, monkeypatch):
    stored = results.load("wishes")
    assert stored["config"] == json.loads(json.dumps(study.config()))
    shutil.copy(results.CHECKPOINTS / "two-tower.safetensors", tmp_path / "two-tower-0.safetensors")
    monkeypatch.setattr(bench.Bench, "train", lambda self, row: None)  # it comes with the project
    worlds = study.queries.worlds(study.queries.labels_of_films(sm.data.movielens_100k()))
    one = bench.Bench(movielens_split, tmp_path, 0, worlds)
    again = one.summary(one.result(**study.CHEAP))
    for name in ("width", "bytes", "read"):
        assert again[name] == stored["cheap"][name]
    assert again["ndcg@10"] == pytest.approx(stored["cheap"]["ndcg@10"], abs=0.005)


def test_no_option_was_chosen_at_an_end_of_the_search():
    for run in results.load("wishes")["runs"]:
        for axis, (values, _) in study.KINDS.get(
            run["kind"], study.KINDS["constants"]
        ).grid.items():
            inner = (*values[1:-1], *kinds.NATURAL_ENDS.get(axis, ()))
            assert len(values) == 1 or run[axis] in inner, (run["kind"], axis, run[axis])
