import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import cli
from sparcode_mini.cli import commands, common
from sparcode_mini.data import deezer
from sparcode_mini.tools.files import save_tensors
from sparcode_mini.tools.program import Program


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--M", "3", "--token-dim", "8", "--epochs", "1"], "M = 3"),
        (["train", "--epochs", "0"], "argument --epochs: 0 is not a whole number from 1 to 10,000"),
        (["evaluate", "nowhere.safetensors"], "nowhere.safetensors"),
        (["reproduce", "--seeds", "0"], "--seeds: 0 is not a whole number from 1 to 1,000"),
        (["reproduce", "--rows", "no-such-row"], "no-such-row"),
    ],
)
def test_bad_input_ends_in_one_line_and_code_2(toy_data, run, words, message):
    code, text = run(*words)
    assert code == 2
    assert message in text.err and text.err.count("\n") == 1


def test_help_of_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    names = ("train", "evaluate", "index", "recommend", "xray", "sweep", "reproduce", "doctor")
    text = capsys.readouterr().out
    assert all(name in text for name in names)
    for name in names:
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--out", "there"], "there is a folder; give the name of a file in it"),
        (["index", "m", "--out", "there"], "there is a folder; give the name of a file in it"),
        (["sweep", "--out", "there"], "there is a folder; give the name of a file in it"),
        (["deezer", "--out", "there"], "there is a folder; give the name of a file in it"),
        (["index", "m", "--out", "file/a/i"], "--out: file is a file; give a folder"),
        (["index", "m", "--shards", "file"], "--shards: file is a file; give a folder"),
        (["reproduce", "--folder", "file/sub"], "--folder: file is a file; give a folder"),
        (["study", "pays", "--folder", "file"], "--folder: file is a file; give a folder"),
    ],
)
def test_a_file_and_a_folder_in_each_others_place_are_refused_before_any_work(
    toy_data, run, monkeypatch, words, message
):
    (toy_data / "file").touch()
    (toy_data / "there").mkdir()
    for module, name in ((sm.data, "movielens_100k"), (deezer, "load")):
        monkeypatch.setattr(module, name, None)  # would fail if it were called
    code, text = run(*words)
    assert code == 2 and text.err == f"sparcode-mini {words[0]}: {message}\n"


def test_ctrl_c_promises_only_what_holds(toy_data, run, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(common, "load_sparcode", stopped)
    code, text = run("index", "model.safetensors")
    assert code == 130 and text.err == "stopped; nothing kept\n"
    code, text = run("index", "model.safetensors", "--shards", "shards")
    assert code == 130 and "run the same command to go on" in text.err
    monkeypatch.setattr(sm, "fit", stopped)
    code, text = run(*toys.TRAIN)
    assert code == 130 and text.err == "stopped; nothing kept\n"
    save_tensors(toy_data / "runs/model.training.safetensors", {}, {}, "sparcode-mini training", 1)
    code, text = run(*toys.TRAIN, "--resume")
    assert code == 130 and "model.training.safetensors; add --resume to go on" in text.err


def test_ctrl_c_while_it_loads_knows_the_state_of_before(toy_data, capsys, monkeypatch):
    """The modules are still being loaded, and the signal ends the process at once."""
    state = toy_data / "runs/model.training.safetensors"
    program = Program("sparcode-mini")
    assert program.kept() == "nothing was begun"
    monkeypatch.setattr(sm, "__all__", ["no_such_name"])
    for before, words in ((False, "nothing kept"), (True, "add --resume to go on")):
        if before:
            save_tensors(state, {}, {}, "sparcode-mini training", 1)
        with pytest.raises(AttributeError):
            commands.run([*toys.TRAIN, "--resume"], program)
        assert words in program.kept()
