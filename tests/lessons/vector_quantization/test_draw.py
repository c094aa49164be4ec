"""The pictures of the lesson: their marks and their words."""

from sparcode_mini import results
from sparcode_mini.lessons.vector_quantization import draw


def test_the_stored_study_can_be_drawn():
    study = results.load("codes_after_or_with")
    assert "items with: VQ" in draw.after_or_with(study).alt
