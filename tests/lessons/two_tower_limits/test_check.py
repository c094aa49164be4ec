"""Lesson 01: reference solutions pass, and plausible wrong ones are told what is wrong."""

import numpy as np
import pytest

from sparcode_mini.lessons.two_tower_limits import check


def augmented(V):
    squares = (V**2).sum(axis=1)
    return np.column_stack([V, np.sqrt(squares.max() - squares)])


def with_column(column):
    return lambda V: np.column_stack([V, column((V**2).sum(axis=1))])


def width(Y, error):
    squares = np.linalg.svd(Y, compute_uv=False) ** 2
    remains = squares.sum() - np.concatenate([[0.0], np.cumsum(squares)])
    return int(np.argmax(remains <= error * squares.sum()))


def width_of_plain_values(Y, error):
    s = np.linalg.svd(Y, compute_uv=False)
    remains = s.sum() - np.concatenate([[0.0], np.cumsum(s)])
    return int(np.argmax(remains <= error * s.sum()))


def recall(found, exact):
    shares = []
    for f, e in zip(found.tolist(), exact.tolist(), strict=True):
        wanted = set(e) - {-1}
        shares.append(len(set(f) & wanted) / len(wanted))
    return float(np.mean(shares))


def recall_with_padding(found, exact):
    pairs = zip(found.tolist(), exact.tolist(), strict=True)
    return float(np.mean([len(set(f) & set(e) - {-1}) / len(e) for f, e in pairs]))


def of_found(found, exact):
    pairs = zip(found.tolist(), exact.tolist(), strict=True)
    return float(np.mean([len(set(f) & set(e)) / len(set(f) - {-1}) for f, e in pairs]))


def over_all_rows(found, exact):
    wanted = set(exact.flat) - {-1}
    return len(set(found.flat) & wanted) / len(wanted)


def micro_average(found, exact):
    pairs = list(zip(found.tolist(), exact.tolist(), strict=True))
    hits = sum(len(set(f) & set(e) - {-1}) for f, e in pairs)
    return hits / int((exact >= 0).sum())


def padding_hits(found, exact):
    pairs = zip(found.tolist(), exact.tolist(), strict=True)
    return float(np.mean([len(set(f) & set(e)) / len(set(e) - {-1}) for f, e in pairs]))


def row_by_row_isin(found, exact):
    return float(np.mean([np.isin(f, e).mean() for f, e in zip(found, exact, strict=True)]))


def distinct_scores(codes, A):
    return np.array([A[np.unique(row)].sum(axis=0) for row in codes])


SOLUTIONS = {
    check.cached_matrix: lambda A, V: V @ A.T,
    check.as_nearest: augmented,
    check.width_needed: width,
    check.served_score: lambda codes, A: A[codes].sum(axis=1),
    check.index_recall: recall,
    check.lists_win: lambda width, codes, density: 6 * codes * density < 2 * (width + 1),
}
WRONG = [
    (check.cached_matrix, lambda A, V: V @ A, "wrong side"),
    (check.cached_matrix, lambda A, V: A @ V.T, "one row per item"),
    (check.cached_matrix, lambda A, V: V, "W has to act"),
    (check.cached_matrix, lambda A, V: V @ A.T if A.shape == (2, 2) else V, "as wide as a query"),
    (check.as_nearest, with_column(lambda q: q.max() - q), "root"),
    (check.as_nearest, with_column(np.sqrt), "own length"),
    (check.as_nearest, with_column(lambda q: np.sqrt(q.max()) - np.sqrt(q)), "Lengths do not add"),
    (check.as_nearest, lambda V: V / np.linalg.norm(V, axis=1)[:, None], "cosines"),
    (check.as_nearest, with_column(lambda q: np.sqrt(25 - q)), "don't fix it"),
    (check.width_needed, width_of_plain_values, "squares"),
    (check.width_needed, lambda Y, error: width(Y, error) + 1, "Off by one"),
    (check.width_needed, lambda Y, error: width(Y, error) - 1, "Off by one"),
    (check.width_needed, lambda Y, error: int(np.linalg.matrix_rank(Y)), "rank"),
    (check.width_needed, lambda Y, error: 1, "error 1e-09"),
    (check.served_score, lambda codes, A: A[codes].mean(axis=1), "mean"),
    (check.served_score, lambda codes, A: A[codes].max(axis=1), "largest"),
    (check.served_score, lambda codes, A: A[codes], "add them up"),
    (check.served_score, lambda codes, A: A[codes].sum(axis=2), "items"),
    (check.served_score, lambda codes, A: A[codes].sum(axis=0), "queries"),
    (check.served_score, distinct_scores, "counts twice"),
    (check.index_recall, lambda f, e: float((f == e).mean()), "place by place"),
    (check.index_recall, recall_with_padding, "padding"),
    (check.index_recall, of_found, "by what was found"),
    (check.index_recall, over_all_rows, "its own row"),
    (check.index_recall, lambda f, e: float(np.isin(f, e).mean()), "its own row"),
    (check.index_recall, micro_average, "Each query counts alike"),
    (check.index_recall, padding_hits, "is padding, no item"),
    (check.index_recall, row_by_row_isin, "padding was counted as a hit"),
    (check.index_recall, lambda f, e: 1 - recall(f, e), "lost"),
    (check.index_recall, lambda f, e: 4 * recall(f, e), "divide"),
    (check.lists_win, lambda w, c, d: 6 * c * d > 2 * (w + 1), "Which side is smaller"),
    (check.lists_win, lambda w, c, d: d < 0.2, "Which side is smaller"),
    (check.lists_win, lambda w, c, d: 6 * c < 2 * (w + 1), "share `density`"),
    (check.lists_win, lambda w, c, d: 6 * d < 2 * (w + 1), "All codes have a list"),
    (check.lists_win, lambda w, c, d: True, "All codes have a list"),
    (check.lists_win, lambda w, c, d: 2 * c * d < 2 * (w + 1), "the position of its item"),
    (check.lists_win, lambda w, c, d: 2 * c * d < 2 * w, "the position of its item"),
    (check.lists_win, lambda w, c, d: 6 * c * d < 4 * (w + 1), "half precision, 2 bytes"),
    (check.lists_win, lambda w, c, d: 4 * c * d < 2 * (w + 1), "its score, too"),
    (check.lists_win, lambda w, c, d: 8 * c * d < 2 * (w + 1), "half precision, like the matrix"),
    (check.lists_win, lambda w, c, d: 6 * c * d < 2 * w, "its bias"),
]


@pytest.mark.parametrize("exercise", SOLUTIONS, ids=lambda e: e.__name__)
def test_the_reference_solution_passes(exercise):
    verdict = exercise(SOLUTIONS[exercise])
    assert verdict.passed and verdict.message.startswith("Right.")


@pytest.mark.parametrize(("exercise", "function", "word"), WRONG)
def test_a_plausible_mistake_is_named(exercise, function, word):
    verdict = exercise(function)
    assert not verdict.passed and word in verdict.message
    assert "expected" in verdict.message and "next step" in verdict.message


def test_every_exercise_refuses_at_least_three_mistakes():
    for exercise in SOLUTIONS:
        assert sum(mutant[0] is exercise for mutant in WRONG) >= 3


def test_each_case_of_lists_win_is_failed_by_the_mistake_it_names_and_no_later_one():
    mistakes = [function for exercise, function, _ in WRONG if exercise is check.lists_win]
    hints = [word for exercise, _, word in WRONG if exercise is check.lists_win]
    for function, word in zip(mistakes, hints, strict=True):
        others = set(hints) - {word}
        message = check.lists_win(function).message
        assert not any(other in message for other in others)
