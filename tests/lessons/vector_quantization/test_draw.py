"""The pictures of the lesson: their marks and their words."""

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.vector_quantization import draw, report


def test_the_stored_study_can_be_drawn():
    study = results.load("codes_after_or_with")
    if not report.settings(study):
        pytest.skip("PENDING: the study is being computed anew")
    assert "items with: VQ" in draw.after_or_with(study).alt
