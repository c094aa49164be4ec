"""An index made in shards is that of one build, bit for bit, whoever made them and after a stop."""

import importlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.serving import shards
from sparcode_mini.serving.shards import ShardedBuild
from sparcode_mini.tools.files import file_digest


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of 500 items with N^M = 400 codes, so 4 shards of 128, and its file."""
    model = sm.SparCode(
        catalogue_of(pd.DataFrame({"item": np.arange(500)})), "dnn", M=2, N=20, query="text",
        token_dim=8, history_len=8, hidden=4, seed=3,
    )  # fmt: skip
    model.item_bias.data.normal_(generator=torch.Generator().manual_seed(0), std=0.3)
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    model.eval().save(file)
    return file, model


def build(saved, folder, **options):
    return ShardedBuild(*saved, folder, "all", **{"codes_per_shard": 128, **options})


@pytest.mark.parametrize(
    "options",
    [{}, {"best": 7}, {"best": 7, "engine": "compiled"}, {"precision": "float16"},
     {"precision": "int8", "best": 50}],
)  # fmt: skip
def test_shards_equal_one_build(saved, tmp_path, options):
    plain = {name: value for name, value in options.items() if name != "precision"}
    whole = sm.SparseIndex.build(saved[1], "all", **plain)
    if "precision" in options:
        whole = whole.quantised(options["precision"])
    job = build(saved, tmp_path / "new", **options)
    assert list(job.run()) == [0, 1, 2, 3]
    assert len(whole.items) > 1000
    toys.assert_same_index(job.merge(), whole)
    assert job.merge().made_from == whole.made_from is not None


def test_one_codebook_is_scored_code_by_code_and_equal(tmp_path):
    model = sm.SparCode(
        catalogue_of(pd.DataFrame({"item": np.arange(300)})), "dnn", N=300, query="text",
        token_dim=8, history_len=8, hidden=4, dtype=torch.float64,
    )  # fmt: skip
    model.eval().save(tmp_path / "m")
    job = ShardedBuild(tmp_path / "m", model, tmp_path / "s", "all", codes_per_shard=128)
    list(job.run())
    toys.assert_same_index(job.merge(), sm.SparseIndex.build(model, "all"))


def test_a_stopped_run_goes_on_where_it_stopped(saved, tmp_path):
    first = build(saved, tmp_path, best=5)
    run = first.run()
    assert [next(run), next(run)] == [0, 1]
    run.close()
    with pytest.raises(ValueError, match=r"2 of 4 shards are missing.*first is shard-000002"):
        first.merge()
    times = [task.file.stat().st_mtime_ns for task in first.tasks()[:2]]
    again = build(saved, tmp_path, best=5)
    assert list(again.run()) == [2, 3]
    assert [task.file.stat().st_mtime_ns for task in again.tasks()[:2]] == times
    toys.assert_same_index(again.merge(), sm.SparseIndex.build(saved[1], "all", best=5))
    assert list(again.run()) == []


def test_a_shard_is_whole_or_not_there(saved, tmp_path, monkeypatch):
    job = build(saved, tmp_path)

    def full_disk(table, file, **_):
        file.write(b"PAR1")
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("pyarrow.parquet"), "write_table", full_disk)
        with pytest.raises(OSError, match="no space"):
            next(job.run())
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("other", "named"),
    [({"best": 6}, "best"), ({"precision": "int8"}, "precision"),
     ({"codes_per_shard": 256}, "codes_per_shard"), ({"engine": "compiled"}, "engine")],
)  # fmt: skip
def test_a_folder_of_another_plan_is_refused(saved, tmp_path, other, named):
    build(saved, tmp_path, best=5)
    with pytest.raises(ValueError, match=rf"another plan \(it differs in {named}\); give another"):
        build(saved, tmp_path, **{"best": 5, **other})


def test_another_model_or_other_codes_are_another_plan(saved, tmp_path):
    build(saved, tmp_path)
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert (plan["n_items"], plan["n_codes"], plan["by_tables"]) == (500, 400, True)
    with pytest.raises(ValueError, match="differs in by_tables, codes, n_codes"):
        ShardedBuild(*saved, tmp_path, np.array([[0, 1]] * 3), codes_per_shard=128)
    saved[1].save(tmp_path / "copy")
    file = tmp_path / "other"
    file.write_bytes((tmp_path / "copy").read_bytes() + b" ")
    with pytest.raises(ValueError, match="differs in model"):
        ShardedBuild(file, saved[1], tmp_path, "all", codes_per_shard=128)


def test_damaged_and_foreign_shards_are_refused(saved, tmp_path):
    job = build(saved, tmp_path / "a", best=5)
    list(job.run())
    other = build(saved, tmp_path / "b", best=6)
    list(other.run())
    file = job.tasks()[1].file
    whole = file.read_bytes()
    file.write_bytes(other.tasks()[1].file.read_bytes())
    with pytest.raises(ValueError, match="belongs to another plan; delete it"):
        job.merge()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"shard-000001.parquet is damaged"):
        job.merge()
    flipped = bytearray(whole)
    flipped[len(whole) // 4] ^= 255  # inside the data: only the checksum of the page tells
    file.write_bytes(bytes(flipped))
    with pytest.raises(ValueError, match=r"shard-000001.parquet is damaged"):
        job.merge()


def test_anyone_can_read_a_shard(saved, tmp_path):
    job = build(saved, tmp_path, best=3)
    list(job.run())
    table = pd.read_parquet(job.tasks()[0].file)
    assert list(table.columns) == ["code", "items", "values"]
    items, values = sm.SparseIndex.build(saved[1], "all", best=3).posting_list([0, 4])
    row = table.iloc[4]
    assert row["code"].tolist() == [0, 4]
    assert (row["items"].tolist(), row["values"].tolist()) == (items.tolist(), values.tolist())


def test_bad_arguments(saved, tmp_path, monkeypatch):
    for wrong in (0, 100):
        with pytest.raises(ValueError, match=f"codes_per_shard = {wrong}; give a multiple of 128"):
            build(saved, tmp_path, codes_per_shard=wrong)
    with pytest.raises(FileNotFoundError):
        ShardedBuild(tmp_path / "none", saved[1], tmp_path, "all")
    monkeypatch.setattr(shards, "LONGEST", 10)
    with pytest.raises(ValueError, match=r"shard-000000.parquet has .* give fewer codes per shard"):
        next(build(saved, tmp_path).run())
    monkeypatch.setattr(
        shards.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name))
    )
    with pytest.raises(ImportError, match=r"pip install 'sparcode-mini\[shards\]'"):
        build(saved, tmp_path)


def test_a_shard_in_the_place_of_another_is_refused(saved, tmp_path):
    job = build(saved, tmp_path, best=5)
    list(job.run())
    first, second = (task.file for task in job.tasks()[:2])
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)  # the codes would come in another order
    with pytest.raises(ValueError, match=r"shard-000000.parquet holds the codes of another shard"):
        job.merge()


@pytest.mark.parametrize("error", [KeyError("items"), NotImplementedError("code 7")])
def test_whatever_a_damaged_shard_raises_its_file_is_named(saved, tmp_path, monkeypatch, error):
    job = build(saved, tmp_path, best=5)
    list(job.run())

    def damaged(*_):
        raise error

    monkeypatch.setattr(shards, "_lists_of_table", damaged)
    with pytest.raises(ValueError, match=r"shard-000000.parquet is damaged .*delete it"):
        job.merge()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            lambda t: t.rename_columns(["code", "item5", "values", "scale"]),
            "its columns are .*item5",
        ),
        (
            lambda t: t.rename_columns(["code", "items", "values", "scal"]),
            "its columns are .*scal'",
        ),
        (lambda t: t.set_column(0, "code", t["scale"]), "damaged"),
        (lambda t: t.set_column(2, "values", t["items"]), "int32 items, int32 values"),
    ],
)
def test_a_shard_with_other_columns_is_damaged(saved, tmp_path, changed, message):
    parquet = importlib.import_module("pyarrow.parquet")
    job = build(saved, tmp_path, best=5, precision="int8")
    list(job.run())
    file = job.tasks()[0].file
    table = parquet.read_table(file)
    parquet.write_table(changed(table).replace_schema_metadata(table.schema.metadata), file)
    with pytest.raises(ValueError, match=r"shard-000000.parquet is damaged .*delete it") as told:
        job.merge()
    assert told.match(message)


def test_a_plan_that_is_none_and_a_file_for_a_folder_are_named(saved, tmp_path):
    (tmp_path / "plan.json").write_text("[]", "utf-8")
    with pytest.raises(ValueError, match=r"plan.json is not a JSON file of sparcode-mini"):
        build(saved, tmp_path)
    with pytest.raises(ValueError, match=r"plan.json is a file; give a folder for the shards"):
        build(saved, tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda t: t.slice(1), "it has [0-9]+ lists, not"),
        (lambda t: t.take([0] * len(t)), "is damaged"),
        (lambda t: t.take(list(range(len(t)))[::-1]), "another shard"),
        (lambda t: longer(t, "items"), "more items than values, or fewer"),
        (lambda t: longer(t, "values"), "more items than values, or fewer"),
        (lambda t: other_items(t, 10**6), "items has the value 1000000"),
        (lambda t: other_items(t, -1), "items has the value -1"),
        (lambda t: other_values(t, float("nan")), "finite number > 0"),
        (lambda t: other_values(t, -1.0), "finite number > 0"),
        (lambda t: other_values(t, None), "empty cells"),
        (lambda t: many(t), "it claims .* entries"),
    ],
)
def test_a_shard_with_other_contents_is_refused(saved, tmp_path, changed, message):
    parquet = importlib.import_module("pyarrow.parquet")
    job = build(saved, tmp_path, best=5)
    list(job.run())
    file = job.tasks()[0].file
    table = parquet.read_table(file)
    parquet.write_table(changed(table).replace_schema_metadata(table.schema.metadata), file)
    with pytest.raises(ValueError, match=r"shard-000000.parquet") as told:
        job.merge()
    assert told.match(message) and told.match("delete it and run the build again")


def replaced(table, name, rows):
    number = table.column_names.index(name)
    return table.set_column(number, name, pa.array(rows, type=table[name].type))


def longer(table, name):
    rows = table[name].to_pylist()
    full = next(n for n, row in enumerate(rows) if row)
    rows[full] = rows[full] + rows[full][-1:]
    return replaced(table, name, rows)


def other_items(table, value):
    rows = table["items"].to_pylist()
    return replaced(table, "items", [[value for _ in row] for row in rows])


def other_values(table, value):
    rows = table["values"].to_pylist()
    return replaced(table, "values", [[value for _ in row] for row in rows])


def many(table):
    """A small file, by its encoding, of a hundred million entries."""
    count = 20_000
    wide = replaced(table, "items", [[1] * count for _ in range(len(table))])
    return replaced(wide, "values", [[1.0] * count for _ in range(len(table))])


def test_the_same_training_once_more_goes_on_with_the_same_shards(toy_split, tmp_path):
    for name in ("one", "other"):
        model = toys.small(sm.SparCode, toy_split, seed=1)
        sm.fit(model, toy_split, epochs=2, seed=2, stages=(0.0, 0.0))
        model.save(tmp_path / name)
        job = ShardedBuild(tmp_path / name, model, tmp_path / "shards", "all")
        list(job.run())
    assert file_digest(tmp_path / "one") == file_digest(tmp_path / "other")
