"""MovieLens-1M and -10M in miniature, and downloads that fail."""

import functools
import hashlib
import http.server
import threading
import zipfile

import pooch
import pytest

from sparcode_mini.data import movielens_large
from sparcode_mini.data.movielens_large import DATA_SETS

RATINGS = "1::3::5::978300760\n1::1::4::978300750\n2::3::1::978300001\n2::4::2::978300002\n"
TABLES = {
    "ml-1m": {
        "ratings.dat": RATINGS,
        "movies.dat": "1::Toy Story (1995)::Animation|Comedy\n2::Unseen (1990)::Drama\n"
        "3::Misérables: Les, The (1995)::Drama\n4::No Year::Comedy\n",
        "users.dat": "1::F::1::10::48067\n2::M::56::20::70072\n",
    },
    "ml-10m": {
        "ratings.dat": RATINGS.replace("::5::", "::4.5::"),
        "movies.dat": "1::Toy Story (1995)::Animation|Comedy\n2::Unseen (1990)::Drama\n"
        "3::Misérables: Les, The (1995)::Drama\n4::No Year::(no genres listed)\n",
    },
}


@pytest.fixture(params=["ml-1m", "ml-10m"])
def archive(request, tmp_path, monkeypatch):
    """Name of a data set, and its miniature archive in tmp_path/host, with the right checksum."""
    name = request.param
    real = DATA_SETS[name]
    path = tmp_path / "host" / f"{name}.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for table, text in TABLES[name].items():
            file.writestr(f"{real.folder}/{table}", text.encode(real.encoding))
    small = real._replace(
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        ratings=4,
        url=f"http://127.0.0.1:9/{name}.zip",  # the discard port: nobody listens
    )
    monkeypatch.setitem(movielens_large.DATA_SETS, name, small)
    monkeypatch.delenv("SPARCODE_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda app: tmp_path / "cache")
    return name, path


def served(folder, requests):
    """A local web server for a folder, as a context that yields its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            requests.append(self.path)

    handler = functools.partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_an_archive_is_fetched_once_and_read(archive, monkeypatch, capfd):
    name, path = archive
    requests = []
    with served(path.parent, requests) as server:
        url = f"http://127.0.0.1:{server.server_port}/{name}.zip"
        monkeypatch.setitem(DATA_SETS, name, DATA_SETS[name]._replace(url=url))
        ratings = movielens_large.load(name)
        movielens_large.load(name)
        server.shutdown()
    assert requests == [f"/{name}.zip"]
    assert capfd.readouterr() == ("", "")
    assert ratings.source == f"{DATA_SETS[name].title}, {name}.zip"
    first = 5.0 if name == "ml-1m" else 4.5
    assert ratings.interactions["rating"].tolist() == [first, 4.0, 1.0, 2.0]
    assert ratings.interactions["timestamp"].tolist()[:2] == [978300760, 978300750]
    split = ratings.split(test=0.5, validation=0.0)
    assert split.item_ids.tolist() == [1, 3, 4]  # nobody rated film 2
    assert split.titles.tolist() == ["Toy Story (1995)", "Misérables: Les, The (1995)", "No Year"]
    assert split.item_ids[split.history([1])[0]].tolist() == [1]  # the older one
    genres = next(f for f in split.item_features if f.name == "genres")
    named = [{genres.vocabulary[v] for v in row if v} for row in genres.values]
    assert named == [{"Animation", "Comedy"}, {"Drama"}, {"Comedy"} if name == "ml-1m" else set()]


def test_people_of_movielens_1m_have_readable_features(archive, monkeypatch):
    name, path = archive
    monkeypatch.setenv("SPARCODE_DATA", str(path.parent))
    split = movielens_large.load(name).split()
    texts = {f.name: [f.vocabulary[v] for v in f.values[:, 0]] for f in split.user_features}
    expected = {
        "gender": ["F", "M"],
        "age": ["under 18", "56 and over"],
        "occupation": ["K-12 student", "writer"],
    }
    assert texts == (expected if name == "ml-1m" else {})


def test_without_network_the_message_says_what_to_do_by_hand(archive, tmp_path, monkeypatch):
    name, path = archive
    with pytest.raises(ConnectionError) as caught:
        movielens_large.load(name)
    message = str(caught.value)
    for part in (DATA_SETS[name].url, str(tmp_path / "cache" / f"{name}.zip"), "127.0.0.1"):
        assert part in message
    assert f"its sha256 is {DATA_SETS[name].sha256}" in message
    # doing that helps
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / f"{name}.zip").write_bytes(path.read_bytes())
    assert len(movielens_large.load(name).interactions) == 4


def test_a_given_folder_is_all_that_is_looked_at(archive, tmp_path, monkeypatch):
    name, path = archive
    empty = tmp_path / "given"
    empty.mkdir()
    monkeypatch.setenv("SPARCODE_DATA", str(empty))
    with pytest.raises(FileNotFoundError, match=rf"no .*{name}\.zip; put {name}\.zip from http"):
        movielens_large.load(name)
    (empty / path.name).write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"damaged or another file \(sha256 "):
        movielens_large.load(name)
    with zipfile.ZipFile(path) as file:
        file.extractall(empty)
    assert movielens_large.load(name).source.endswith(f"folder {DATA_SETS[name].folder}")


def test_a_ratings_file_of_another_length_is_refused(archive, monkeypatch):
    name, path = archive
    monkeypatch.setenv("SPARCODE_DATA", str(path.parent))
    monkeypatch.setitem(DATA_SETS, name, DATA_SETS[name]._replace(ratings=5))
    with pytest.raises(ValueError, match=r"ratings\.dat has 4 rows, MovieLens-\d+M 5"):
        movielens_large.load(name)


@pytest.mark.parametrize("text", ["1::2::3\n", "1,2,3,4\n", "1::x::5::7\n"])
def test_a_damaged_line_of_ratings_is_refused(tmp_path, text):
    path = tmp_path / "ratings.dat"
    path.write_text(RATINGS + text)
    with path.open("rb") as file, pytest.raises(ValueError, match=r"ratings\.dat can't be read"):
        movielens_large.read_ratings(file)


def test_an_unknown_data_set_is_named():
    with pytest.raises(ValueError, match="'ml-2m' is unknown; choose one of"):
        movielens_large.load("ml-2m")


def test_the_known_archives_are_those_of_grouplens():
    for name, known in DATA_SETS.items():
        assert known.url == f"https://files.grouplens.org/datasets/movielens/{name}.zip"
        assert len(known.sha256) == 64
