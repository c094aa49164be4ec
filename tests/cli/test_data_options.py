"""--data, --columns and --items: every command on a table of one's own, and its messages."""

import sys

import numpy as np
import pandas as pd
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.data import movielens_large

SMALL = ["--N", "8", "--token-dim", "8", "--query-tokens", "2"]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with plays.csv (uid, sku, ts), plain.csv (user, item, numbers) and things.csv."""
    monkeypatch.chdir(tmp_path)
    rng, rows = np.random.default_rng(0), []
    for user in range(200):
        steps = rng.integers(100) + np.cumsum(rng.choice([1, 1, 2], size=int(rng.integers(8, 20))))
        rows += [(f"u{user}", f"sku{s % 100}", 10 * t, user, s % 100) for t, s in enumerate(steps)]
    table = pd.DataFrame(rows, columns=["uid", "sku", "ts", "user", "item"])
    table.iloc[:, :3].to_csv("plays.csv", index=False)
    table.iloc[:, 3:].to_csv("plain.csv", index=False)
    pd.DataFrame(
        {
            "sku": [f"sku{i}" for i in range(100)],
            "title": [f"Thing {i}" for i in range(100)],
            "kind": [f"kind {i // 10}" for i in range(100)],
        }
    ).to_csv("things.csv", index=False)
    return tmp_path


PLAYS = ["--data", "plays.csv", "--columns", "user=uid,item=sku,time=ts", "--items", "things.csv"]


def test_train_index_evaluate_and_recommend_on_a_table(shop, run):
    code, text = run("train", *PLAYS, *SMALL, "--epochs", 1)
    assert code == 0 and "epoch   0  hard" in text.out and "a single epoch" in text.out
    assert (
        text.err.startswith("data: Ratings(") and "; plays.csv: 200 users, 100 items; " in text.err
    )
    model = shop / "runs" / "model.safetensors"
    assert [f.name for f in sm.load_model(model).catalogue.item_features] == ["kind"]
    assert run("index", model, *PLAYS, "--codes", "all")[0] == 0
    code, plain = run("evaluate", model, *PLAYS)
    code, served = run("evaluate", model, *PLAYS, "--index", "runs/index.safetensors")
    assert code == 0 and "ndcg@50" in served.out and served.out == plain.out
    code, text = run("recommend", "--user", "u7", "--model", model, *PLAYS)
    assert code == 0 and "history: Thing" in text.out and " 1. " in text.out
    code, text = run("evaluate", model, "--data", "plain.csv")
    assert code == 2 and "another catalogue" in text.err
    assert "('sku0', 'sku1', ...), the split has 100 (0, 1, ...)" in text.err


def test_numbers_as_users_and_the_row_order_as_time(shop, run):
    code, text = run("train", "--data", "plain.csv", *SMALL, "--epochs", 2)
    assert code == 0 and "rows are taken to be in time order" in text.err
    words = ["recommend", "--model", "runs/model.safetensors", "--data", "plain.csv", "--user"]
    assert run(*words, 7)[0] == 0
    code, text = run(*words, "u7")
    assert code == 2 and "--user u7: the users of this data have numbers (0, ...)" in text.err
    code, text = run(*words, 200)
    assert code == 2 and "unknown user 200" in text.err


def test_reproduce_takes_a_table(shop, run):
    words = ["reproduce", "--rows", "popularity"]
    code, text = run(*words, *PLAYS)
    assert code == 0 and "| popularity" in text.out
    code, text = run(*words, "--data", "plain.csv")  # the same items under other names
    assert code == 2 and "choose another folder" in text.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--data", "ml-2m"],
            "--data ml-2m is unknown; give ml-100k, ml-1m, ml-10m, a file that ends in",
        ),
        (["--data", "gone.csv"], "there is no file gone.csv"),
        (["--data", "plays.csv"], "say which one is the user with --columns user=NAME"),
        (["--data", "plays.csv", "--columns", "user"], "write pairs such as user=uid,item=sku"),
        (["--items", "things.csv"], "--columns and --items are for files; --data ml-100k needs"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(shop, run, words, message):
    code, text = run("train", *words)
    assert code == 2 and message in text.err and text.err.count("\n") == 1


def test_the_names_of_data_sets_reach_their_loaders(monkeypatch, run, tmp_path):
    monkeypatch.setattr(movielens_large, "load", lambda name: toys.toy_ratings())
    monkeypatch.chdir(tmp_path)
    code, text = run("reproduce", "--rows", "popularity", "--data", "ml-10m")
    assert code == 0 and text.err.startswith("data: Ratings(")


@pytest.mark.parametrize("probes", [1, 2])
def test_evaluation_in_blocks_of_users_gives_the_same(toy_split, monkeypatch, probes):
    model = toys.small(sm.SparCode, toy_split)
    index = sm.SparseIndex.build(model, codes="all")
    whole = [sm.evaluate(model, toy_split, k=5, probes=probes, index=i) for i in (None, index)]
    module = sys.modules[sm.evaluate.__module__]  # the function hides it
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 7 * toy_split.n_items)
    assert [
        sm.evaluate(model, toy_split, k=5, probes=probes, index=i) for i in (None, index)
    ] == whole


def test_ratings_from_a_value_up_are_the_positives(tmp_path, run, monkeypatch):
    """Likes are 1, dislikes -1: turning all signs must not give the same answer in silence."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"u{u}", f"i{(u + t) % 30}", t, 1 if (u + t) % 30 < 15 else -1)
            for u in range(60) for t in range(12)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user", "item", "time", "rating"])
    answers = {}
    for name, sign in (("likes", 1), ("turned", -1)):
        table.assign(rating=sign * table["rating"]).to_csv(f"{name}.csv", index=False)
        words = ["reproduce", "--rows", "popularity", "--folder", name, "--data", f"{name}.csv"]
        code, text = run(*words, "--positive-from", 0)
        assert code == 0 and "rows with a rating of 0 or more are the positives)" in text.err
        answers[name] = text.out
    assert answers["likes"] != answers["turned"]
    code, text = run("reproduce", "--rows", "popularity", "--positive-from", 9, "--folder", "x")
    assert code == 2 and "no rating is that high" in text.err


@pytest.mark.parametrize("form", ["index", "parts"])
def test_a_table_as_pandas_or_spark_leaves_it(shop, run, form):
    pytest.importorskip("pyarrow")
    plays = pd.read_csv("plays.csv")
    if form == "index":
        plays.set_index("uid").to_parquet("t.parquet")
    else:
        (shop / "t.parquet").mkdir()
        for number in range(3):
            plays[number::3].to_parquet(f"t.parquet/part-0000{number}.snappy.parquet")
        (shop / "t.parquet" / "_SUCCESS").touch()
    code, text = run("reproduce", "--rows", "popularity", "--data", "t.parquet", *PLAYS[2:])
    assert (
        code == 0
        and "100 of the 100 items of things.csv occur in t.parquet; features: kind" in text.err
    )


def test_what_is_read_is_never_replaced(shop, run):
    before = (shop / "plays.csv").read_bytes()
    code, text = run("train", *PLAYS, *SMALL, "--out", "plays.csv")
    assert code == 2 and "--out plays.csv is the file that is read" in text.err
    assert (shop / "plays.csv").read_bytes() == before
