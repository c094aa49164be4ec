"""Two runs never share a state: names, locks, --resume, and what is said before a model goes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini.cli.common import state_file
from sparcode_mini.tools.locks import hold

NAMES = st.text("as.1T", min_size=1, max_size=4).filter(lambda name: name.strip("."))
ENDS = st.sampled_from(["", ".safetensors", ".training", ".SAFETENSORS", ".1"])


@given(st.tuples(NAMES, ENDS, ENDS), st.tuples(NAMES, ENDS, ENDS))
def test_no_two_models_share_a_state_and_no_state_is_a_model(one, other):
    outs = [Path("runs") / "".join(parts) for parts in (one, other)]
    states = []
    for out in outs:
        try:
            states.append(state_file(out))
        except ValueError as error:
            assert ".training" in out.name and "choose one without '.training'" in str(error)
            return
    assert (states[0] == states[1]) == (outs[0] == outs[1])
    assert not set(states) & set(outs)


def test_states_keep_the_names_that_they_had():
    assert state_file(Path("runs/m.safetensors")) == Path("runs/m.training.safetensors")
    assert state_file(Path("runs/seed.1")) == Path("runs/seed.1.training")


def test_a_second_training_is_refused_before_it_reads_anything(toy_data, run, monkeypatch):
    state = state_file(toy_data / "runs/model.safetensors")
    monkeypatch.setattr("sparcode_mini.cli.data_options.split", None)  # would fail if called
    code, text = in_another_thread(state, lambda: run(*toys.TRAIN))
    assert code == 2 and text.err.count("\n") == 1
    assert "model.training.safetensors is in use by process" in text.err
    assert text.err.endswith("; wait until it has ended, or choose another --out\n")


def in_another_thread(path, work):
    """Do work in a thread while this one holds a file."""
    import threading

    results = []
    with hold(path, "test"):
        thread = threading.Thread(target=lambda: results.append(work()))
        thread.start()
        thread.join()
    return results[0]


def test_resume_without_a_state_is_an_error(toy_data, run):
    code, text = run(*toys.TRAIN, "--resume")
    assert code == 2 and text.err.count("\n") == 1
    assert "there is no training state runs/model.training.safetensors to resume" in text.err


def test_a_model_that_will_be_replaced_is_named_first(toy_data, run):
    words = [*toys.TRAIN, "--epochs", 2, "--out", "runs/seed.1"]
    code, text = run(*words)
    assert code == 0 and "replace" not in text.err
    code, text = run(*words)
    assert code == 0 and "runs/seed.1 exists and is a model; it will be replaced" in text.err
    assert [path.name for path in (toy_data / "runs").iterdir()] == ["seed.1"]


@pytest.mark.parametrize("out", ["m.training.safetensors", "m.training"])
def test_the_name_of_a_state_is_no_name_for_a_model(toy_data, run, out):
    code, text = run(*toys.TRAIN, "--out", out)
    assert code == 2 and f"--out {out} is the name of a training state" in text.err


@pytest.mark.parametrize(
    "words",
    [toys.TRAIN, ["index", "m"], ["sweep"], ["reproduce"], ["study", "beyond"], ["deezer"]],
    ids=lambda words: words[0],
)
def test_no_command_replaces_a_file_of_another_kind(toy_data, run, monkeypatch, words):
    for work in ("cli.data_options.split", "studies.sweep.sweep", "studies.beyond.run"):
        monkeypatch.setattr(f"sparcode_mini.{work}", None)  # would fail if called
    monkeypatch.setattr("sparcode_mini.data.deezer.load", None)
    (toy_data / "plays.csv").write_text("user,item\n")
    code, text = run(*words, "--out", "plays.csv")
    assert code == 2 and text.err.count("\n") == 1
    assert "plays.csv is a text file, not a" in text.err and "choose another name" in text.err
    assert (toy_data / "plays.csv").read_text() == "user,item\n"


def test_a_link_and_its_file_share_a_state(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    link = tmp_path / "sub" / "link.safetensors"
    link.symlink_to("../m.safetensors")
    assert state_file(link) == state_file(tmp_path / "m.safetensors")
