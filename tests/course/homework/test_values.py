"""Values come back from a submission's process as they were, and nothing else does."""

import numpy as np
import pytest
import torch

from sparcode_mini.course.homework.values import from_text, to_text


@pytest.mark.parametrize(
    "value",
    [None, True, 7, 0.1, "a\nb", [1, [2.5]], (1, "x"), {"a": (1,), 2: None}, float("inf")],
)
def test_plain_values_come_back(value):
    back = from_text(to_text(value))
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
def test_arrays_and_tensors_come_back(shape, dtype):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    back = from_text(to_text(array))
    assert back.dtype == array.dtype and np.array_equal(back, array) and back.shape == shape
    tensor = from_text(to_text(torch.from_numpy(array)))
    assert isinstance(tensor, torch.Tensor) and tuple(tensor.shape) == shape
    assert np.array_equal(tensor.numpy(), array)


def test_a_number_of_numpy_is_a_plain_number():
    assert type(from_text(to_text(np.float64(0.5)))) is float
    assert type(from_text(to_text(np.int64(5)))) is int


@pytest.mark.parametrize("value", [print, object(), np.array(["a"]), np.array([None]), 1j, {1}])
def test_what_can_not_be_compared_is_refused(value):
    with pytest.raises(TypeError, match="can't be compared"):
        to_text(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", '{"array": 1}', '{"array": [[1], "O", [1]]}', '{"array": [[1], "<f8", [2]]}',
        '{"pickle": "x"}', '{"dict": [[{"list": []}, 1]]}', "[" * 10**5, '{"a": 1, "b": 2}',
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused(text):
    with pytest.raises(ValueError, match="no value can be read"):
        from_text(text)
