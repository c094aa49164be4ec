"""`sparcode-mini xray`: what it takes, what it says, and what stands in its file."""

import re
import shlex
import sys

import pytest

import library
from sparcode_mini.cli import commands, xray
from sparcode_mini.cli.options import parsed
from sparcode_mini.tools.targets import kind_of

LIKED = ["--liked", "Sea Story 3", "Orbit Story 1", "b07"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """(folder, options of the data, options of the models)."""
    folder = tmp_path_factory.mktemp("shelf")
    data = library.tables(folder, {30: "Twins", 31: "Twins"})
    return folder, data, library.train(folder, data)


@pytest.fixture
def ask(shelf, run, tmp_path, monkeypatch):
    """Ask for a page of books, in an empty folder; returns the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    _, data, models = shelf
    return lambda *words: run("xray", *data, *models, *words)


def test_the_page_says_how_it_was_made_and_names_no_folder(ask, shelf, tmp_path):
    code, text = ask(*LIKED, "--nouns", "book", "books", "--title", "A & B")
    assert code == 0 and text.out.startswith("saved runs/xray.html (0.")
    page = (tmp_path / "runs/xray.html").read_text("utf-8")
    assert kind_of(tmp_path / "runs/xray.html") == "a page of sparcode-mini xray"
    assert '<h1 dir="auto">A &amp; B</h1>' in page
    assert str(shelf[0]) not in page and str(tmp_path) not in page
    assert (
        "sparcode-mini xray --data loans.csv --items books.csv --model sparcode.safetensors "
        "--two-tower tower.safetensors --liked &#x27;Sea Story 3&#x27; &#x27;Orbit Story 1&#x27; "
        "b07 --nouns book books --title &#x27;A &amp; B&#x27; (version "
    ) in page
    assert re.search(
        r"loans\.csv: 60 users, 40 items, [\d,]+ interactions; fingerprint \w{16}<", page
    )
    assert page.count("SHA-256 ") == 2 and "MovieLens" not in page


def test_the_same_words_give_the_same_bytes(ask, tmp_path):
    assert ask(*LIKED, "--user", "reader03", "--out", "a.html")[0] == 0
    assert ask(*LIKED, "--user", "reader03", "--out", "b.html")[0] == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    code, text = ask(*LIKED, "--out", "a.html")
    assert code == 0 and "a.html exists and is a page of sparcode-mini xray; it will be" in text.err
    assert (tmp_path / "a.html").read_bytes() != (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nobody to follow; give --liked TITLE ..., or --user USER ..."),
        (
            ["--liked", "Sea Stori 3"],
            "no item has the title 'Sea Stori 3'; did you mean 'Sea Story",
        ),
        (
            ["--liked", "Twins"],
            "'Twins' belongs to 2 items; write 'Twins (id b30)' or 'Twins (id b31)",
        ),
        (["--user", "reader99"], "unknown user 'reader99'"),
        ([*LIKED, "--out", "letter.txt"], "letter.txt is a text file, not a page of sparcode-mini"),
        ([*LIKED, "--nouns", "book"], "--nouns: expected 2 arguments"),
        ([*LIKED, "--nouns", "book", " "], "--nouns ' ' is blank; give two words, such as book"),
        ([*LIKED, "--nouns", "", ""], "--nouns '' is blank; give two words"),
        ([*LIKED, "--title", " "], "--title ' ' is blank; give the heading of the page"),
        ([*LIKED, "--liked", "Sea Story 3"], "--liked 'Sea Story 3' is there twice; give it once"),
        (
            ["--liked", "Twins (id b31)", "b30", "b31"],
            "--liked 'b31' is there twice (as 'Twins (id b31)', too); give it once",
        ),
        (
            ["--user", "reader03", "--user", "reader04", "reader03"],
            "--user 'reader03' is there twice; give it once",
        ),
        ([*LIKED, "--title", "-x-"], "write --title=-x- for a value that begins with a dash"),
    ],
)
def test_errors_are_one_line_and_write_nothing(ask, tmp_path, words, message):
    (tmp_path / "letter.txt").write_text("keep me")
    code, text = ask(*words)
    assert (
        code == 2
        and message in text.err
        and text.err.splitlines()[-1].startswith("sparcode-mini xray: ")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert (tmp_path / "letter.txt").read_text() == "keep me"


def test_a_title_that_two_have_is_written_with_its_id(ask, tmp_path):
    assert ask("--liked", "Twins (id b31)", "b30", "--out", "x.html")[0] == 0
    assert "Twins (id b31), Twins (id b30)." in (tmp_path / "x.html").read_text("utf-8")


def test_data_of_one_s_own_needs_models_and_is_told_how_to_make_them(run, shelf, tmp_path):
    _, data, models = shelf
    code, text = run("xray", *data, *LIKED)
    assert code == 2 and "--model FILE, made by" in text.err
    made = re.findall(r"`(sparcode-mini train [^`]+)`", text.err)
    args = [parsed(commands.parser(), shlex.split(line)[1:]) for line in made]
    assert [one.model for one in args] == ["sparcode", "two-tower"]
    assert all([one.data, str(one.items)] == data[1::2] for one in args)
    code, text = run("xray", *data, *models[:2], *LIKED)
    assert code == 2 and "give --two-tower FILE, made by" in text.err
    assert "--model FILE" not in text.err


def test_models_in_each_other_s_place(run, shelf, tmp_path):
    _, data, (_, model, _, tower) = shelf
    code, text = run("xray", *data, *LIKED, "--model", tower, "--two-tower", tower)
    assert code == 2 and "holds a TwoTower; only a SparCode has codes" in text.err
    code, text = run("xray", *data, *LIKED, "--model", model, "--two-tower", model)
    assert code == 2 and "holds a SparCode; a two-tower is made by `sparcode-mini train" in text.err
    before = (shelf[0] / "tower.safetensors").read_bytes()
    code, text = run("xray", *data, *LIKED, *shelf[2], "--out", tower)
    assert code == 2 and "is the file that is read; choose another name" in text.err
    assert (shelf[0] / "tower.safetensors").read_bytes() == before


def test_a_large_page_says_what_makes_it_smaller(ask, monkeypatch):
    monkeypatch.setattr(xray, "LARGE", 100)
    code, text = ask(*LIKED)
    assert code == 0 and "any browser; `train --sparsity` makes shorter lists" in text.out


def test_without_the_widgets_it_says_what_to_install(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "sparcode_mini.widgets", None)
    code, text = ask(*LIKED)
    assert code == 2 and 'pip install "sparcode-mini[lab]"' in text.err


def test_films_and_models_of_the_project_are_the_default(run, tmp_path):
    out = tmp_path / "films.html"
    liked = ["Alien (1979)", "Star Wars (1977)", "Contact (1997)"]
    code, text = run("xray", "--liked", *liked, "--user", 42, "--out", out)
    assert code == 0 and f"saved {out} (" in text.out
    page = out.read_text("utf-8")
    assert 100_000 < out.stat().st_size < 3_000_000
    assert "ml-100k: 943 users, 1,682 items, 100,000 interactions; fingerprint " in page
    assert "sparcode-sparse.safetensors, SHA-256" in page and "two-tower.safetensors, SHA" in page
    assert "Its terms do not allow handing the data on" in page
    assert "a short excerpt of what real, anonymous people rated." in page
    assert '"nouns":["film","films"]' in page
    code, text = run("xray", "--liked", "Alien", "--out", out)
    assert code == 2 and "did you mean 'Alien (1979)'" in text.err
