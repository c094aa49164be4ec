import functools
import hashlib
import http.server
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparcode_mini import data
from sparcode_mini.data import clean as tables
from sparcode_mini.data import movielens

# --- MovieLens-100K itself --------------------------------------------------------------------


@pytest.fixture(scope="module")
def ratings():
    return data.movielens_100k()


@pytest.fixture(scope="module")
def split(ratings):
    return ratings.split(test=0.2, validation=0.1)


def test_movielens_has_the_published_size(ratings, split):
    assert len(ratings.interactions) == 100_000
    assert (split.n_users, split.n_items) == (943, 1682)
    assert ratings.source.startswith("MovieLens-100K, ")
    assert ratings.interactions.iloc[0].to_dict() == {
        "user": 196,
        "item": 242,
        "timestamp": 881250949,
        "rating": 3,
    }


def test_movielens_split_has_the_known_counts(split):
    assert split.count("train") == 70_771
    assert split.count("validation") == 9_596
    assert split.count("test") == 19_633
    assert split.count("train+validation+test") == 100_000
    expected = "Split(943 users, 1,682 items; train 70,771, validation 9,596, test 19,633)"
    assert repr(split) == expected


def test_movielens_split_equals_a_plain_loop(ratings, split):
    ties = 0
    for user, table in ratings.interactions.groupby("user"):
        rows = sorted(table[["timestamp", "item"]].values.tolist(), key=lambda row: row[0])
        n = len(rows)
        cut = n - int(0.2 * n)
        ties += rows[cut - 1][0] == rows[cut][0]
        before = [item for _, item in rows[:cut]]
        assert split.item_ids[split.history([user])[0]].tolist() == before
        assert split.item_ids[split.history([user], "test")[0]].tolist() == [
            item for _, item in rows[cut:]
        ]
        assert len(split.history([user], "validation")[0]) == int(0.1 * n)
    assert ties == split.ties_before("test") == 509


def test_movielens_titles_and_features(split):
    assert split.titles[0] == "Toy Story (1995)"
    assert split.find_titles(["Toy Story (1995)", "Misérables, Les (1995)"]).tolist() == [0, 542]
    assert split.titles[266] == "unknown"
    assert split.titles[1411] == "Land Before Time III: The Time of the Great Giving (1995)"
    assert len(set(split.titles.tolist())) == 1664
    year, genres = split.item_features
    assert (year.name, year.kind, genres.name, genres.kind) == (
        "year",
        "numeric",
        "genres",
        "list",
    )
    assert repr(genres) == "Feature(genres: list, 1682 x 6, 19 values)"
    assert len(genres.vocabulary) == 19  # 18 genres and "(missing)"
    toy_story = {genres.vocabulary[index] for index in genres.values[0] if index}
    assert toy_story == {"Animation", "Children's", "Comedy"}
    assert year.values[266] == 0  # the film "unknown" has no year
    assert (genres.values[266] == 0).all()
    assert [feature.name for feature in split.user_features] == ["age", "gender", "occupation"]
    assert [feature.kind for feature in split.user_features] == [
        "numeric",
        "categorical",
        "categorical",
    ]


def test_movielens_title_of_two_films_is_ambiguous(split):
    names, counts = np.unique(split.titles, return_counts=True)
    title = str(names[counts > 1][0])
    with pytest.raises(ValueError, match="belongs to 2 items, with ids"):
        split.find_titles([title])


# --- both source formats, in miniature ---------------------------------------------------------

INTERACTIONS = "2\t1\t3\t881250949\n1\t3\t5\t881250950\n2\t4\t1\t881250949\n"
FLAGS = {"Comedy": 5, "Drama": 8, "Western": 18, "unknown": 0}


def grouplens_item(number, title, *genres):
    flags = ["0"] * 19
    for genre in genres:
        flags[FLAGS[genre]] = "1"
    return "|".join([str(number), title, "01-Jan-1995", "", "http://x", *flags]) + "\n"


GROUPLENS = {
    "u.data": INTERACTIONS.encode(),
    "u.user": b"1|24|M|technician|85711\n2|53|F|other|94043\n",
    "u.item": (
        grouplens_item(1, "Cérémonie, La (1995) ", "Drama")
        + grouplens_item(2, "unknown", "unknown")
        + grouplens_item(3, "Time of Giving, The (1995) (V)", "Comedy", "Western")
        + grouplens_item(4, "Contempt (Mépris, Le) (1963)", "Drama")
    ).encode("latin-1"),
}
WHEEL = {
    "inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + INTERACTIONS,
    "user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    "1\t24\tM\ttechnician\t85711\n2\t53\tF\tother\t94043\n",
    "item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "1\tCérémonie, La\t1995\tDrama\n2\tunkonwn\tunkonwn\tunknown\n"
    "3\tTime of Giving, The (1995)\tV\tComedy Western\n"
    "4\tContempt (Mépris, Le)\t1963\tDrama\n",
}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def miniature(tmp_path, monkeypatch):
    """A folder with the three kinds of source file; checksums set to theirs; cache elsewhere."""
    folder = tmp_path / "given"
    (folder / "ml-100k").mkdir(parents=True)
    for name, content in GROUPLENS.items():
        (folder / "ml-100k" / name).write_bytes(content)
    with zipfile.ZipFile(folder / "ml-100k.zip", "w") as archive:
        for name, content in GROUPLENS.items():
            archive.writestr(f"ml-100k/{name}", content)
    with zipfile.ZipFile(folder / movielens.WHEEL_FILE, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(f"{movielens.WHEEL_FOLDER}.{name}", text.encode("utf-8"))
    interactions, others = movielens.render(movielens._from_folder(folder / "ml-100k"))
    monkeypatch.setattr(movielens, "INTERACTIONS_SHA256", hashlib.sha256(interactions).hexdigest())
    monkeypatch.setattr(movielens, "PEOPLE_AND_FILMS_SHA256", hashlib.sha256(others).hexdigest())
    monkeypatch.setattr(movielens, "GROUPLENS_SHA256", sha256(folder / "ml-100k.zip"))
    monkeypatch.setattr(movielens, "WHEEL_SHA256", sha256(folder / movielens.WHEEL_FILE))
    monkeypatch.delenv("SPARCODE_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(movielens, "GROUPLENS_URL", "http://127.0.0.1:9/ml-100k.zip")
    return folder


def refuse(*args, **kwargs):
    raise AssertionError("a test must not start pip")


def fake_pip(wheel):
    """Stand in for `pip download`: copy the miniature wheel into the --dest folder."""

    def run(command, **kwargs):
        assert command[1:4] == ["-m", "pip", "download"]
        assert "--no-deps" in command and "--only-binary=:all:" in command
        destination = Path(command[command.index("--dest") + 1])
        (destination / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


@pytest.fixture
def server(miniature):
    """Serve the miniature zip over HTTP; `requests` lists the paths asked for."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            requests.append(self.path)

    requests = []
    handler = functools.partial(Handler, directory=str(miniature))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", requests
        running.shutdown()


def only(folder, name):
    """Keep nothing in `folder` but `name`."""
    for path in (folder / "ml-100k").iterdir():
        if name != "ml-100k":
            path.unlink()
    for path in list(folder.iterdir()):
        if path.name != name:
            path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("ml-100k", "GroupLens ml-100k folder"),
        ("ml-100k.zip", "GroupLens ml-100k.zip"),
        (movielens.WHEEL_FILE, "wheel of recbole 1.2.1"),
    ],
)
def test_every_source_gives_the_same_canonical_tables(miniature, monkeypatch, name, source):
    only(miniature, name)
    monkeypatch.setenv("SPARCODE_DATA", str(miniature))
    tables = movielens.load()
    assert tables.source == source
    assert tables.interactions.values.tolist() == [
        [2, 1, 3, 881250949],
        [1, 3, 5, 881250950],
        [2, 4, 1, 881250949],
    ]
    assert tables.users.values.tolist() == [[1, 24, "M", "technician"], [2, 53, "F", "other"]]
    assert tables.items["title"].tolist() == [
        "Cérémonie, La",
        "unknown",
        "Time of Giving, The",
        "Contempt (Mépris, Le)",
    ]
    assert tables.items["year"].tolist() == [1995, pd.NA, 1995, 1963]
    assert tables.items["genres"].tolist() == [("Drama",), (), ("Comedy", "Western"), ("Drama",)]
    assert data.movielens_100k().source == f"MovieLens-100K, {source}"


def test_windows_line_ends_are_read(miniature, monkeypatch):
    for name, content in GROUPLENS.items():
        (miniature / "ml-100k" / name).write_bytes(content.replace(b"\n", b"\r\n"))
    monkeypatch.setenv("SPARCODE_DATA", str(miniature))
    assert movielens.load().source == "GroupLens ml-100k folder"


def test_given_folder_with_one_damaged_file_uses_the_next(miniature, monkeypatch):
    (miniature / "ml-100k" / "u.item").write_bytes(GROUPLENS["u.item"].replace(b"1963", b"1964"))
    monkeypatch.setenv("SPARCODE_DATA", str(miniature))
    assert movielens.load().source == "GroupLens ml-100k.zip"


def test_given_folder_without_anything_usable_is_an_error(tmp_path, miniature, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "ml-100k.zip").write_bytes(b"no zip")
    monkeypatch.setenv("SPARCODE_DATA", str(empty))
    with pytest.raises(FileNotFoundError, match="SPARCODE_DATA is set to") as caught:
        movielens.load()
    assert "ml-100k.zip: File is not a zip file" in str(caught.value)
    assert "ml-100k: not there" in str(caught.value)


def test_foreign_ratings_are_refused(miniature):
    tables = movielens._from_folder(miniature / "ml-100k")
    tables.interactions.loc[0, "rating"] = 4
    with pytest.raises(ValueError, match="the ratings of GroupLens ml-100k folder are not those"):
        movielens.check(tables)


def test_line_with_too_few_fields_is_named(miniature):
    (miniature / "ml-100k" / "u.user").write_bytes(b"1|24|M|technician|85711\n2|53\n")
    with pytest.raises(ValueError, match=r"u\.user, line 2: 2 fields where 5 are expected"):
        movielens._from_folder(miniature / "ml-100k")


def test_download_from_grouplens_is_cached(server, monkeypatch, tmp_path, capfd):
    url, requests = server
    monkeypatch.setattr(movielens, "GROUPLENS_URL", f"{url}/ml-100k.zip")
    assert movielens.load().source == "GroupLens ml-100k.zip"
    assert movielens.load().source == "GroupLens ml-100k.zip"
    assert requests == ["/ml-100k.zip"]
    assert [path.name for path in (tmp_path / "cache/sparcode-mini").iterdir()] == ["ml-100k.zip"]
    assert capfd.readouterr() == ("", "")


def test_wheel_serves_when_grouplens_does_not_and_is_not_asked_again(
    server, miniature, monkeypatch, tmp_path
):
    url, requests = server
    monkeypatch.setattr(movielens, "GROUPLENS_URL", f"{url}/gone.zip")
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens.WHEEL_FILE))
    assert movielens.load().source == "wheel of recbole 1.2.1"
    asked = len(requests)
    assert asked > 0
    monkeypatch.setattr(subprocess, "run", refuse)
    assert movielens.load().source == "wheel of recbole 1.2.1"
    assert len(requests) == asked
    cached = list((tmp_path / "cache/sparcode-mini").iterdir())
    assert [path.name for path in cached] == [movielens.WHEEL_FILE]


def test_damaged_cache_is_fetched_again(miniature, monkeypatch, tmp_path):
    cached = tmp_path / "cache/sparcode-mini" / movielens.WHEEL_FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half a whe")
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens.WHEEL_FILE))
    assert movielens.load().source == "wheel of recbole 1.2.1"
    assert sha256(cached) == movielens.WHEEL_SHA256


def test_both_sources_failing_is_one_error_with_both_reasons(miniature, monkeypatch, tmp_path):
    def no_pip(command, **kwargs):
        return subprocess.CompletedProcess(
            command, 1, "", "WARNING: slow\nERROR: No matching distribution found\nnotice: update"
        )

    monkeypatch.setattr(subprocess, "run", no_pip)
    with pytest.raises(ConnectionError) as caught:
        movielens.load()
    message = str(caught.value)
    assert "GroupLens: " in message and "127.0.0.1" in message
    assert "pip download recbole==1.2.1 failed: ERROR: No matching distribution found" in message
    assert "SPARCODE_DATA" in message
    assert list((tmp_path / "cache/sparcode-mini").iterdir()) == []


def test_wheel_with_a_wrong_checksum_is_refused(miniature, monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens.WHEEL_FILE))
    monkeypatch.setattr(movielens, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(ConnectionError, match="does not match the known hash"):
        movielens.load()
    assert list((tmp_path / "cache/sparcode-mini").iterdir()) == []


def test_processes_that_start_together_leave_one_whole_file(miniature, monkeypatch, tmp_path):
    together = threading.Barrier(4)
    content = (miniature / movielens.WHEEL_FILE).read_bytes()

    def slow(url, output_file, _pooch):
        with Path(output_file).open("wb") as file:
            file.write(content[:100])
            file.flush()
            together.wait(timeout=30)  # all four are half-way at the same time
            file.write(content[100:])

    monkeypatch.setattr(movielens, "_pip_download", slow)
    folder = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: movielens._retrieve_wheel(folder), range(4)))
    assert len(set(paths)) == 1
    assert [path.name for path in folder.iterdir()] == [movielens.WHEEL_FILE]
    assert sha256(paths[0]) == movielens.WHEEL_SHA256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Babe (1995)", ("Babe", 1995)),
        ("Babe (1995) ", ("Babe", 1995)),
        ("Giving (1995) (V)", ("Giving", 1995)),
        ("1984", ("1984", None)),
        ("Contempt (Le) (1963)", ("Contempt (Le)", 1963)),
        ("Seven (Se7en)", ("Seven (Se7en)", None)),
    ],
)
def test_split_title(text, expected):
    assert movielens.split_title(text) == expected


# --- the split ---------------------------------------------------------------------------------


def events(*rows):
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


rows_strategy = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 12)),
    min_size=1,
    max_size=80,
    unique=True,
)
fractions_strategy = st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)).filter(
    lambda pair: sum(pair) < 1
)


@given(rows_strategy, fractions_strategy)
def test_split_equals_plain_python(rows, fractions):
    test, validation = fractions
    split = data.from_frames(events(*rows)).split(test=test, validation=validation)
    for user in {row[0] for row in rows}:
        own = sorted((row for row in rows if row[0] == user), key=lambda row: row[2])
        n = len(own)
        last, middle = int(test * n), int(validation * n)
        parts = (own[: n - last - middle], own[n - last - middle : n - last], own[n - last :])
        for name, part in zip(data.PARTS, parts, strict=True):
            found = split.item_ids[split.history([user], name)[0]]
            assert found.tolist() == [item for _, item, _ in part]


@given(rows_strategy, fractions_strategy)
def test_parts_are_disjoint_complete_and_in_order_of_time(rows, fractions):
    split = data.from_frames(events(*rows)).split(*fractions)
    assert sum(split.count(part) for part in data.PARTS) == len(rows)
    found = []
    for user, bounds in enumerate(split.cuts):
        pieces = [slice(bounds[part], bounds[part + 1]) for part in range(3)]
        times = [split.times[piece] for piece in pieces]
        assert (np.diff(np.concatenate(times)) >= 0).all()  # no future item in a history
        for piece in pieces:
            items = split.item_ids[split.items[piece]].tolist()
            users = [split.user_ids[user].item()] * len(items)
            found += zip(users, items, split.times[piece].tolist(), strict=True)
    assert sorted(found) == sorted(rows)
    joined = split.histories("train+validation+test")
    for part in range(3):
        alone = split.histories(data.PARTS[part])
        for user, own in enumerate(alone):
            start, stop = split.cuts[user, [part, part + 1]] - split.cuts[user, 0]
            np.testing.assert_array_equal(joined[user][start:stop], own)


@given(rows_strategy, st.randoms())
def test_row_order_matters_only_for_ties(rows, random):
    unique_times = [(user, item, number) for number, (user, item, _) in enumerate(rows)]
    shuffled = random.sample(unique_times, len(unique_times))
    one = data.from_frames(events(*unique_times)).split()
    other = data.from_frames(events(*shuffled)).split()
    assert one.fingerprint == other.fingerprint


def test_ties_keep_row_order():
    rows = [("a", item, 7) for item in ("z", "m", "b", "q", "c")]
    split = data.from_frames(events(*rows)).split(test=0.4, validation=0.2)
    names = [split.item_ids[split.history(["a"], part)[0]].tolist() for part in data.PARTS]
    assert names == [["z", "m"], ["b"], ["q", "c"]]
    assert split.ties_before("test") == split.ties_before("validation") == 1


def test_users_with_few_interactions_have_empty_parts():
    split = data.from_frames(events((1, 10, 5), (2, 10, 1), (2, 11, 2))).split()
    assert split.count("test") == split.count("validation") == 0
    assert [len(own) for own in split.histories("validation+test")] == [0, 0]
    assert split.ties_before("test") == 0


def test_parts_that_are_not_neighbours_join_in_time_order():
    split = data.from_frames(events(*[(1, item, item) for item in range(10)])).split(0.2, 0.3)
    for part in ("train+test", "test+train"):
        assert split.history([1], part)[0].tolist() == [0, 1, 2, 3, 4, 8, 9]


def test_a_history_is_a_copy():
    split = data.from_frames(events((1, 10, 5), (1, 11, 6))).split(0.0, 0.0)
    split.history([1], "train")[0][:] = 0
    assert split.history([1], "train")[0].tolist() == [0, 1]


@pytest.mark.parametrize("part", ["", "tset", "train+", "train+train", "all"])
def test_unknown_part(part):
    split = data.from_frames(events((1, 10, 5))).split()
    with pytest.raises(ValueError, match=r"part .* is not known; use 'train'"):
        split.count(part)


def test_training_has_no_boundary_before_it():
    split = data.from_frames(events((1, 10, 5))).split()
    with pytest.raises(ValueError, match="part 'train' has no boundary"):
        split.ties_before("train")


@pytest.mark.parametrize(
    ("test", "validation", "message"),
    [
        (-0.1, 0.1, "test=-0.1 is no fraction"),
        (1.0, 0.0, "test=1.0 is no fraction"),
        (20.0, 0.1, "test=20.0 is no fraction"),
        (0.2, float("nan"), "validation=nan is no fraction"),
        (0.5, 0.5, "leave nothing to train on"),
    ],
)
def test_fractions_out_of_range(test, validation, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(events((1, 10, 5))).split(test, validation)


def test_fingerprint_changes_with_data_and_fractions():
    rows = [(1, item, item) for item in range(10)]
    base = data.from_frames(events(*rows)).split()
    assert data.from_frames(events(*rows)).split().fingerprint == base.fingerprint
    others = [
        data.from_frames(events(*rows)).split(test=0.3),
        data.from_frames(events(*rows[:-1], (1, 0, 9))).split(),
        data.from_frames(events(*[(2, item, time) for _, item, time in rows])).split(),
        data.from_frames(events(*rows), items=pd.DataFrame({"item": [77]})).split(),
    ]
    assert len({split.fingerprint for split in [base, *others]}) == 5


def test_the_fingerprint_of_features_changes_with_each_of_them():
    rows = [(1, item, item) for item in range(3)]

    def split(users, **columns):
        items = pd.DataFrame({"item": range(3), **columns})
        return data.from_frames(events(*rows), users=users, items=items).split()

    someone = pd.DataFrame({"user": [1], "club": ["x"]})
    base = split(someone, genre=["a", "b", "a"])
    others = [
        split(someone, genre=["a", "b", "b"]),  # values
        split(someone, genre=["a", "c", "a"]),  # vocabulary
        split(someone, genre=[["a"], ["b"], ["a"]]),  # kind
        split(someone, kind=["a", "b", "a"]),  # name
        split(someone, genre=["a", "b", "a"], year=["1", "1", "2"]),
        split(someone),
        split(None, genre=["a", "b", "a"]),
        split(someone.assign(club="y"), genre=["a", "b", "a"]),
    ]
    assert len({other.features_fingerprint for other in [base, *others]}) == 9
    assert {other.fingerprint for other in others} == {base.fingerprint}
    again = split(someone, title=["t", "u", "v"], genre=["a", "b", "a"])  # a title is no feature
    assert again.features_fingerprint == base.features_fingerprint


# --- ids and titles ----------------------------------------------------------------------------


def test_ids_of_all_tables_are_positions_in_sorted_order():
    ratings = data.from_frames(
        events((30, "b", 1), (10, "d", 2)),
        users=pd.DataFrame({"user": [20, 10], "club": ["x", "y"]}),
        items=pd.DataFrame({"item": ["c", "a"], "colour": ["red", "blue"]}),
    )
    split = ratings.split()
    assert split.user_ids.tolist() == [10, 20, 30]
    assert split.item_ids.tolist() == ["a", "b", "c", "d"]
    assert split.titles.tolist() == ["a", "b", "c", "d"]
    assert split.item_positions(np.array(["d", "a"])).tolist() == [3, 0]
    assert split.user_positions([30, 10, 30]).tolist() == [2, 0, 2]
    assert split.user_positions(20).tolist() == [1]
    assert split.user_positions([]).dtype == np.int64
    (club,) = split.user_features
    assert [club.vocabulary[index] for index in club.values[:, 0]] == ["y", "x", "(missing)"]
    (colour,) = split.item_features
    assert colour.values[:, 0].tolist() == [1, 0, 2, 0]
    assert [len(own) for own in split.histories("train")] == [1, 0, 1]


@pytest.mark.parametrize("dtype", ["int32", "uint8", "Int64", object])
def test_ids_of_any_integer_dtype(dtype):
    table = events((3, 7, 1), (2, 9, 2)).astype({"user": dtype})
    split = data.from_frames(table).split()
    assert split.user_ids.dtype == np.int64
    assert split.user_positions([2, 3]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("unknown", "message"),
    [
        ([20, 44], "unknown user 44; the nearest known ids are 50, 30, 20; all 4 are in .user_ids"),
        (["10"], "unknown user '10'"),
        ([float("nan")], "unknown user nan"),
        (np.array([7]), "unknown user 7;"),
        ([True], "unknown user True"),
        ([[10, 20]], r"unknown user \[10, 20\]; give a flat list"),
    ],
)
def test_unknown_user(unknown, message):
    split = data.from_frames(events(*[(user, 1, 1) for user in (1, 20, 30, 50)])).split()
    with pytest.raises(ValueError, match=message):
        split.user_positions([1, *unknown])


def test_unknown_item_names_similar_ids():
    split = data.from_frames(events(("u", "apple", 1), ("u", "pear", 2), ("u", "plum", 3))).split()
    with pytest.raises(ValueError, match="unknown item 'aple'; the nearest known ids are 'apple'"):
        split.item_positions(["aple"])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"title": ["A", "B (2001)", None], "year": [2000, 2001, 2002]},
            ["A (2000)", "B (2001)", "3"],
        ),
        ({"title": ["A", "B", "C"], "year": [2000.0, None, 2002.0]}, ["A (2000)", "B", "C (2002)"]),
        ({"name": ["A", "B", "C"]}, ["A", "B", "C"]),
        ({"name": ["x", "y", "z"], "title": ["A", "B", "C"]}, ["A", "B", "C"]),
        ({"year": [2000, 2001, 2002]}, ["1", "2", "3"]),
    ],
)
def test_titles(columns, expected):
    items = pd.DataFrame({"item": [1, 2, 3], **columns})
    split = data.from_frames(events((1, 1, 1)), items=items).split()
    assert split.titles.tolist() == expected
    assert {feature.name for feature in split.item_features} == set(columns) - {"title", "name"}


def test_find_titles():
    items = pd.DataFrame({"item": [5, 6, 7], "title": ["Solaris", "Stalker", "Solaris"]})
    split = data.from_frames(events((1, 5, 1)), items=items).split()
    assert split.find_titles(["Stalker"]).tolist() == [1]
    assert split.find_titles("Stalker").tolist() == [1]
    with pytest.raises(ValueError, match="no item has the title 'Stalkr'; did you mean 'Stalker'"):
        split.find_titles(["Stalkr"])
    with pytest.raises(ValueError, match="'Solaris' belongs to 2 items, with ids 5, 7"):
        split.find_titles(["Solaris"])
    with pytest.raises(ValueError, match=r"see \.titles for all"):
        split.find_titles(["@@@@@@@@"])


# --- features ----------------------------------------------------------------------------------


def feature_of(values):
    users = pd.DataFrame({"user": range(len(values)), "x": values})
    split = data.from_frames(events((0, 1, 1)), users=users).split()
    (feature,) = split.user_features
    assert feature.values.dtype == np.int64
    assert feature.values.shape[0] == len(values)
    return feature


def texts(feature):
    return [[feature.vocabulary[index] for index in row] for row in feature.values]


@pytest.mark.parametrize(
    ("values", "vocabulary"),
    [
        (["b", None, "a", "b"], ("(missing)", "a", "b")),
        ([10, 9, 100], ("(missing)", "9", "10", "100")),
        ([True, False], ("(missing)", "False", "True")),
        ([None, None], ("(missing)",)),
        (pd.Categorical(["x", "y", "x"], categories=["y", "x", "w"]), ("(missing)", "x", "y")),
    ],
)
def test_categorical_feature(values, vocabulary):
    feature = feature_of(values)
    assert (feature.kind, feature.vocabulary) == ("categorical", vocabulary)
    expected = ["(missing)" if pd.isna(value) else str(value) for value in values]
    assert [row[0] for row in texts(feature)] == expected


def test_list_feature():
    cells = [["b", "a"], (), None, ("a",), {"c", "a", "b"}, np.array(["c"])]
    feature = feature_of(cells)
    assert feature.kind == "list"
    assert feature.vocabulary == ("(missing)", "a", "b", "c")
    expected = [[2, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 2, 3], [3, 0, 0]]
    assert feature.values.tolist() == expected


def test_list_feature_with_no_entry_at_all():
    feature = feature_of([[], []])
    assert feature.values.tolist() == [[0], [0]]
    assert feature.vocabulary == ("(missing)",)


def test_sixteen_numbers_are_categories_and_seventeen_are_bins():
    assert feature_of(range(16)).kind == "categorical"
    assert feature_of(range(17)).kind == "numeric"


def test_numeric_feature_with_gaps_and_whole_numbers():
    feature = feature_of([None, *range(1980, 2012)])
    assert feature.vocabulary[:3] == ("(missing)", "[1980, 1981)", "[1981, 1983)")
    assert feature.vocabulary[-1].startswith("[") and feature.vocabulary[-1].endswith(", 2011]")
    assert texts(feature)[0] == ["(missing)"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=17, max_size=200, unique=True))
def test_numeric_bins_hold_their_numbers_and_none_is_empty(numbers):
    feature = feature_of(numbers)
    bins = len(feature.vocabulary) - 1
    assert feature.kind == "numeric" and 1 <= bins <= 16
    codes = feature.values[:, 0]
    assert sorted(set(codes.tolist())) == list(range(1, bins + 1))
    ranks = np.argsort(numbers, kind="stable")
    assert (np.diff(codes[ranks]) >= 0).all()
    assert len(set(feature.vocabulary)) == bins + 1  # no two bins look the same
    assert np.bincount(codes).max() <= len(numbers) / 16 + 2  # about equally full


def test_skewed_numbers_share_a_bin():
    feature = feature_of([0.5] * 200 + list(range(1, 18)))
    assert feature.kind == "numeric"
    assert len({tuple(row) for row in feature.values[:200].tolist()}) == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "column 'x': its values are no plain numbers or strings of one type"),
        ([{"a": 1}, {"b": 2}], "column 'x': its values are no plain numbers or strings"),
        ([["a"], "b"], "column 'x', row 1: 'b' is no list"),
        ([["a", 1]], "column 'x': its values are no plain"),
        ([1.0, float("inf")], "column 'x', row 1: inf is not finite"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), r"a time .* is no feature"),
    ],
)
def test_features_that_cannot_be_used(values, message):
    with pytest.raises(ValueError, match=f"users, {message}" if "column" in message else message):
        feature_of(values)


# --- checks of the tables ----------------------------------------------------------------------

GOOD = events((1, 10, 5), (1, 11, 6), (2, 10, 7))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            GOOD.drop(columns="timestamp"),
            r"lacks the column 'timestamp'; it has \['user', 'item'\]",
        ),
        (GOOD.iloc[:0], "the interactions table is empty"),
        (GOOD.assign(item=[10, None, 11]), "column 'item', row 1: missing value nan"),
        (GOOD.assign(timestamp=[1.0, 2.0, None]), "column 'timestamp', row 2: missing value"),
        (GOOD.assign(rating=[None, 3.0, 4.0]), "column 'rating', row 0: missing value"),
        (
            pd.concat([GOOD, GOOD.iloc[1:]]),
            "2 duplicate rows; the first is row 3: {'user': 1, 'item': 11",
        ),
        (
            GOOD.assign(user=[1.0, 2.0, 3.0]),
            r"column 'user': ids must be all int or all str, not fl",
        ),
        (GOOD.assign(user=[1, "b", 3]), "column 'user': ids must be all int or all str, not mixed"),
        (GOOD.assign(user=[True, False, True]), "all int or all str, not boolean"),
        (GOOD.assign(user=[1, 2, 2**63]), "9223372036854775808 does not fit into 64 bits"),
        (GOOD.assign(timestamp=["1", "2", "3"]), "column 'timestamp': expected numbers"),
        (GOOD.assign(timestamp=[1.0, 2.0, np.inf]), "column 'timestamp', row 2: inf is not finite"),
        (GOOD.assign(rating=["good", "bad", "fair"]), "column 'rating': expected numbers"),
        (GOOD.set_axis(["user", "item", "item"], axis=1), "two columns named 'item'"),
    ],
)
def test_bad_interactions(table, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(table)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (pd.DataFrame({"id": [1]}), "items lacks the column 'item'"),
        (
            pd.DataFrame({"item": [10, 11, 10]}),
            r"items has the id 10 more than once \(again in row 2\)",
        ),
        (pd.DataFrame({"item": [10, None]}), "items, column 'item', row 1: missing value"),
        (pd.DataFrame({"item": ["10", "11"]}), "id '10' is of another type than id 10"),
        (pd.DataFrame({"item": []}), "the items table is empty"),
    ],
)
def test_bad_items(items, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(GOOD, items=items)


def test_something_else_than_a_table():
    with pytest.raises(ValueError, match="users is a list; give a pandas DataFrame"):
        tables.require_frame([1, 2], "users", ("user",))


def test_tables_of_the_caller_stay_as_they_are():
    table = GOOD.assign(timestamp=pd.to_datetime(["2020-01-03", "2020-01-02", "2020-01-01"]))
    table = table.set_axis([5, 5, 9])
    before = table.copy()
    split = data.from_frames(table).split(0.0, 0.0)
    pd.testing.assert_frame_equal(table, before)
    assert split.item_ids[split.history([1], "train")[0]].tolist() == [11, 10]


def test_other_columns_of_interactions_are_dropped_and_the_order_kept():
    ratings = data.from_frames(GOOD.assign(device="phone", rating=[3, 4, 5]).iloc[::-1])
    assert list(ratings.interactions.columns) == ["user", "item", "timestamp", "rating"]
    assert ratings.interactions["timestamp"].tolist() == [7, 6, 5]
    assert ratings.source == "from_frames"
    assert repr(ratings) == "Ratings(3 interactions; from_frames)"


def test_the_remedy_for_duplicates_works_with_further_columns():
    rows = pd.DataFrame(
        {"user": [1, 1, 2], "item": [5, 5, 6], "timestamp": [0, 0, 1], "device": ["a", "b", "a"]}
    )
    with pytest.raises(ValueError, match="duplicate rows") as error:
        data.from_frames(rows)
    remedy = str(error.value).split("remove them with ")[1]
    cleaned = eval(f"rows{remedy}", {"rows": rows})
    assert data.from_frames(cleaned).split(0.0, 0.0).n_items == 2


def test_names_that_become_one_are_refused():
    rows = pd.DataFrame({"user": [1, 2], "item": [5, 6], "timestamp": [0, 1]})
    users = pd.DataFrame({"user": [1, 2], 1: ["a", "b"], "1": ["c", "d"]})
    with pytest.raises(ValueError, match="two columns named '1'"):
        data.from_frames(rows, users=users)
