"""A stored result is taken only for the same question; a training that stopped goes on."""

import threading

import pytest

import toys
from sparcode_mini.studies.common import train_and_measure as measure
from sparcode_mini.tools.files import save_json
from sparcode_mini.tools.locks import hold


def test_a_folder_of_another_setting_is_refused(tmp_path, toy_split):
    measure.train_and_measure(toy_split, {"class": "Popularity"}, 0, tmp_path, "row")
    with pytest.raises(ValueError, match="another setting"):
        measure.train_and_measure(toy_split, {"class": "Popularity"}, 1, tmp_path, "row")


def test_an_interrupted_row_goes_on_where_it_stopped(tmp_path, toy_split, monkeypatch):
    spec = {
        "class": "SparCode",
        "model": {**toys.TINY, "N": 6},
        "fit": {"epochs": 4},
    }
    whole = measure.train_and_measure(toy_split, spec, 0, tmp_path, "whole")
    real = measure.fit

    def stopping(*args, **options):
        def stop(row):
            if row["epoch"] == 2:
                raise KeyboardInterrupt

        return real(*args, on_epoch=stop, **options)

    monkeypatch.setattr(measure, "fit", stopping)
    with pytest.raises(KeyboardInterrupt):
        measure.train_and_measure(toy_split, spec, 0, tmp_path, "parts")
    monkeypatch.setattr(measure, "fit", real)
    parts = measure.train_and_measure(toy_split, spec, 0, tmp_path, "parts")
    whole.pop("seconds"), parts.pop("seconds")
    assert parts == whole


def test_a_stored_result_belongs_to_its_data_and_its_part(toy_split, tmp_path):
    spec = {"class": "Popularity"}
    measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    with pytest.raises(ValueError, match="its on is test, asked is validation"):
        measure.train_and_measure(toy_split, spec, 0, tmp_path, "row", on="validation")
    other = toys.toy_ratings().split(test=0.4, validation=0.2)
    with pytest.raises(ValueError, match="its data is"):
        measure.train_and_measure(other, spec, 0, tmp_path, "row")
    (tmp_path / "row.json").write_text("{}")
    with pytest.raises(ValueError, match="its spec is None"):
        measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")


def test_a_result_of_other_features_is_refused(toy_split, other_features, tmp_path):
    spec = {"class": "Popularity"}
    found = measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    assert measure.train_and_measure(toy_split, spec, 0, tmp_path, "row") == found
    with pytest.raises(ValueError, match="another setting: its features is"):
        measure.train_and_measure(other_features, spec, 0, tmp_path, "row")
    del found["features"]  # as early versions stored it
    save_json(tmp_path / "row.json", found)
    assert measure.train_and_measure(other_features, spec, 0, tmp_path, "row") == found


def test_a_setting_in_work_elsewhere_comes_last_and_is_trained_once(tmp_path, toy_split):
    """Another thread holds the first setting, and has its result when it lets go."""
    order, let_go = [], threading.Event()

    def work(name, wait):
        if wait:
            let_go.set()  # only it is left
        spec = {"class": "Popularity"}
        result = measure.train_and_measure(toy_split, spec, 0, tmp_path, name, wait=wait)
        order.append(name)
        return result

    def other():
        with hold(tmp_path / "a.training.safetensors", "test"):
            held.set()
            let_go.wait()
            save_json(tmp_path / "a.json", {**elsewhere, "made": "elsewhere"})

    elsewhere = measure.train_and_measure(toy_split, {"class": "Popularity"}, 0, tmp_path, "x")
    held = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    held.wait()
    results = measure.side_by_side(["a", "b", "c"], work, "test")
    thread.join()
    assert order == ["b", "c", "a"]
    assert results[0]["made"] == "elsewhere" and "made" not in results[1]
    assert {path.name for path in tmp_path.iterdir()} == {f"{n}.json" for n in "abcx"}


def test_a_kill_between_result_and_state_costs_nothing(tmp_path, toy_split, monkeypatch):
    spec = {"class": "TwoTower", "model": {"token_dim": 8}, "fit": {"epochs": 1}}

    def killed(*_, **__):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(measure, "save_json", killed)
        with pytest.raises(SystemExit):
            measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    state = tmp_path / "row.training.safetensors"
    assert state.exists()  # the training is not lost
    found = measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    assert not state.exists() and (tmp_path / "row.json").exists() and found["best_epoch"] == 0


def test_a_file_of_another_kind_in_the_folder_is_not_replaced(tmp_path, toy_split, monkeypatch):
    monkeypatch.setattr(measure, "build_model", None)  # would fail if called
    (tmp_path / "row.safetensors").write_text("notes")
    with pytest.raises(ValueError, match=r"row.safetensors is a text file, not a model"):
        measure.train_and_measure(toy_split, {"class": "TwoTower"}, 0, tmp_path, "row")
    assert (tmp_path / "row.safetensors").read_text() == "notes"
