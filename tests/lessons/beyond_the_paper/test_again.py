"""Training again what is stored: one step, and what the study says."""

import numpy as np
import pytest

from sparcode_mini.lessons.beyond_the_paper import again

LISTS = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0]])


def row(share, probes, tuned, each):
    return {**again.FORM, "share": share, "probes": probes, "tuned": tuned, "each": each}


STORED = {
    "config": {"shares": [1.0, 0.5]},
    "rows": [
        row(share, probes, tuned, [0.30 + 0.01 * tuned * share, 0.31 - 0.002 * tuned * probes])
        for share in (1.0, 0.5)
        for probes in (1, 4)
        for tuned in (False, True)
    ],
}


def test_a_step_moves_what_was_read_and_stored():
    after = again.step(LISTS, np.array([1.0, 0.0]), 1, 0.1)
    p = np.exp([3.0, 1.0, 0.0]) / np.exp([3.0, 1.0, 0.0]).sum()
    assert after[0] == pytest.approx([3 - 0.1 * p[0], 1 + 0.1 * (1 - p[1]), 0])
    assert after[1].tolist() == LISTS[1].tolist()  # not read


def test_no_entry_falls_below_0():
    after = again.step(LISTS, np.array([0.0, 1.0]), 2, 100.0)
    assert after[1, 1] == 0.0 and after[1, 2] > 1


def test_gains_are_points_for_each_seed():
    gains = again.gains(STORED, 4)
    assert gains[1.0] == pytest.approx([1.0, -0.8])
    assert gains[0.5] == pytest.approx([0.5, -0.8])
    lines = again.show(STORED).splitlines()
    assert len(lines) == 5
    assert lines[1] == "100% of the entries, read with 4 probes  +0.10   up with 1 of 2 seeds"
    assert lines[4].startswith(" 50% of the entries, read with 1 probe   +0.15")
