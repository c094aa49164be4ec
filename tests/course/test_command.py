"""`sparcode-mini course`: which parts are made, and what happens when one can't be."""

import pytest

from sparcode_mini import cli
from sparcode_mini.cli import course
from sparcode_mini.course.parts import PARTS, WHEN_NAMED
from sparcode_mini.tools.language import language


@pytest.fixture
def run(capsys):
    """Run the command; returns the exit code and what was printed."""

    def command(*words):
        return cli.main([str(word) for word in words]), capsys.readouterr()

    return command


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Parts write a file of ten bytes; `made` lists them."""
    names = []

    def writer(name):
        def write(out, root):
            out.mkdir(parents=True)
            (out / "file").write_bytes(b"1234567890")
            names.append(name)

        return write

    monkeypatch.setattr(course, "writer", writer)
    monkeypatch.chdir(tmp_path)
    return names


def test_all_parts_are_made_but_those_that_must_be_named(made, run):
    code, out = run("course")
    assert code == 0 and made == [name for name in PARTS if name not in WHEN_NAMED]
    assert [line.split(":")[0] for line in out.out.splitlines()] == [
        str(course.BUILD / name) for name in made
    ]


def test_what_is_not_translated_is_made_in_english_and_says_so(made, run, monkeypatch):
    monkeypatch.setenv("SPARCODE_LANGUAGE", "zh")
    spoken = {}
    fine = course.writer
    monkeypatch.setattr(
        course, "writer", lambda name: spoken.update({name: language()}) or fine(name)
    )
    code, out = run("course", "plans", "map")
    assert code == 0 and made == ["plans", "map"] and spoken == {"plans": "zh", "map": "en"}
    assert "map：只有英文版" in out.out and "plans：只有" not in out.out


def test_named_parts_are_made_in_a_folder(made, run, tmp_path):
    code, out = run("course", "bundle", "map", "--folder", tmp_path / "kit")
    assert code == 0 and made == ["bundle", "map"]
    assert (tmp_path / "kit" / "map" / "file").exists() and "0.0 MB" in out.out


def test_a_part_that_is_not_there_is_refused_before_any_work(made, run):
    code, out = run("course", "map", "slide")
    assert code == 2 and "'slide'" in out.err and "slides" in out.err and not made


def test_a_part_that_fails_does_not_keep_the_others_from_being_made(made, run, monkeypatch):
    fine = course.writer

    def writer(name):
        def fail(out, root):
            if name == "slides":
                raise ValueError("PDF needs a Chromium browser")
            raise ModuleNotFoundError("No module named 'nbclient'", name="nbclient")

        return fail if name in ("slides", "editions") else fine(name)

    monkeypatch.setattr(course, "writer", writer)
    code, out = run("course")
    assert code == 2 and len(made) == len(PARTS) - len(WHEN_NAMED) - 2
    assert "slides: PDF needs a Chromium browser" in out.err
    assert "editions: needs nbclient: pip install" in out.err
