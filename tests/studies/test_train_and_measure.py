"""A stored result is taken only for the same question."""

import pytest

from sparcode_mini.studies.common import train_and_measure as measure
from sparcode_mini.tools.files import save_json


def test_a_result_of_other_features_is_refused(toy_split, other_features, tmp_path):
    spec = {"class": "Popularity"}
    found = measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    assert measure.train_and_measure(toy_split, spec, 0, tmp_path, "row") == found
    with pytest.raises(ValueError, match="another setting: its features is"):
        measure.train_and_measure(other_features, spec, 0, tmp_path, "row")
    del found["features"]  # as early versions stored it
    save_json(tmp_path / "row.json", found)
    assert measure.train_and_measure(other_features, spec, 0, tmp_path, "row") == found
