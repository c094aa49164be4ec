import numpy as np

from sparcode_mini.lessons.vector_quantization.cells import cells


def test_cells_of_two_codewords_meet_in_the_middle():
    left, right = cells(np.array([[-1.0, 0.0], [1.0, 0.0]]), -2.0, 2.0)
    assert left[:, 0].max() == right[:, 0].min() == 0.0
    (alone,) = cells(np.array([[9.0, 9.0]]), -2.0, 2.0)
    assert alone.tolist() == [[-2, -2], [2, -2], [2, 2], [-2, 2]]
