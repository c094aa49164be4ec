"""The command line, end to end on toy data, and its messages."""

import contextlib
import json
import types

import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.cli import commands as cli
from sparcode_mini.cli import doctor
from sparcode_mini.data import deezer, movielens
from sparcode_mini.serving import cluster
from sparcode_mini.studies import sweep
from sparcode_mini.studies import table as reproduce
from sparcode_mini.studies.common import train_and_measure as measure


@pytest.fixture
def toy_data(monkeypatch, tmp_path):
    """Commands run in an empty folder, on toy data in the place of MovieLens-100K."""
    monkeypatch.setattr(sm.data, "movielens_100k", toys.toy_ratings)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = ["train", "--N", "8", "--token-dim", "8", "--query-tokens", "2"]


def run(capsys, *words):
    """Exit code and what was printed."""
    code = cli.main([str(word) for word in words])
    return code, capsys.readouterr()


def test_train_evaluate_index_and_evaluate_from_the_index(toy_data, capsys):
    code, text = run(capsys, *TRAIN, "--epochs", "3")
    assert code == 0
    assert "epoch   2" in text.out and "saved" in text.out
    model, index = toy_data / "runs/model.safetensors", toy_data / "runs/index.safetensors"
    assert not model.with_suffix(".training.safetensors").exists()
    code, plain = run(capsys, "evaluate", model, "--k", 5)
    assert code == 0 and "ndcg@5" in plain.out
    code, text = run(capsys, "index", model, "--codes", "all")
    assert code == 0 and "density" in text.out
    code, served = run(capsys, "evaluate", model, "--k", 5, "--index", index)
    assert code == 0 and served.out == plain.out


def test_an_index_in_shards_is_the_same_file(toy_data, capsys):
    assert run(capsys, *TRAIN, "--epochs", "2")[0] == 0
    model, out = toy_data / "runs/model.safetensors", toy_data / "shards.safetensors"
    index = ["index", model, "--codes", "all", "--best", 5, "--precision", "int8"]
    assert run(capsys, *index)[0] == 0
    sharded = [*index, "--shards", toy_data / "shards", "--out", out]
    code, text = run(capsys, *sharded)
    assert code == 0 and "0 of 1 shards are there" in text.out
    one, other = sm.SparseIndex.load(toy_data / "runs/index.safetensors"), sm.SparseIndex.load(out)
    for name in ("codes", "offsets", "items", "values", "scales", "codebooks"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    code, text = run(capsys, *sharded)
    assert code == 0 and "1 of 1 shards are there" in text.out


def test_an_index_by_dask_and_its_errors(toy_data, capsys, monkeypatch):
    assert run(capsys, *TRAIN, "--epochs", "2")[0] == 0
    model = toy_data / "runs/model.safetensors"
    code, text = run(capsys, "index", model, "--dask")
    assert code == 2 and "say where they are kept with --shards FOLDER" in text.err
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    shards = ["--shards", toy_data / "shards", "--dask"]
    code, text = run(capsys, "index", model, *shards, "tcp://127.0.0.1:9")
    assert code == 2 and "no dask scheduler answers at tcp://127.0.0.1:9" in text.err
    code, text = run(capsys, "index", model, *shards)
    assert code == 0 and "saved" in text.out
    assert (toy_data / "shards/shard-000000.parquet").exists()
    code, text = run(capsys, "index", model, "--best", 3, *shards)
    assert code == 2 and "another plan (it differs in best)" in text.err


def test_train_makes_each_kind_of_model(toy_data, capsys):
    for kind, cls in (("two-tower", sm.TwoTower), ("all-to-all", sm.AllToAll)):
        out = toy_data / f"{kind}.safetensors"
        code, _ = run(
            capsys, "train", "--model", kind, "--epochs", 2, "--token-dim", 8, "--out", out
        )
        assert code == 0
        assert type(sm.load_model(out)) is cls


def test_interrupted_training_resumes_to_the_same_model(toy_data, capsys, monkeypatch):
    straight, stopped = toy_data / "a.safetensors", toy_data / "b.safetensors"
    assert run(capsys, *TRAIN, "--epochs", 4, "--out", straight)[0] == 0
    printed = cli._print_epoch

    def stop_at_two(row):
        printed(row)
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_print_epoch", stop_at_two)
    code, text = run(capsys, *TRAIN, "--epochs", 4, "--out", stopped)
    assert code == 130 and "--resume" in text.out and sm.load_model(stopped).stage == "hard"
    monkeypatch.setattr(cli, "_print_epoch", printed)
    assert run(capsys, *TRAIN, "--epochs", 4, "--out", stopped, "--resume")[0] == 0
    assert toys.same_weights(sm.load_model(straight), sm.load_model(stopped))


def test_recommend_names_films_codes_and_entries(toy_data, capsys):
    run(capsys, *TRAIN, "--epochs", 3)
    model = toy_data / "runs/model.safetensors"
    code, text = run(
        capsys, "recommend", "--liked", "Film 7", "Film 14", "--model", model, "--k", 3
    )
    assert code == 0
    assert "history: Film 7; Film 14" in text.out
    assert "token 1 -> code (" in text.out and " 1. " in text.out
    code, text = run(capsys, "recommend", "--liked", "Film 33333", "--model", model)
    assert code == 2 and "Film 33333" in text.err and "did you mean" in text.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--M", "3", "--token-dim", "8", "--epochs", "1"], "M = 3"),
        (["train", "--epochs", "0"], "epochs = 0"),
        (["evaluate", "nowhere.safetensors"], "nowhere.safetensors"),
        (["reproduce", "--seeds", "0"], "--seeds 0"),
        (["reproduce", "--rows", "no-such-row"], "no-such-row"),
    ],
)
def test_bad_input_ends_in_one_line_and_code_2(toy_data, capsys, words, message):
    code, text = run(capsys, *words)
    assert code == 2
    assert message in text.err and text.err.count("\n") == 1


def test_only_a_sparcode_can_be_indexed(toy_data, capsys):
    out = toy_data / "tower.safetensors"
    run(capsys, "train", "--model", "two-tower", "--epochs", 1, "--token-dim", 8, "--out", out)
    code, text = run(capsys, "index", out)
    assert code == 2 and "TwoTower" in text.err


def test_help_of_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    names = ("train", "evaluate", "index", "recommend", "sweep", "reproduce", "doctor")
    text = capsys.readouterr().out
    assert all(name in text for name in names)
    for name in names:
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        assert stop.value.code == 0


# --- reproduce and sweep --------------------------------------------------------------------

TINY = {"token_dim": 8, "hidden": 4, "query_tokens": 2}


@pytest.fixture
def tiny_specs(monkeypatch):
    """Rows and grids of the real commands over models that train in a blink."""
    real = reproduce.spec

    def small_spec(kind, lr, dropout, *more, **others):
        spec = real(kind, lr, dropout, *more, **others)
        own = {k: v for k, v in TINY.items() if k != "hidden" or spec["class"] != "TwoTower"}
        model = {**spec["model"], **own}
        if "N" in model:
            model["N"] = 6
        return {**spec, "model": model, "fit": {**spec["fit"], "epochs": 2}}

    monkeypatch.setattr(reproduce, "spec", small_spec)
    monkeypatch.setattr(sweep, "MODEL", {"token_dim": 8, "hidden": 4, "query_tokens": 2})
    monkeypatch.setattr(sweep, "FIT", {"epochs": 2})
    monkeypatch.setattr(sweep, "ALSO", [])
    monkeypatch.setattr(sweep, "GRID", {"M": [1, 2], "N": [4], "sparsity": [0.0]})


def test_reproduce_prints_the_table_and_does_no_row_twice(
    toy_data, tiny_specs, capsys, monkeypatch
):
    words = ["reproduce", "--seeds", 2, "--out", toy_data / "table.json"]
    code, text = run(capsys, *words)
    assert code == 0
    lines = text.out.splitlines()
    assert sum(line.startswith("| sparcode") for line in lines) == 8  # four rows x (1 | 4 probes)
    assert "| two-tower |" in text.out and "100.0%" in text.out
    stored = json.loads((toy_data / "table.json").read_text())
    assert stored["config"]["seeds"] == 2 and "torch" in stored["versions"]
    assert len(stored["rows"]["two-tower"]) == 2
    monkeypatch.setattr(measure, "fit", None)  # training again would fail
    code, again = run(capsys, *words)
    assert code == 0 and again.out == text.out


def test_tune_reports_validation_of_both_models(toy_data, tiny_specs, capsys):
    code, _ = run(capsys, "reproduce", "--tune", "--out", toy_data / "grid.json")
    assert code == 0
    points = json.loads((toy_data / "grid.json").read_text())["points"]
    assert [p["model"] for p in points].count("two-tower") == 4
    assert [p["sparsity"] for p in points[24:]] == [0.0, 8.0, 16.0, 32.0]
    assert all(0 < p["validation ndcg@50"] < 1 for p in points)


def test_a_folder_of_another_setting_is_refused(toy_data, toy_split):
    measure.train_and_measure(toy_split, {"class": "Popularity"}, 0, toy_data, "row")
    with pytest.raises(ValueError, match="another setting"):
        measure.train_and_measure(toy_split, {"class": "Popularity"}, 1, toy_data, "row")


def test_an_interrupted_row_goes_on_where_it_stopped(toy_data, toy_split, monkeypatch):
    spec = {
        "class": "SparCode",
        "model": {**TINY, "N": 6},
        "fit": {"epochs": 4},
    }
    whole = measure.train_and_measure(toy_split, spec, 0, toy_data, "whole")
    real = measure.fit

    def stopping(*args, **options):
        def stop(row):
            if row["epoch"] == 2:
                raise KeyboardInterrupt

        return real(*args, on_epoch=stop, **options)

    monkeypatch.setattr(measure, "fit", stopping)
    with pytest.raises(KeyboardInterrupt):
        measure.train_and_measure(toy_split, spec, 0, toy_data, "parts")
    monkeypatch.setattr(measure, "fit", real)
    parts = measure.train_and_measure(toy_split, spec, 0, toy_data, "parts")
    whole.pop("seconds"), parts.pop("seconds")
    assert parts == whole


def test_sweep_stores_what_the_panel_reads(toy_data, tiny_specs, capsys):
    out = toy_data / "sweep.json"
    code, text = run(capsys, "sweep", "--out", out)
    assert code == 0 and str(out) in text.out
    stored = json.loads(out.read_text())
    assert [(s["M"], s["N"]) for s in stored["settings"]] == [(1, 4), (2, 4)]
    assert {*sweep.KEPT, "search_us"} <= set(stored["settings"][0])
    assert 0 < stored["baselines"]["two-tower"]["ndcg@50"] < 1
    assert stored["config"]["grid"]["M"] == [1, 2]


# --- stored results -------------------------------------------------------------------------


def test_stored_results_carry_what_made_them():
    for path in results.RESULTS.glob("*.json"):
        stored = results.load(path.stem)
        assert {"config", "versions", "machine", "date"} <= set(stored), path.name


def test_a_missing_result_and_a_missing_setting_are_named():
    with pytest.raises(FileNotFoundError, match="no stored result 'nothing'"):
        results.load("nothing")
    with pytest.raises(KeyError, match="M=3, N=5"):
        results.setting(3, 5, 0.0)


def test_a_cheap_entry_of_the_sweep_comes_out_again(movielens_split, tmp_path):
    """The stored numbers are those of this code: one setting trained anew, within tolerance.

    float32 training differs a little on other processors; 0.015 is several times that.
    """
    stored = results.setting(M=1, N=16, sparsity=12.0)
    again = sweep.run_setting(movielens_split, tmp_path, 1, 16, 12.0)
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.015)
    assert again["density"] == pytest.approx(stored["density"], abs=0.05)


# --- doctor ---------------------------------------------------------------------------------


def test_doctor_finds_everything_in_place(capsys):
    assert run(capsys, "doctor", "--fetch")[0] == 0


def test_doctor_says_what_is_missing(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(doctor, "OPTIONAL", ("no-such-package",))
    monkeypatch.setattr(movielens, "present", lambda: False)
    code, text = run(capsys, "doctor")
    assert code == 1
    assert "NO  data" in text.out and "SPARCODE_DATA" in text.out
    monkeypatch.delenv("SPARCODE_DATA")
    assert "--fetch" in run(capsys, "doctor")[1].out
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    code, text = run(capsys, "doctor")
    assert "NO  no-such-package" in text.out and "pip install" in text.out
    assert "NO  model sparcode" in text.out
    code, text = run(capsys, "doctor", "--fetch")
    assert code == 1 and "SPARCODE_DATA" in text.out
    (tmp_path / "sparcode.safetensors").write_bytes(b"not a model")
    assert "NO  model sparcode" in run(capsys, "doctor")[1].out


def test_an_interrupted_training_keeps_its_best_and_is_not_started_over(
    toy_data, capsys, monkeypatch
):
    def stop_at(epoch):
        def printed(row):
            if row["epoch"] == epoch:
                raise KeyboardInterrupt

        return printed

    out = toy_data / "m.safetensors"
    command = [*TRAIN, "--epochs", 6, "--out", out]
    monkeypatch.setattr(cli, "_print_epoch", stop_at(0))
    code, text = run(capsys, *command)
    assert code == 130 and "no epoch has counted" in text.out and not out.exists()
    code, text = run(capsys, *command)
    assert code == 2 and "add --resume" in text.err
    monkeypatch.setattr(cli, "_print_epoch", stop_at(4))
    code, text = run(capsys, *command, "--resume")
    assert code == 130 and "best epoch so far" in text.out
    assert sm.load_model(out).stage == "hard"


def test_options_that_do_nothing_are_refused(toy_data, capsys):
    code, text = run(capsys, "train", "--model", "two-tower", "--M", 5)
    assert code == 2 and "--M 5 means nothing to a two-tower" in text.err


def test_a_stored_result_belongs_to_its_data_and_its_part(toy_split, toy_data):
    spec = {"class": "Popularity"}
    measure.train_and_measure(toy_split, spec, 0, toy_data, "row")
    with pytest.raises(ValueError, match="its on is test, asked is validation"):
        measure.train_and_measure(toy_split, spec, 0, toy_data, "row", on="validation")
    other = toys.toy_ratings().split(test=0.4, validation=0.2)
    with pytest.raises(ValueError, match="its data is"):
        measure.train_and_measure(other, spec, 0, toy_data, "row")
    (toy_data / "row.json").write_text("{}")
    with pytest.raises(ValueError, match="its spec is None"):
        measure.train_and_measure(toy_split, spec, 0, toy_data, "row")


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
    toy_data, capsys, monkeypatch, words, message
):
    (toy_data / "file").touch()
    (toy_data / "there").mkdir()
    for module, name in ((sm.data, "movielens_100k"), (deezer, "load")):
        monkeypatch.setattr(module, name, None)  # would fail if it were called
    code, text = run(capsys, *words)
    assert code == 2 and text.err == f"sparcode-mini {words[0]}: {message}\n"


def test_ctrl_c_promises_only_what_holds(toy_data, capsys, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_sparcode", stopped)
    code, text = run(capsys, "index", "model.safetensors")
    assert code == 130 and text.err == "stopped; nothing kept\n"
    code, text = run(capsys, "index", "model.safetensors", "--shards", "shards")
    assert code == 130 and "run the same command to go on" in text.err
    monkeypatch.setattr(sm, "fit", stopped)
    code, text = run(capsys, *TRAIN)
    assert code == 130 and text.err == "stopped; nothing kept\n"
    (toy_data / "runs").mkdir()
    (toy_data / "runs/model.training.safetensors").touch()
    code, text = run(capsys, *TRAIN, "--resume")
    assert code == 130 and "model.training.safetensors; add --resume to go on" in text.err


def test_workers_that_die_again_and_again_end_in_one_line(toy_data, capsys, monkeypatch):
    distributed = pytest.importorskip("distributed")
    assert run(capsys, *TRAIN, "--epochs", "2")[0] == 0

    def killed():
        raise distributed.KilledWorker("a", None, 3)

    future = types.SimpleNamespace(key="a", result=killed)
    client = types.SimpleNamespace(submit=lambda *_, **__: future, cancel=lambda _: None)
    monkeypatch.setattr(cluster, "connected", lambda address: contextlib.nullcontext(client))
    monkeypatch.setattr(distributed, "as_completed", iter)
    words = ["index", "runs/model.safetensors", "--shards", "shards", "--dask"]
    code, text = run(capsys, *words)
    assert code == 2 and text.err.count("\n") == 1 and "several workers died" in text.err
