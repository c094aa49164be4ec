"""The pictures of the lesson: their marks and their words."""

from sparcode_mini.lessons.product_quantization import draw


def test_times_are_not_told_in_words():
    words = draw.assignment_times([{"M": 1, "N": 16, "nanoseconds": 123456.0}]).alt
    assert "123" not in words
