"""Bytes of three ways to serve."""

import numpy as np
import pytest

import toys
from sparcode_mini.evaluation.storage import (
    break_even_density,
    compare,
    show_bytes,
    show_count,
    storage_bytes,
)


def test_the_formulas_by_hand():
    sizes = storage_bytes(1000, 10, width=4, codes=3, density=0.5)
    assert sizes == {"matrix": 2 * 5 * 10, "table": 2 * 1000 * 10, "lists": 6 * 3 * 5}


def test_a_cap_shortens_long_lists_only():
    assert storage_bytes(1, 1000, codes=2, density=0.5, cap=20)["lists"] == 6 * 2 * 20
    assert storage_bytes(1, 1000, codes=2, density=0.01, cap=20)["lists"] == 6 * 2 * 10


@pytest.mark.parametrize("items", [1000, 10**8])
def test_at_the_break_even_density_both_are_equal(items):
    density = break_even_density(width=64, codes=128)
    sizes = storage_bytes(10**9, items, width=64, codes=128, density=density)
    assert sizes["lists"] == pytest.approx(sizes["matrix"], rel=1e-2)
    assert compare(sizes)["ratio"] == pytest.approx(1, rel=1e-2)


def test_nothing_kept_has_no_ratio():
    assert compare(storage_bytes(1, 10, density=0.0))["ratio"] is None


@pytest.mark.parametrize("wrong", [{"width": 0}, {"codes": 0}, {"cap": 0}])
def test_counts_below_one_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} = 0; give a whole number, 1 to"):
        storage_bytes(1, 1, **wrong)
    with pytest.raises(ValueError, match="density is 2"):
        storage_bytes(1, 1, density=2)


def test_counts_of_narrow_types_do_not_overflow():
    expected = storage_bytes(200, 200, width=200, codes=200)
    small = np.uint8(200)
    with toys.as_users_call():
        assert storage_bytes(small, small, width=small, codes=small) == expected
        for name in ("users", "items", "width", "codes", "cap"):
            for wrong in toys.NO_COUNTS:
                if name == "cap" and wrong is None:
                    continue
                with pytest.raises(ValueError, match=rf"\A{name} = [^\n]+\Z"):
                    storage_bytes(**{"users": 1, "items": 1, name: wrong})
        for wrong in (np.nan, "0", True, None):
            with pytest.raises(ValueError, match=r"\Adensity [^\n]+\Z"):
                storage_bytes(1, 1, density=wrong)


def test_words_for_readers():
    shown = [show_bytes(n) for n in (12, 437_320, 1_200_000, 2e17, 5e21)]
    assert shown == ["12 B", "437 kB", "1.2 MB", "200 PB", "5e+03 EB"]
    assert [show_count(n) for n in (943, 10**5, 10**9)] == ["943", "100 thousand", "1 billion"]
