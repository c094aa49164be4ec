"""The library's parts do what the solutions do, and the workbench chooses between the two."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from lessons.capstone import answers
from sparcode_mini.lessons.capstone import check, check_index, parts, report
from sparcode_mini.lessons.core import normal_tensors
from sparcode_mini.lessons.vector_quantization import check as check_03

S = answers.SOLUTIONS
A = np.random.default_rng(0).integers(0, 4, (5, 9)) / 2.0  # with ties and zeros
EXERCISES = {
    **{name: getattr(check, name, None) or getattr(check_index, name) for name in S},
    "lloyd_step": check_03.lloyd_step,
}


def test_quantise_and_probes() -> None:
    T, C = normal_tensors(0, (3, 4, 6), (8, 6))
    assert torch.equal(parts.quantise(T, C), S["quantise"](T, C))
    for part, solution in zip(parts.probes(T, C, 3, 10.0), S["probes"](T, C, 3, 10.0), strict=True):
        torch.testing.assert_close(part, solution)


def test_score() -> None:
    arrays = normal_tensors(1, (4, 6), (5, 2, 6), (7, 12), (7,), (7,), (5,))
    torch.testing.assert_close(parts.score(*arrays), S["score"](*arrays))


@pytest.mark.parametrize("n", [None, 1, 3])
def test_lists_and_search(n) -> None:
    index = S["make_lists"](A, n)
    for part, solution in zip(parts.make_lists(A, n), index, strict=True):
        np.testing.assert_array_equal(part, solution)
    codes, weights = np.array([0, 2, 2]), np.array([0.5, 0.25, 0.25])
    for seen in ([], [1, 4]):
        query = codes, weights, np.array(seen, dtype=int), 9, 6
        np.testing.assert_array_equal(parts.search(index, *query), S["search"](index, *query))


def test_measure() -> None:
    for answer, right in (([4, 1, 2, -1], [2, 7]), ([4, 1, 2, 3], [4, 1, 2, 3, 9])):
        given = np.array(answer), np.array(right), 4
        assert parts.measure(*given) == pytest.approx(S["measure"](*given))


@pytest.mark.parametrize("name", EXERCISES)
def test_the_library_passes_each_check(name) -> None:
    assert EXERCISES[name](parts.LIBRARY[name]).passed


def test_a_model_taken_apart_scores_as_before(toy_split) -> None:
    model = toys.small(sm.SparCode, toy_split, seed=1, M=1).double()
    given = parts.take_apart(model)
    codes = torch.arange(len(given.C))[:, None]
    found = (parts.score(given.C, *given.scorer) + given.b).relu()
    torch.testing.assert_close(found, model.code_scores(codes))
    assert given.n_items == toy_split.n_items
    text = str(given)
    assert "codebook" in text and "people['test']" in text


def test_a_part_that_passes_is_used_and_another_is_not(capsys) -> None:
    bench = parts.Workbench()
    assert bench.take(check.quantise, S["quantise"]) is S["quantise"]
    assert bench.take(check_index.search, lambda *_: None) is parts.search
    said = capsys.readouterr().out
    assert "Part in use for quantise: yours." in said
    assert "Part in use for search: the library's, until yours passes its check." in said
    assert bench.yours() == ["quantise"] and bench.whose == "yours (1 of 5 parts)"


def outcome(yours, ndcg=0.3, names=parts.SERVING) -> str:
    bench = parts.Workbench()
    bench.passed = dict.fromkeys(parts.LIBRARY, False) | dict.fromkeys(yours, True)
    return report.outcome(bench, ndcg, 0.3, 943, names)


def test_the_last_line_says_whether_it_is_as_good_and_whose_it_is() -> None:
    assert "your own" in outcome(parts.SERVING)
    assert "2 of 5 parts are yours" in outcome(["quantise", "search"])
    assert "library's parts only" in outcome([]) and "none yet" in outcome([])
    assert "lloyd_step" not in outcome([])
    assert "Parts of the library: quantise" in outcome(["probes"])
    assert "Your parts: probes" in outcome(["probes"], names=report.PROBING)
    assert "PASSED" in outcome([], ndcg=0.3001)
    wrong = outcome(["search"], ndcg=0.2997)
    assert "NOT YET" in wrong and "Apart by 0.03 points" in wrong and "Look at: search" in wrong
    assert "the cells between" in outcome([], ndcg=0.2)
