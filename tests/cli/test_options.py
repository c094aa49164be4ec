"""Numbers as options: every form of a negative one, and the range in one line before any work."""

import argparse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini.cli import commands
from sparcode_mini.cli.options import joined, real, whole

NUMBERS = {  # option -> the command that has it, and what is wrong for it
    "--query-tokens": ("train", ["0", "-1", "1.5", "9999"]),
    "--M": ("train", ["0", "-3", "x"]),
    "--N": ("train", ["0", "-3", "1e3", "99999999999"]),
    "--bias": ("train", ["nan", "inf", "-inf", "-1e999", "x"]),
    "--token-dim": ("train", ["0", "-1e2", "99999"]),
    "--epochs": ("train", ["0", "-1", "nan"]),
    "--sparsity": ("train", ["-1", "-1e-9", "nan", "inf", "-Infinity"]),
    "--seed": ("train", ["-1", "-1e6", "0.5", "9" * 5000]),
    "--k": ("evaluate model", ["0", "-1", "2.5"]),
    "--probes": ("evaluate model", ["0", "-1"]),
    "--best": ("index model", ["0", "-1"]),
    "--shard-codes": ("index model", ["0", "-128"]),
    "--seeds": ("reproduce", ["0", "-1", "1e3", "99999"]),
    "--batch": ("deezer", ["0", "-1"]),
    "--negatives": ("deezer", ["-1", "-1e3"]),
}
CASES = [(o, c, v) for o, (c, values) in NUMBERS.items() for v in values]


@pytest.mark.parametrize(("option", "command", "value"), CASES)
def test_each_number_says_its_range_in_one_line(run, option, command, value):
    code, text = run(*command.split(), option, value)
    name = command.split()[0]
    assert code == 2 and text.err.count("\n") == 1 and len(text.err) < 250
    assert text.err.startswith(f"sparcode-mini {name}: argument {option}: {value[:40]}")
    assert " is not a whole number from" in text.err or " is not a finite number" in text.err


PARSER = commands.parser()


@settings(max_examples=200)
@given(st.floats(-1e300, 1e300), st.sampled_from(["g", "e", ".3e", "f"]))
def test_every_finite_bias_is_read(value, form):
    text = format(value, form)
    args = PARSER.parse_args(joined(["train", "--bias", text, "--seed", "3"]))
    assert args.bias == float(text) and args.seed == 3


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["--bias", "--liked", "a", "-1", "-.5", "-1e6", "-x", "--", "-"])))
def test_joining_changes_nothing_but_such_numbers(words):
    result = joined(words)
    assert " ".join(words) == " ".join(result).replace("=-1e6", " -1e6")
    assert all("=" not in word or word.endswith("=-1e6") for word in result)


@given(st.integers(), st.integers(-5, 5), st.integers(5, 50))
def test_whole_numbers_in_a_range(value, least, most):
    kind = whole(least, most)
    if least <= value <= most:
        assert kind(str(value)) == value
    else:
        with pytest.raises(argparse.ArgumentTypeError, match=f"from {least} to {most}"):
            kind(str(value))


def test_a_real_number_without_a_least_one():
    assert real()("-1e300") == -1e300
    with pytest.raises(argparse.ArgumentTypeError, match=r"x is not a finite number$"):
        real()("x")
