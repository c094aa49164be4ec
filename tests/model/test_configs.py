"""Options that cannot work are refused."""

import pytest

import sparcode_mini as sm
import toys


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "rnn"}, "tokenizer 'rnn' is unknown"),
        ({"query_tokens": 0}, "query_tokens = 0"),
        ({"M": 3}, r"M = 3 does not divide token_dim = 8; choose one of \[1, 2, 4, 8\]"),
        ({"N": 0}, "N = 0"),
        ({"scorer": "dot"}, "scorer 'dot' is unknown"),
        ({"hidden": 0}, "hidden = 0"),
        ({"gradient": "some"}, "gradient = 'some'"),
        ({"update": "sgd"}, "update = 'sgd'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"user_features": ("age", "shoe size")}, r"'shoe size' is unknown; there are \['age'"),
    ],
)
def test_bad_options(toy_split, options, message):
    with pytest.raises(ValueError, match=message):
        toys.small(sm.SparCode, toy_split, **options)


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_dim": 0},
        {"history_len": 0},
        {"bias": float("nan")},
        {"beta": -1.0},
        {"restart": 5.0},
        {"probe_temperature": 0.0},
    ],
)
def test_options_that_cannot_work_are_refused(toy_split, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sm.SparCode(toy_split, "dnn", **wrong)
