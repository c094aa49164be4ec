"""The bundle: wheels fetched once and checked, starters, sizes, checksums; with a toy package."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from string import Template

import nbformat
import pytest

from sparcode_mini.course.bundle import build, content, wheels
from sparcode_mini.course.bundle.systems import SYSTEMS
from sparcode_mini.course.laptops import check_laptop
from sparcode_mini.course.parts import PARTS, ROOT, WHEN_NAMED
from sparcode_mini.site import landing, pages
from sparcode_mini.tools.folders import MARK

LINUX = SYSTEMS["linux"]


def toy_wheel(folder, name="leaf", version="1.0", extra=None):
    """A package of one line, as a wheel that pip takes."""
    folder.mkdir(parents=True, exist_ok=True)
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "x = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(extra or {}),
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def pin_of(path):
    name, version = path.name.split("-")[:2]
    return wheels.Pin(name, version, frozenset({hashlib.sha256(path.read_bytes()).hexdigest()}))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder in the place of the package index."""
    folder = tmp_path / "shop"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_wheels_are_fetched_once_and_old_ones_go(shop, tmp_path):
    pins = [pin_of(toy_wheel(shop, name)) for name in ("leaf", "twig")]
    out = tmp_path / "wheels"
    old = toy_wheel(out, "leaf", "0.9")
    paths = wheels.fetch(pins, LINUX, "3.12", "", out)
    assert [path.name.split("-")[0] for path in paths] == ["leaf", "twig"] and not old.exists()
    for path in shop.iterdir():
        path.unlink()
    assert wheels.fetch(pins, LINUX, "3.12", "", out) == paths  # nothing was asked for
    paths[1].write_bytes(b"broken on the way")
    with pytest.raises(ValueError, match=r"twig==1\.0 for Linux.*can't be fetched.*goes on"):
        wheels.fetch(pins, LINUX, "3.12", "", out)
    assert paths[0].exists()


def test_another_file_of_that_version_is_refused(shop, tmp_path):
    pin = pin_of(toy_wheel(shop))._replace(digests=frozenset({"0" * 64}))
    with pytest.raises(ValueError, match="checksum is not the one"):
        wheels.fetch([pin], LINUX, "3.12", "", tmp_path / "wheels")


def test_the_output_of_uv_is_read():
    text = (
        f"Torch_x==2.13.0+cpu \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
    )
    assert wheels.parse(text) == [
        wheels.Pin("torch-x", "2.13.0+cpu", frozenset({"a" * 64, "b" * 64}))
    ]
    with pytest.raises(ValueError, match="no version or no checksum"):
        wheels.parse("torch==2.13.0\n")


def test_packages_for_gpus_are_refused(monkeypatch):
    text = f"nvidia-cublas==13.1 --hash=sha256:{'a' * 64}\n"
    done = subprocess.CompletedProcess([], 0, text, "")
    monkeypatch.setattr(wheels, "uv", lambda: "uv")
    monkeypatch.setattr(wheels.subprocess, "run", lambda *words, **options: done)
    with pytest.raises(ValueError, match=r"packages for GPUs.*PIP_FIND_LINKS"):
        wheels.resolve(LINUX, ROOT, "3.12", "")


def test_an_index_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("TORCH_INDEX", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="does not answer"):
        wheels.torch_index(LINUX)
    assert wheels.torch_index(SYSTEMS["windows"]) == ""
    monkeypatch.setenv("TORCH_INDEX", "")
    assert wheels.torch_index(LINUX) == ""


def name_source(project, out):
    """Stand for the site: write from which folder it would be built."""
    out.mkdir(exist_ok=True)
    (out / "source.txt").write_text(str(project), "utf-8")


@pytest.fixture
def bundle(shop, tmp_path, monkeypatch):
    """A whole bundle for Linux with two toy packages and without the site."""
    extra = {"uv-1.0.data/scripts/uv": '#!/bin/sh\necho uv "$@"\n'}
    pins = [pin_of(toy_wheel(shop)), pin_of(toy_wheel(shop, "uv", extra=extra))]
    monkeypatch.setenv("TORCH_INDEX", "")
    monkeypatch.setattr(wheels, "resolve", lambda *words: pins)
    monkeypatch.setattr(content, "build_site", name_source)
    build.write(tmp_path / "out", ROOT, ["linux"])
    return tmp_path / "out"


def test_the_bundle_has_all_and_the_sums_hold(bundle):
    names = {path.name for path in bundle.iterdir()}
    assert names == {
        MARK, "README.txt", "SHA256SUMS", "check_laptop.py", "linux", "project", "site",
        "start-linux.sh",
    }  # fmt: skip
    lines = (bundle / "SHA256SUMS").read_text("utf-8").splitlines()
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    files = [path for path in bundle.rglob("*") if path.is_file()]
    assert len(lines) == len(files) - 1
    # Homework, plans and exam stay with the teacher; the lessons ask the quiz.
    assert [path.name for path in (bundle / "project/assets/course").iterdir()] == ["quiz"]
    assert f"{check_laptop.DISK_GB:g} GB of free disk" in (bundle / "README.txt").read_text("utf-8")
    assert "MB  linux    Linux with glibc 2.28" in (bundle / "README.txt").read_text("utf-8")
    assert not [path for path in files if "ml-100k" in path.name or "recbole" in path.name]


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_the_starter_copies_installs_without_an_index_and_keeps_work(bundle, tmp_path):
    """uv and Python are stand-ins that print their words: what they do was tried by hand."""
    home = tmp_path / "my home"
    python = home / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho python "$@"\n', "utf-8")
    python.chmod(0o755)
    (home / "work").mkdir()
    (home / "work/mine.ipynb").write_text("mine", "utf-8")
    environ = {**os.environ, "SPARCODE_HOME": str(home)}
    words = ["sh", str(bundle / "start-linux.sh")]
    done = subprocess.run(words, env=environ, capture_output=True, encoding="utf-8", check=True)
    install, check, lab = done.stdout.splitlines()[1:]
    assert f"--offline --no-index --find-links {bundle}/linux/wheels" in install
    assert install.endswith(f"--editable {home}[{','.join(wheels.EXTRAS)}] pip")
    assert check.endswith(f"{home}/check_laptop.py --project {home}") and lab.endswith(
        "sparcode_mini.lab"
    )
    assert (home / "work/mine.ipynb").read_text("utf-8") == "mine"
    assert (home / "notebooks/00_start_here.ipynb").exists()
    # What the page says for home, where the stick is not.
    assert (home / "check_laptop.py").read_bytes() == (bundle / "check_laptop.py").read_bytes()
    assert "cd sparcode-mini\n" in (bundle / "README.txt").read_text("utf-8")


def test_the_starter_of_windows_copies_the_check():
    text = (ROOT / build.TEXTS / "start.cmd").read_text("utf-8")
    assert 'copy /y "%here%check_laptop.py" "%SPARCODE_HOME%\\check_laptop.py"' in text


def test_the_stick_holds_no_solutions_and_all_licences(bundle):
    """The site is built from what `build_site` gets; the fixture writes that folder's name."""
    project = bundle / "project"
    assert (bundle / "site/source.txt").read_text("utf-8") == str(project)
    lessons = sorted((project / "notebooks").glob("*.ipynb"))
    cells = [cell for path in lessons for cell in nbformat.read(path, 4).cells]
    assert lessons and not [c for c in cells if "solution" in c.metadata.get("tags", [])]
    assert not (project / "notebooks/teaching.md").exists()
    words = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert {path.name for path in ROOT.glob("LICENSE*")} <= set(words["license-files"])
    assert [name for name in words["license-files"] if not (project / name).exists()] == []


def test_lessons_without_solutions_make_pages(bundle):
    lessons = [pages.lesson(path) for path in (bundle / "project/notebooks").glob("*.ipynb")]
    text = landing.page(lessons, "")
    assert all(f"lessons/{lesson.stem}" in text for lesson in lessons)
    links = {
        link
        for lesson in lessons
        for cell in lesson.notebook.cells
        for link in re.findall(r"\]\(([\w.]+\.(?:md|ipynb))", cell.source)
    }
    assert (
        links
        and {name for name in links if not (bundle / "project/notebooks" / name).exists()} == set()
    )


def test_a_bundle_is_made_again_and_files_of_others_stay(bundle, tmp_path):
    (bundle / "python").mkdir()  # the teacher's installers
    (bundle / "project/old.txt").touch()
    build.write(bundle, ROOT, ["linux"])
    assert (bundle / "python").is_dir() and not (bundle / "project/old.txt").exists()
    (bundle / "windows").mkdir()
    (bundle / "start-windows.cmd").touch()
    with pytest.raises(ValueError, match=r"windows and .*start-windows\.cmd would stay.*--system"):
        build.write(bundle, ROOT, ["linux"])
    stick = tmp_path / "stick"
    (stick / "project").mkdir(parents=True)
    (stick / "project/mine.txt").touch()
    with pytest.raises(ValueError, match="did not make"):
        build.write(stick, ROOT, ["linux"])
    assert [path.name for path in stick.rglob("*.*")] == ["mine.txt"]


def test_each_system_has_a_starter_with_nothing_left_to_fill_in(tmp_path):
    for name, system in SYSTEMS.items():
        script = Template((ROOT / build.TEXTS / system.script).read_text("utf-8"))
        build.write_starter(tmp_path, name, script, "3.12.4")
        content_of = (tmp_path / system.starter).read_bytes()
        assert b"3.12" in content_of and b"3.12.4" not in content_of
        lines = content_of.split(b"\n")[:-1]
        assert {line.endswith(b"\r") for line in lines} == {name == "windows"}


def test_the_kit_makes_the_bundle_only_when_it_is_named():
    assert set(WHEN_NAMED) <= set(PARTS)
    assert sys.modules["sparcode_mini.course.bundle"].write is build.write
