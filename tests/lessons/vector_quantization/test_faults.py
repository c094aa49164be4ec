"""The faults of section 4: each switch causes or cures what the lesson says."""

import pytest
import torch

from sparcode_mini.lessons.vector_quantization import faults
from sparcode_mini.lessons.vector_quantization.widget_codebook import CodebookPlayground
from sparcode_mini.worlds.fields import clusters_2d


@pytest.fixture(scope="module")
def points():
    return CodebookPlayground().x  # (240, 2)


def test_codewords_that_begin_far_away_collapse_unless_they_are_restarted(points):
    used = [
        pq.usage(pq.encode(points)).used
        for pq in (faults.learn_from_far_away(points, restart) for restart in (0.0, 0.2))
    ]
    assert used == [[1], [16]]


def test_many_starts_end_at_different_distortions():
    tight = torch.from_numpy(clusters_2d(n=80, clusters=8, spread=0.12, seed=5)[0])  # (80, 2)
    ends = faults.ends_of_starts(tight, "random points", codewords=8, starts=6, steps=10)
    distortions = [end.distortion for end in ends]
    assert len(ends) == 6 and max(distortions) > 1.5 * min(distortions)
    assert all(0 <= end.least <= 1 for end in ends)
    assert ends[:2] == faults.ends_of_starts(tight, "random points", 8, starts=2, steps=10)


def test_bad_ends_are_told():
    ends = {"a": [faults.End(2.0, 0.3)] * 9 + [faults.End(1.0, 0.9)], "b": [faults.End(3.0, 0.1)]}
    first, a, b = faults.bad_ends_in_words(ends).splitlines()
    assert first.startswith("10 bad ends") and "0.10 to 0.30 of its fair share" in first
    assert a == "a: the best of 5 runs is good in 1 of 2 groups" and "0 of 0 groups" in b


def test_commitment_keeps_the_tokens_from_growing():
    free, tied = (faults.train_encoder(beta, steps=60) for beta in (0.0, 0.25))
    assert free["size"][-1] > 2 * tied["size"][-1]
    assert {len(values) for values in free.values()} == {60}
    assert all(right <= best for right, best in zip(free["right"], free["possible"], strict=True))
    assert free["moved"][0] == 0
    assert "of 200 labels right" in faults.in_words(free)


def test_only_factor_2_gives_the_nearest(points):
    book = points[:6]
    nearest = torch.cdist(points, book).argmin(1)
    assert torch.equal(faults.codes_with(2.0, points, book), nearest)
    assert not torch.equal(faults.codes_with(100.0, points, book), nearest)


def test_the_four_logs_show_their_fault(points):
    logs = faults.logs(points)
    assert [log["used"] for log in logs.values()] == [1, 16, 8, 1]
    for name, log in logs.items():
        wrong = log["distortion"] > 1.01 * log["distortion of the nearest"]
        assert wrong == (name == "C")
    longer = {
        name: log["length of codewords"] / log["length of tokens"] for name, log in logs.items()
    }
    assert longer["A"] > 10 and longer["D"] > 50
    assert longer["B"] == longer["C"] == pytest.approx(1, abs=0.1)
