"""Names, types and choices are checked, and messages stay short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparcode_mini.tools.options import WORDS, check_options, choice, entry, is_of, short


def test_a_name_that_is_near_is_named():
    check_options(["N", "M"], ["M", "N"], "a thing")
    with pytest.raises(TypeError, match=r"a thing has no option 'token_dims'; did you mean 'token"):
        check_options(["token_dims"], ["token_dim"], "a thing")
    with pytest.raises(TypeError, match="there are M, N"):
        check_options(["zzz"], ["M", "N"], "a thing")


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (1, {int, float}),
        (True, {bool}),
        (0.5, {float}),
        (float("nan"), set()),
        (float("-inf"), set()),
        (2**63 - 1, {int, float}),
        (2**63, set()),
        ("1", {str}),
        ([], {list}),
        ({}, {dict}),
        (None, set()),
    ],
)
def test_types_are_what_json_says(value, kinds):
    assert {kind for kind in WORDS if is_of(value, kind)} == kinds


def test_entries_and_choices():
    assert entry({"a": 1}, "a", int) == 1 and choice("class", "A", {"A": 5}) == 5
    with pytest.raises(ValueError, match="it lacks 'b'"):
        entry({"a": 1}, "b", int)
    with pytest.raises(ValueError, match="its a is True; it must be a whole number"):
        entry({"a": True}, "a", int)
    with pytest.raises(ValueError, match=r"its class is 'B'; this version knows \['A'\]"):
        choice("class", "B", {"A": 5})


@given(st.recursive(st.integers() | st.text(), st.lists, max_leaves=200))
def test_what_is_shown_is_short(value):
    assert len(short([value] * 1000)) <= 200 and "\n" not in short(value)
