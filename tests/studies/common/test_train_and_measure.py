"""A stored result is taken only for the same question; a training that stopped goes on."""

import pytest

import toys
from sparcode_mini.studies.common import train_and_measure as measure
from sparcode_mini.tools.files import save_json


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
