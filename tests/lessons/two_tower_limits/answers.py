"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np


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


def width_of_single_values(whole):
    """Count the singular values whose own share is too large, in place of what remains."""

    def count(Y, error):
        squares = np.linalg.svd(Y, compute_uv=False) ** 2
        return int((squares / whole(squares) > error).sum())

    return count


SOLUTIONS = {
    "cached_matrix": lambda A, V: V @ A.T,
    "as_nearest": augmented,
    "width_needed": width,
    "lists_win": lambda width, codes, density: 6 * codes * density < 2 * (width + 1),
}
MISTAKES = [
    ("cached_matrix", lambda A, V: V @ A, "wrong side"),
    ("cached_matrix", lambda A, V: A @ V.T, "one row per item"),
    ("cached_matrix", lambda A, V: V, "W has to act"),
    ("cached_matrix", lambda A, V: V @ A.T if A.shape == (2, 2) else V, "as wide as a query"),
    ("as_nearest", with_column(lambda q: q.max() - q), "root"),
    ("as_nearest", with_column(np.sqrt), "own length"),
    ("as_nearest", with_column(lambda q: np.sqrt(q.max()) - np.sqrt(q)), "Lengths do not add"),
    ("as_nearest", lambda V: V / np.linalg.norm(V, axis=1)[:, None], "cosines"),
    ("as_nearest", with_column(lambda q: np.sqrt(25 - q)), "don't fix it"),
    ("width_needed", width_of_plain_values, "squares"),
    ("width_needed", lambda Y, error: width(Y, error) + 1, "Off by one"),
    ("width_needed", lambda Y, error: width(Y, error) - 1, "Off by one"),
    ("width_needed", lambda Y, error: int(np.linalg.matrix_rank(Y)), "rank"),
    ("width_needed", lambda Y, error: 1, "error 1e-09"),
    ("width_needed", width_of_single_values(lambda squares: squares.sum()), "a sum"),
    ("width_needed", width_of_single_values(lambda squares: squares.max()), "a sum"),
    ("lists_win", lambda w, c, d: 6 * c * d > 2 * (w + 1), "Which side is smaller"),
    ("lists_win", lambda w, c, d: d < 0.2, "Which side is smaller"),
    ("lists_win", lambda w, c, d: 6 * c < 2 * (w + 1), "share `density`"),
    ("lists_win", lambda w, c, d: 6 * d < 2 * (w + 1), "All codes have a list"),
    ("lists_win", lambda w, c, d: True, "All codes have a list"),
    ("lists_win", lambda w, c, d: 2 * c * d < 2 * (w + 1), "the position of its item"),
    ("lists_win", lambda w, c, d: 2 * c * d < 2 * w, "the position of its item"),
    ("lists_win", lambda w, c, d: 6 * c * d < 4 * (w + 1), "half precision, 2 bytes"),
    ("lists_win", lambda w, c, d: 4 * c * d < 2 * (w + 1), "its score, too"),
    ("lists_win", lambda w, c, d: 8 * c * d < 2 * (w + 1), "half precision, like the matrix"),
    ("lists_win", lambda w, c, d: 6 * c * d < 2 * w, "its bias"),
]
