import pytest

from sparcode_mini.data import movielens_tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Babe (1995)", ("Babe", 1995)),
        ("Babe (1995) ", ("Babe", 1995)),
        ("Giving (1995) (V)", ("Giving", 1995)),
        ("1984", ("1984", None)),
        ("Contempt (Le) (1963)", ("Contempt (Le)", 1963)),
        ("Seven (Se7en)", ("Seven (Se7en)", None)),
    ],
)
def test_split_title(text, expected):
    assert movielens_tables.split_title(text) == expected
