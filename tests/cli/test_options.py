"""Numbers as options: every form of a negative one, and the range in one line before any work."""

import argparse
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini.cli import commands
from sparcode_mini.cli.options import joined, parsed, real, whole

PARSER = commands.parser()
HUGE = ["1" + "0" * 20, "9" * 5000, "1e300", "-1e300", "nan", "inf", "-inf", "-Infinity", "1e999"]
NO_NUMBERS = ["", "x", "1_0", "\u0661", "0x1", "1e", ".", "1 2", "--5", "\N{INFINITY}"]


def numbers():
    """Return (command, words that it needs, option, its type) of each option that is a number."""
    found = []
    for command in commands.COMMANDS:
        name, sub = commands.name_of(command), argparse.ArgumentParser()
        command.add(sub)
        needed = ["m"] if name in ("evaluate", "index") else []
        needed += ["--user", "1"] if name == "recommend" else []
        needed += ["s", "--assignment", "a1"] if name == "grade" else []
        for action in sub._actions:
            assert action.type not in (int, float), (name, action.dest)
            if action.type is not None and action.type.__module__.endswith("options"):
                found.append((name, needed, action.option_strings[-1], action.type))
    return found


NUMBERS = numbers()


def test_all_numbers_are_found():
    assert len(NUMBERS) == 29
    assert {o for *_, o, _ in NUMBERS} >= {"--epochs", "--k", "--seed", "--bias", "--shard-codes"}


@pytest.mark.parametrize(("command", "needed", "option", "kind"), NUMBERS)
def test_huge_numbers_and_others_that_are_none(command, needed, option, kind):
    for value in [*HUGE, *NO_NUMBERS]:
        with pytest.raises(ValueError, match=rf"\Aargument {option}: [^\n]{{,230}}\Z") as error:
            parsed(PARSER, [command, *needed, option, value])
        text = str(error.value)
        assert (f"{option}: {value[:40]}" in text and " from " in text) or "expected" in text
        assert " from " in text or value in ("", "--5")


def test_an_error_is_one_line_with_the_name_of_the_command(run):
    code, text = run("train", "--epochs", "1" + "0" * 20)
    assert code == 2 and text.err == (
        "sparcode-mini train: argument --epochs: 100000000000000000000 is not a whole number from "
        "1 to 10,000 (sparcode-mini train --help lists the options)\n"
    )


@pytest.mark.parametrize(("command", "needed", "option", "kind"), NUMBERS)
def test_each_number_is_read_as_written_or_refused(command, needed, option, kind):
    whole_numbers = kind.__qualname__.startswith("whole")

    @settings(max_examples=8)
    @given(st.integers() if whole_numbers else st.floats(), st.booleans())
    def check(value, apart):
        text = str(value)
        words = [option, text] if apart else [f"{option}={text}"]
        try:
            args = parsed(PARSER, [command, *needed, *words])
        except ValueError as error:
            assert f"argument {option}: {text}" in str(error) and " from " in str(error)
            return
        got = vars(args)[option[2:].replace("-", "_")]
        assert got in (value, [value])

    check()


@settings(max_examples=200)
@given(st.floats(-1e6, 1e6), st.sampled_from(["g", "e", ".3e", "f", ".0f"]), st.booleans())
def test_every_finite_bias_is_read(value, form, point):
    text = format(value, form)
    text += "." if point and text.lstrip("-").isdigit() else ""  # -5.
    text = re.sub(r"-0\.(?=[0-9])", "-.", text)  # -.5
    args = parsed(PARSER, ["train", "--bias", text, "--seed", "3"])
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


def test_a_real_number_is_never_turned_into_zero():
    assert real()("-1e15") == -1e15 and real()("0e5") == 0 and real()("-0.0e-999") == 0
    with pytest.raises(argparse.ArgumentTypeError, match=r"1e-999 is not a number .* float holds"):
        real()("1e-999")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--liked", "-30-"], "write --liked=-30- for"),
        (["--liked", "Alien", "-30-"], "write --liked=-30- for"),
        (["--user", "-x"], "write --user=-x for"),
        (["--user", "--k", "3"], None),
        (["--user", "-h"], None),
    ],
)
def test_values_that_begin_with_a_dash_get_a_hint(words, hint):
    with pytest.raises((ValueError, SystemExit)) as error:
        parsed(PARSER, ["recommend", *words])
    assert (hint or "") in str(error.value) and ("write" in str(error.value)) == bool(hint)
    args = parsed(PARSER, ["recommend", "--liked=-30-", "--liked", "Alien", "--liked=-31-"])
    assert args.liked == ["-30-", "Alien", "-31-"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--M", "3"], "--M = 3 does not divide --token-dim = 64"),
        (["--token-dim", "7", "--N", "4"], "--token-dim = 7 can't be split"),
        (["--epochs", "1", "--model", "two-tower", "--bias", "2"], "--bias 2.0 means nothing"),
        (
            ["--token-dim", "4096", "--query-tokens", "4096", "--N", "1"],
            "a model with --token-dim = 4096, --query-tokens = 4096, ",
        ),
    ],
)
def test_settings_are_refused_before_any_data_is_read(run, monkeypatch, tmp_path, words, message):
    import sparcode_mini as sm

    monkeypatch.setattr(sm.data, "movielens_100k", None)  # would fail if it were called
    code, text = run("train", "--out", tmp_path / "m", *words)
    assert code == 2 and text.err.startswith(f"sparcode-mini train: {message}")
    assert text.err.count("\n") == 1


NAMES = st.sampled_from(["token_dim", "M", "query_tokens", "x_M", "codes_per_shard", "other"])
FORMS = st.sampled_from(["%s = 5", "'%s = 5'", '"a %s = b"', "%s!", "%s='a'", "%s=b", "/%s = 5"])


@settings(max_examples=200)
@given(st.lists(st.tuples(NAMES, FORMS)), st.booleans())
def test_names_become_options_outside_quotes_and_values_only(parts, is_value):
    train = next(a for a in PARSER._actions if a.dest == "command").choices["train"]
    options = {"token_dim": "--token-dim", "M": "--M", "query_tokens": "--query-tokens"}
    text = "; ".join(form % name for name, form in parts)
    expected = "; ".join(
        (form.replace("=", " ") if form == "%s='a'" and name in options else form)
        % (options.get(name, name) if form in ("%s = 5", "%s='a'") else name)
        for name, form in parts
    )
    args = argparse.Namespace(data=text if is_value else "x = y")
    assert train.as_typed(text, args) == (text if is_value and "=" in text else expected)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", ""], "argument --out: the name is empty; give a path"),
        (["--shards= "], "argument --shards: the name is empty; give a path"),
        (["--codes", "all", "--probes", "2"], "--codes all has a list for every code; leave"),
        (["--shard-codes", "256"], "--shard-codes is the size of shards; say where they are kept"),
    ],
)
def test_options_of_an_index_that_mean_nothing(run, words, message):
    code, text = run("index", "m.safetensors", *words)
    assert code == 2 and text.err.startswith(f"sparcode-mini index: {message}")
