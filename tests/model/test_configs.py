"""Options that cannot work are refused."""

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.model.configs import RANGES, SparCodeConfig


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


@pytest.mark.parametrize(
    ("cls", "options", "message"),
    [
        (sm.SparCode, {"codeword": 3}, "a SparCode has no option 'codeword'; there are tokenizer"),
        (sm.SparCode, {"token_dims": 8}, "no option 'token_dims'; did you mean 'token_dim'?"),
        (sm.SparCode, {"dtyp": 8}, "did you mean 'dtype'?"),
        (sm.TwoTower, {"scorer": "products"}, "a TwoTower has no option 'scorer'"),
    ],
)
def test_options_that_do_not_exist_are_refused(toy_split, cls, options, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        cls(toy_split, **options)


def test_a_file_holds_what_differs_and_what_was_there_from_the_start():
    entries = SparCodeConfig(soft=2, query_shape=(3, 4)).to_file()
    assert entries["soft"] == 2 and entries["query_shape"] == [3, 4] and entries["N"] == 128
    assert not {"balance", "gates", "quantizer", "query"} & set(entries)
    assert SparCodeConfig.from_file(entries) == SparCodeConfig(soft=2, query_shape=[3, 4])
    with pytest.raises(ValueError, match=r"no entries \['later'\]; is the file newer"):
        SparCodeConfig.from_file({**entries, "later": 1})


@pytest.mark.parametrize("value", ["4", 4.0, True, None, [4], np.float64(4), 2**63, np.bool_(True)])
def test_a_number_of_another_type_is_refused(toy_split, value):
    with pytest.raises(ValueError, match=r"hidden = .*; give a whole number"):
        sm.AllToAll(toy_split, hidden=value)


BY_HAND = """
import sys
import numpy as np
from sparcode_mini.model.configs import SparCodeConfig
for line in sys.stdin:
    try:
        print(SparCodeConfig(**eval(line)))
    except ValueError as error:
        print(error)
"""


def made_by_hand(*options):
    """What SparCodeConfig says to each; in a process without the type checks of the tests."""
    lines = "".join(f"{one}\n" for one in options)
    command = [sys.executable, "-c", BY_HAND]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_numbers_of_a_configuration_made_by_hand_are_whole():
    names = [f.name for f in dataclasses.fields(SparCodeConfig) if f.type is int]
    assert {"M", "N", "soft", "seed", "hidden", "query_tokens"} <= set(names)
    cases = [(name, value) for name in names for value in ("2.5", "64.0", "True", "'2'", "None")]
    said = made_by_hand(*(f"{{{name!r}: {value}}}" for name, value in cases))
    assert said == [f"{name} = {value}; give a whole number" for name, value in cases]


def test_other_fields_made_by_hand_are_checked_as_well():
    cases = {
        "{'bias': '0'}": "bias = '0'; give a finite number",
        "{'code_bias': 1}": "code_bias = 1; give True or False",
        "{'update': 3}": "update = 3; give a text",
        "{'balance': True}": "balance = True; give a finite number",
        "{'query_shape': (2, 2.0)}": "query_shape = 2.0; give a whole number",
    }
    assert made_by_hand(*cases) == list(cases.values())


def test_a_configuration_made_by_hand_holds_plain_numbers():
    (text,) = made_by_hand(
        "{'M': np.int64(2), 'bias': np.float64(0.5), 'query_shape': [np.int8(3)]}"
    )
    assert "M=2, " in text and "bias=0.5, " in text and "query_shape=(3,), " in text


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_numbers_of_numpy_become_plain_ones(toy_split, tmp_path, kind):
    model = toys.small(sm.AllToAll, toy_split, hidden=kind(4), seed=kind(3))
    assert type(model.config.hidden) is type(model.config.seed) is int
    model.save(tmp_path / "model")
    assert sm.load_model(tmp_path / "model").config == model.config


@pytest.mark.parametrize("value", ["0.5", np.nan, np.inf, True, None, np.float32("nan"), 1j])
def test_a_bias_that_is_no_finite_number_is_refused(toy_split, value):
    with pytest.raises(ValueError, match=r"bias = .*; give a finite number"):
        sm.AllToAll(toy_split, bias=value)


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("end", [0, 1])
def test_each_number_has_a_range(toy_split, name, end):
    step = 0.5e-6 if name in ("probe_temperature", "balance") else 1
    value = RANGES[name][end] + (step if end else -step)
    with pytest.raises(ValueError, match=f"{name} = "):
        toys.small(sm.SparCode, toy_split, **{name: value})


@given(st.dictionaries(st.sampled_from(list(RANGES)), st.integers(4, 40).map(lambda k: 10**k)))
def test_gigantic_sizes_are_refused_before_memory_is_taken(toy_split, sizes):
    """One array of the sizes alone would end the process."""
    sizes = {"token_dim": 2**16, "N": 2**24} | sizes
    with pytest.raises(ValueError, match=r"; give |; choose |layer that can"):
        sm.SparCode(toy_split, **sizes)


def test_a_model_that_no_machine_holds_says_how_large_it_is(toy_split):
    with pytest.raises(
        ValueError, match=r"takes \d\d,\d{3}\.\d GB of memory, and [\d.]+ GB are free"
    ):
        sm.SparCode(toy_split, token_dim=2**16, N=2**24, hidden=1, query_tokens=1, tokenizer="dnn")
