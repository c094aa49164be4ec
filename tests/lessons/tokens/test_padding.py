"""Padding moves the tokens only if the mask is forgotten."""

import numpy as np
import pytest
import torch

from sparcode_mini.lessons.tokens import padding

HISTORIES = [np.array([0, 1, 2]), np.array([3])]


def test_the_mask_keeps_the_tokens(trained):
    assert padding.moved(trained, HISTORIES[0], True, [0, 1, 2]) == pytest.approx([0, 0, 0])
    start, *rest = padding.moved(trained, HISTORIES[0], False, [0, 1, 2])
    assert start == pytest.approx(0) and min(rest) > 0.1


def test_only_the_shorter_history_of_a_table_is_touched(trained):
    with_mask, without = (padding.padded_tokens(trained, HISTORIES, h) for h in (True, False))
    assert torch.allclose(with_mask[0], without[0])
    assert float((with_mask[1] - without[1]).norm()) > 0.1


def test_the_distance_to_oneself_is_nothing(trained):
    first, second = padding.to_others(trained, HISTORIES[0], HISTORIES).tolist()
    assert first == pytest.approx(0) and second > 0
