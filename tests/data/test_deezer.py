"""Deezer's data in miniature: files as the record has them, reader, download, one command."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pooch
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import cli
from sparcode_mini.data import deezer
from sparcode_mini.data import download as fetch
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.studies.common import cold_start
from sparcode_mini.training import run as train
from sparcode_mini.training.recipe import Log

pytest.importorskip("pyarrow")
WIDTH, SONGS = 4, 12
USERS = "user_embeddings.parquet"  # of the record, 400 MB that no model here needs
PEOPLE = {"train": 60, "validation": 8, "test": 20}


def write_part(folder, part, rng, kind="svd"):
    """People whose first-day stream says which third of the songs they will hear."""
    n = PEOPLE[part]
    taste = rng.integers(3, size=n)
    songs = [1000 + 4 * t + rng.choice(4, size=3, replace=False) for t in taste]
    table = {"user_index": rng.permutation(n) + 7, "d1d30_songs": songs}
    streamed = np.eye(WIDTH)[taste] + rng.normal(0, 0.05, (n, WIDTH))
    for name, values in (("age_embedding", rng.normal(0, 0.1, (n, WIDTH))), ("streamed", streamed)):
        table |= {f"{name}{w}": values[:, w] for w in range(WIDTH)}
    table |= {"nb_streamed_songs": rng.integers(0, 900, n), "age_value": rng.integers(18, 70, n)}
    frame = pd.DataFrame(table)
    frame.loc[0, "streamed0"] = np.nan
    frame.to_parquet(folder / f"user_features_{part}_{kind}.parquet")
    return frame


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with the files; it is given by SPARCODE_DATA, and the checksum is theirs."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "given" / "deezer"
    folder.mkdir(parents=True)
    third = np.repeat(np.arange(3), 4)
    vectors = np.eye(WIDTH)[third] + rng.normal(0, 0.1, (SONGS, WIDTH))
    ids = rng.permutation(SONGS)
    pd.DataFrame({"song_index": 1000 + ids, "features_svd": list(vectors[ids])}).to_parquet(
        folder / deezer.SONGS
    )
    parts = {part: write_part(folder, part, rng) for part in PEOPLE}
    users = parts["train"]["user_index"].to_numpy()
    pd.DataFrame({"user_index": users, "svd_embeddings": [[u, 0.0] for u in users]}).to_parquet(
        folder / USERS
    )
    monkeypatch.setitem(deezer.WIDTHS, "svd", WIDTH)
    md5 = hashlib.md5((folder / deezer.SONGS).read_bytes()).hexdigest()
    monkeypatch.setitem(deezer.KNOWN, deezer.SONGS, f"md5:{md5}")
    monkeypatch.setenv("SPARCODE_DATA", str(folder.parent))
    monkeypatch.chdir(tmp_path)
    return folder, parts, vectors


def test_the_reader_gives_what_was_written(files):
    _, parts, vectors = files
    data = deezer.load("svd")
    assert data.song_ids.tolist() == list(range(1000, 1012))
    np.testing.assert_allclose(data.song_vectors, vectors, rtol=1e-6)
    assert data.pieces == ("age_embedding", "streamed", "numbers")
    for part, frame in parts.items():
        people, frame = getattr(data, part), frame.sort_values("user_index").fillna(0.0)
        assert people.features.shape == (PEOPLE[part], 3, WIDTH)
        assert people.ids.tolist() == frame["user_index"].tolist()
        written = frame[[f"streamed{w}" for w in range(WIDTH)]].to_numpy()
        np.testing.assert_allclose(people.features[:, 1], written, rtol=1e-6)
        expected = [sorted(songs - 1000) for songs in frame["d1d30_songs"]]
        assert [songs.tolist() for songs in people.songs] == expected


def test_numbers_are_standardised_by_the_training_people(files):
    data = deezer.load("svd")
    numbers = data.train.features[:, 2]
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(numbers.std(axis=0), [1, 1, 0, 0], atol=1e-5)
    ages = files[1]["test"].sort_values("user_index")["age_value"].to_numpy()
    own = files[1]["train"]["age_value"].to_numpy()
    expected = (ages - own.mean()) / own.std()
    np.testing.assert_allclose(data.test.features[:, 2, 1], expected, rtol=1e-4)


def test_columns_are_grouped_by_runs_of_the_width():
    columns = ["a0", "a1", "nb_a", "b_0", "b_1", "c0", "age_value", "x1"]
    assert deezer.pieces_of(columns, 2) == [
        ("a", ["a0", "a1"]),
        ("b", ["b_0", "b_1"]),
        ("numbers", ["nb_a", "c0"]),
        ("numbers", ["age_value", "x1"]),
    ]


def rewritten(folder, change, name="user_features_test_svd.parquet"):
    change(pd.read_parquet(folder / name)).to_parquet(folder / name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="d1d30_songs"), "has no column 'd1d30_songs'"),
        (lambda t: t.assign(d1d30_songs=[[5]] * len(t)), "names the song 5, which is not in"),
        (lambda t: t.drop(columns="age_embedding0"), "has other columns than the training"),
        (lambda t: t[["user_index", "d1d30_songs", "age_value"]], "has no embedding of 4 columns"),
    ],
)
def test_a_foreign_file_is_named(files, change, message):
    rewritten(files[0], change)
    with pytest.raises(ValueError, match=message):
        deezer.load("svd")


def test_vectors_of_several_lengths_are_named(files):
    rewritten(
        files[0],
        lambda t: t.assign(features_svd=[[0.0] * (i % 2) for i in range(len(t))]),
        deezer.SONGS,
    )
    with pytest.raises(ValueError, match=r"'features_svd': lists of lengths \[0, 1\]"):
        deezer.read_vectors(files[0] / deezer.SONGS, "song_index", "features_svd")


def test_unknown_embeddings_missing_and_damaged_files_are_named(files, monkeypatch):
    folder, _, _ = files
    with pytest.raises(ValueError, match="'pca' are unknown; choose one of"):
        deezer.load("pca")
    (folder / "user_features_test_svd.parquet").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"no .*user_features_test_svd\.parquet; put .*zenodo"
    ):
        deezer.load("svd")
    monkeypatch.setitem(deezer.KNOWN, deezer.SONGS, "md5:" + "0" * 32)
    with pytest.raises(ValueError, match=r"damaged or another file \(md5 "):
        deezer.load("svd")


@pytest.fixture
def record(files, tmp_path, monkeypatch):
    """A local host in place of Zenodo: its record of the files, and the files."""
    folder, _, _ = files
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            requests.append(self.path)
            address = f"http://127.0.0.1:{self.server.server_port}"
            if self.path.startswith("/api/records"):
                entries = [
                    {
                        "key": path.name,
                        "checksum": f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}",
                        "links": {"self": f"{address}/{path.name}"},
                    }
                    for path in folder.iterdir()
                ]
                body = json.dumps({"id": 5121674, "files": entries}).encode()
            else:
                body = (folder / self.path[1:]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    monkeypatch.delenv("SPARCODE_DATA")
    monkeypatch.setattr(pooch, "os_cache", lambda app: tmp_path / "cache")
    zenodo = "https://zenodo.org/records/5121674"
    monkeypatch.setattr(pooch.downloaders, "doi_to_url", lambda doi, **_: zenodo)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api = f"http://127.0.0.1:{server.server_port}/api/records"
        monkeypatch.setattr(pooch.downloaders.ZenodoRepository, "base_api_url", api)
        yield requests
        server.shutdown()


def test_files_are_fetched_once_with_the_checksums_of_the_record(record, tmp_path, capfd):
    first = deezer.load("svd")
    asked = len(record)
    assert sum("user_features_train_svd" in path for path in record) == 1
    assert USERS not in "".join(record)
    assert np.array_equal(deezer.load("svd").train.features, first.train.features)
    assert len(record) == asked
    assert len(list((tmp_path / "cache" / "deezer").iterdir())) == 4
    assert capfd.readouterr() == ("", "")


def test_a_file_that_the_record_does_not_vouch_for_is_refused(record, monkeypatch, tmp_path):
    monkeypatch.setitem(deezer.KNOWN, deezer.SONGS, "md5:" + "0" * 32)
    with pytest.raises(ConnectionError, match="does not match the known hash") as caught:
        deezer.load("svd")
    assert f"put it, unchanged, to {tmp_path / 'cache' / 'deezer' / deezer.SONGS}" in str(
        caught.value
    )
    assert "its md5 is 000" in str(caught.value)


def test_without_network_the_message_says_what_to_do_by_hand(record, monkeypatch):
    def nobody(doi, **_):
        raise OSError("no route to doi.org")

    monkeypatch.setattr(pooch.downloaders, "doi_to_url", nobody)
    with pytest.raises(ConnectionError, match=r"no route to doi\.org.*Remedy: fetch that file"):
        deezer.load("svd")
    assert fetch.TIMEOUT > 1


# --- models -------------------------------------------------------------------------------------

SMALL = {"token_dim": 8, "query_tokens": 2, "dropout": 0.0, "dtype": torch.float64}


@pytest.mark.parametrize("tokenizer", ["dnn", "self-attention"])
def test_a_model_learns_and_its_index_serves_the_same(files, tokenizer):
    data = deezer.load("svd")
    model = cold_start.make_model(data, "sparcode", tokenizer=tokenizer, N=6, hidden=4, **SMALL)
    cold_start.train(model, data, epochs=20, batch=10, lr=1e-2, warmup=5)
    found = cold_start.measure(lambda x: model.scores(x).numpy(), data, k=4)
    common = cold_start.measure(cold_start.popularity(data), data, k=4)
    assert found["ndcg@4"] > common["ndcg@4"] + 0.2
    x = data.test.features
    ranked, values = sm.SparseIndex.build(model, codes="all").search(model.encode(x), k=4)
    expected, best = sm.top_k(model.scores(x).numpy(), 4, positive_only=True)
    assert np.array_equal(ranked, expected)
    np.testing.assert_allclose(values, best, rtol=1e-12)


def test_a_saved_model_reads_vectors_again(files, tmp_path):
    data = deezer.load("svd")
    model = cold_start.make_model(data, "two-tower", tokenizer="dnn", token_dim=8)
    model.save(tmp_path / "model")
    again = sm.load_model(tmp_path / "model")
    x = data.test.features
    assert torch.equal(again.scores(x), model.scores(x))
    assert again.scores(x).shape == (20, 12)


def test_items_start_from_the_components_of_the_songs(files):
    data = deezer.load("svd")
    model = cold_start.make_model(data, "two-tower", tokenizer="dnn", token_dim=3)
    table = model.items.id.weight.detach().numpy()
    gram = table @ table.T / np.linalg.norm(table @ table.T)
    centred = data.song_vectors - data.song_vectors.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    low = (u[:, :3] * s[:3]) @ vt[:3]
    np.testing.assert_allclose(gram, low @ low.T / np.linalg.norm(low @ low.T), atol=1e-5)
    assert table.std() == pytest.approx(0.02, rel=1e-4)
    wide = cold_start.make_model(data, "two-tower", token_dim=8).items.id.weight
    assert float(wide[:, WIDTH:].detach().std()) == pytest.approx(0.02, rel=0.3)


def test_capped_precision_and_people_who_heard_nothing(files):
    data = deezer.load("svd")
    data.test.songs[0] = np.empty(0, dtype=np.int64)
    data.train.songs[1] = np.empty(0, dtype=np.int64)
    truth = np.zeros((20, SONGS))
    for row, songs in enumerate(data.test.songs):
        truth[row, songs] = 1
    found = cold_start.measure(lambda x: truth[1:], data, k=6)
    assert found["capped precision@6"] == found["recall@6"] == found["ndcg@6"] == 1.0
    assert found["precision@6"] == pytest.approx(0.5)
    model = cold_start.make_model(data, "two-tower", tokenizer="dnn", token_dim=8)
    log = cold_start.train(model, data, epochs=1)
    assert len(log.rows) == 1


def test_ranking_in_blocks_gives_the_same(files, monkeypatch):
    data = deezer.load("svd")
    scores = cold_start.popularity(data)
    whole = cold_start.measure(scores, data, k=5)
    monkeypatch.setattr(cold_start, "SCORES_AT_ONCE", 3 * SONGS)
    assert cold_start.measure(scores, data, k=5) == whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "vector"}, r"a vector needs \(pieces, width\)"),
        ({"query": "text", "query_shape": (2, 3)}, "other queries none"),
        ({"query": "vector", "query_shape": (9, 2), "history_len": 8}, "a query has 9 pieces"),
    ],
)
def test_shapes_that_do_not_fit_are_told(files, options, message):
    songs = catalogue_of(pd.DataFrame({"item": [1, 2]}))
    with pytest.raises(ValueError, match=message):
        sm.TwoTower(songs, **options)


def test_vectors_that_do_not_fit_are_told(files):
    model = cold_start.make_model(deezer.load("svd"), "two-tower", token_dim=8)
    with pytest.raises(ValueError, match=r"shape \(2, 3\); give \(B, 3, 4\)"):
        model.scores(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="not finite; write 0 for what is unknown"):
        model.scores(np.full((1, 3, 4), np.nan))


def test_one_command_trains_measures_and_saves(files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cold_start, "CUT_OFF", 5)
    words = ["deezer", "--token-dim", "8", "--epochs", "4", "--negatives", "6"]
    assert cli.main(words) == 0
    text = capsys.readouterr().out
    assert "12 songs; 60 / 8 / 20 people to train, validate and test" in text
    assert "popularity: P / R / NDCG @5" in text and "published: 8.92 / 3.01 / 9.72" in text
    assert "sparcode dnn: P / R / NDCG @5" in text and "published: 17.80 / 6.53 / 19.37" in text
    assert (tmp_path / "runs" / "deezer.safetensors").exists()
    assert cli.main([*words, "--model", "two-tower", "--tokenizer", "gru"]) == 0
    assert "published: not in the table" in capsys.readouterr().out


def test_an_interrupted_command_says_so(files, monkeypatch, capsys):
    def stopped(model, data, **recipe):
        return Log(interrupted=True)

    monkeypatch.setattr(cold_start, "CUT_OFF", 5)
    monkeypatch.setattr(cold_start, "train", stopped)
    assert cli.main(["deezer", "--token-dim", "8"]) == 130
    assert "saved" not in capsys.readouterr().out


def interrupted_at(call, function):
    """The function, but Ctrl-C comes in its n-th call."""
    calls = []

    def called(*args):
        calls.append(args)
        if len(calls) == call:
            raise KeyboardInterrupt
        return function(*args)

    return called


def test_an_interrupted_training_goes_on_where_it_was(files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cold_start, "CUT_OFF", 5)
    words = ["deezer", "--token-dim", "8", "--epochs", "4", "--negatives", "6"]
    assert cli.main([*words, "--out", str(tmp_path / "whole.safetensors")]) == 0
    real, epochs = train.Run.train_epoch, []

    def stopped(run):
        if len(epochs) == 2:
            raise KeyboardInterrupt
        epochs.append(1)
        return real(run)

    out = ["--out", str(tmp_path / "parts.safetensors")]
    monkeypatch.setattr(train.Run, "train_epoch", stopped)
    assert cli.main([*words, *out]) == 130
    assert "run the same command to go on" in capsys.readouterr().err
    monkeypatch.setattr(train.Run, "train_epoch", real)
    with monkeypatch.context() as patch:
        patch.setattr(cold_start, "measure", interrupted_at(2, cold_start.measure))
        assert cli.main([*words, *out]) == 130  # trained to the end, stopped while it measures
    monkeypatch.setattr(train.Run, "train_epoch", None)  # training again would fail
    assert cli.main([*words, *out]) == 0
    whole, parts = (sm.load_model(tmp_path / f"{n}.safetensors") for n in ("whole", "parts"))
    assert toys.same_weights(whole, parts)
    assert not list(tmp_path.glob("*.training.safetensors"))
