"""What comes in from outside is checked here: counts, numbers, positions, tables of scores.

A type never decides a meaning. A whole number counts by its value, in whatever integer type it
comes. A bool, a float or an object is no position, no code and no count: it is refused, never
rounded, wrapped or taken for a mask. Scores are real numbers; integers and bools become float64.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparcode_mini.tools.options import short

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
MOST = 2**31 - 1  # positions and codes are stored in 32 bits
INTEGERS = "integers from {} to {}"
POSITIONS = "item positions from {} to {}, not raw ids"

# --- single values --------------------------------------------------------------------------------


def count(value: Any, name: str, least: int = 1, most: int | None = None) -> int:
    """Return a whole number as an int.

    Args:
        value: an int, or an integer of numpy or torch.
        name: of the value, for the message.
        least: the smallest that is allowed.
        most: the largest; None for no limit.

    Raises:
        ValueError: another type (a bool or 2.0, too), or a number outside the limits.
    """
    if type(value) is not int:
        value = _index(value, name)
    if value < least or (most is not None and value > most):
        limits = f"{least} or more" if most is None else f"{least} to {most}"
        raise ValueError(f"{name} = {short(value)}; give a whole number, {limits}")
    return int(value)


def _index(value: Any, name: str) -> int:
    """Return a value of another type than int as an int, if it is an integer."""
    boolean = isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")
    try:
        if not boolean:
            return operator.index(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} = {short(value)}; give a whole number, such as 10")


def number(value: Any, name: str) -> float:
    """Return a finite real number as a float.

    Raises:
        ValueError: another type (a bool or a text, too), NaN or an infinity.
    """
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError(f"{name} = {short(value)}; give a number")
        try:
            value = float(value)
        except OverflowError as error:
            raise ValueError(f"{name} = {short(value)} is too large for a float") from error
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value}; give a finite number")
    return value


# --- arrays -------------------------------------------------------------------------------------


def integers(
    values: Any, name: str, least: int = 0, most: int = MOST, wanted: str = INTEGERS
) -> Integers:
    """Return whole numbers as an int64 array; arguments and errors as `whole_numbers`."""
    return whole_numbers(values, name, least, most, wanted).astype(np.int64, copy=False)


def whole_numbers(
    values: Any, name: str, least: int = 0, most: int = MOST, wanted: str = INTEGERS
) -> npt.NDArray[np.integer]:
    """Return whole numbers as an array of the same shape, in the type of integers that they have.

    Args:
        values: an array, a tensor or a list. One without any number may have any type.
        name: of the values, for the message.
        least: the smallest that is allowed.
        most: the largest.
        wanted: what to give, with two places for the limits.

    Raises:
        ValueError: another type than integers, or a number outside the limits.
    """
    array = _as_array(values, name)
    if array.size == 0:
        return np.zeros(array.shape, np.int64)
    bools = _has_bools(values)
    if array.dtype.kind not in "iu" or bools:
        kind, first = "bool" if bools else array.dtype, array.ravel()[:1].tolist()[0]
        raise ValueError(
            f"{name} has values of type {kind}, such as {short(first)}; give "
            + wanted.format(least, most)
        )
    low, high = int(array.min()), int(array.max())
    if low < least or high > most:
        wrong = low if low < least else high
        raise ValueError(f"{name} has the value {wrong}; give {wanted.format(least, most)}")
    return array


def positions(values: Any, n_items: int, name: str) -> Integers:
    """Return item positions as a flat int64 array (n,).

    Raises:
        ValueError: another type than integers, not a flat array, or none of 0 .. n_items - 1.
    """
    # One comparison in the usual case: as an unsigned number -1 is the largest.
    if not _is_flat_int64(values) or values.view(np.uint64).max(initial=0) >= n_items:
        values = _flat(integers(values, name, 0, n_items - 1, POSITIONS), name)
    return values


def position_lists(
    lists: Any, n_items: int, name: str, padded: bool = False
) -> tuple[list[Integers], Integers]:
    """Return lists of item positions, one for each query, as flat int64 arrays.

    Args:
        lists: a sequence of arrays or lists.
        n_items: positions lie in 0 .. n_items - 1.
        name: of the lists, for the message.
        padded: may -1 stand for "nothing"?

    Returns:
        The arrays (n_b,), and the same one after the other, (n,).

    Raises:
        ValueError: no sequence of flat arrays of integers, or a number outside the limits.
    """
    if isinstance(lists, str | bytes | dict | set) or not hasattr(lists, "__len__"):
        raise ValueError(f"{name} = {short(lists)}; give a list of arrays of item positions")
    limits = (-1 if padded else 0), n_items - 1
    arrays: list[Integers] = []
    for part in lists:
        quick = _is_flat_int64(part)
        arrays.append(part if quick else _flat(integers(part, name, *limits, POSITIONS), name))
    together = np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
    if len(together) and not limits[0] <= together.min() <= together.max() <= limits[1]:
        integers(together, name, *limits, POSITIONS)
    return arrays, together


def _is_flat_int64(values: Any) -> bool:
    return type(values) is np.ndarray and values.dtype == np.int64 and values.ndim == 1


def _flat(array: Integers, name: str) -> Integers:
    if array.ndim != 1:
        raise ValueError(
            f"{name} has positions of shape {array.shape}; give a flat array (for several queries "
            "a list of such arrays)"
        )
    return array


def floats(values: Any, name: str) -> Floats:
    """Return real numbers as an array of floats of at most 8 bytes, in the machine's byte order.

    float16, float32 and float64 stay as they are; integers, bools and longer floats become float64.

    Args:
        values: an array, a tensor or a list.
        name: of the values, for the message.

    Raises:
        ValueError: complex numbers, objects, texts or dates.
    """
    array = _as_array(values, name)
    if array.dtype.char in "efd":  # 2, 4 and 8 bytes
        return array
    if array.dtype.kind in "biuf":
        with np.errstate(over="ignore"):  # what becomes infinite is for `finite` to refuse
            return array.astype(np.float64)
    raise ValueError(f"{name} has values of type {array.dtype}; give real numbers, such as float32")


def finite(values: Any, name: str) -> Floats:
    """Return real numbers as `floats` does, if all are finite.

    Raises:
        ValueError: as `floats`, and NaN or an infinity.
    """
    array = floats(values, name)
    good = np.isfinite(array)
    if not good.all():
        place = tuple(np.argwhere(~good)[0].tolist())
        where = place[0] if len(place) == 1 else place
        raise ValueError(f"{name}[{where}] is {array[place]}; give finite numbers")
    return array


def _as_array(values: Any, name: str) -> npt.NDArray[Any]:
    """Return values as an array in the machine's byte order."""
    if isinstance(values, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array, whose mask would be lost; give .compressed()")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{name} can't be read as an array: {reason}") from error
    native = array.dtype.isnative
    return array if native else array.astype(array.dtype.newbyteorder("="))


def _has_bools(values: Any) -> bool:
    """Return whether a list holds bools, which numpy turns into 0 and 1 beside integers."""
    if not isinstance(values, Sequence):
        return False
    return any(isinstance(v, bool | np.bool_) for v in np.asarray(values, dtype=object).flat)
