import subprocess

import numpy as np
import pandas as pd
import pytest

import toys
from movielens_miniature import GROUPLENS
from sparcode_mini import data
from sparcode_mini.data import movielens, movielens_tables, movielens_wheel
from sparcode_mini.data.aliases import aliases, english_title


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
        (movielens_wheel.FILE, "wheel of recbole 1.2.1"),
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
    tables = movielens.from_folder(miniature / "ml-100k")
    tables.interactions.loc[0, "rating"] = 4
    with pytest.raises(ValueError, match="the ratings of GroupLens ml-100k folder are not those"):
        movielens.check(tables)


def test_line_with_too_few_fields_is_named(miniature):
    (miniature / "ml-100k" / "u.user").write_bytes(b"1|24|M|technician|85711\n2|53\n")
    with pytest.raises(ValueError, match=r"u\.user, line 2: 2 fields where 5 are expected"):
        movielens.from_folder(miniature / "ml-100k")


def test_download_from_grouplens_is_cached(server, monkeypatch, tmp_path, capfd):
    url, requests = server
    monkeypatch.setattr(movielens, "GROUPLENS_URL", f"{url}/ml-100k.zip")
    assert movielens.load().source == "GroupLens ml-100k.zip"
    assert movielens.load().source == "GroupLens ml-100k.zip"
    assert requests == ["/ml-100k.zip"]
    assert [path.name for path in (tmp_path / "cache/sparcode-mini").iterdir()] == ["ml-100k.zip"]
    assert capfd.readouterr() == ("", "")


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
    assert movielens_tables.split_title(text) == expected


def test_a_film_may_be_named_in_chinese():
    items = pd.DataFrame({"item": [0, 1], "title": ["Star Wars (1977)", "Twister (1996)"]})
    ratings = data.from_frames(toys.events((0, 0, 1), (0, 1, 2)), items=items)
    split = ratings.split(test=0, validation=0)
    for title in ("《星球大战》", "星球大战", "Star Wars (1977)"):
        assert split.titles[split.find_titles([title])] == ["Star Wars (1977)"]
    with pytest.raises(ValueError, match="no item has the title '异形'"):  # not in this data
        split.find_titles(["异形"])


def test_each_name_belongs_to_one_film():
    assert len(aliases()) > 50 and len(set(aliases().values())) == len(aliases())
    assert english_title("龙卷风") == "Twister (1996)" and english_title("x") == "x"
