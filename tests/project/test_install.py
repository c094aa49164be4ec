"""`make install`: finds a Python that will do, says what it found if none does, installs once."""

import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"  # the discard port: nobody listens

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="make and a POSIX shell are needed"
)

# An interpreter of another version: everything is real but what it says of itself.
PRETENDER = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = {version}; exec(sys.argv[2])' "$@"
"""
# Makes a venv whose Python only writes down what pip is asked to do.
RECORDER = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    for last; do :; done
    rm -rf "$last"; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"
elif [ "$1 $2" = "-m pip" ]; then
    [ "$3" != show ] || exit 1
    shift 2; echo "$@" >> {log}
else
    exec {python} "$@"
fi
"""


def script(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(0o755)
    return path


class Project:
    """A copy of the files that an installation reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.log = folder / "pip.log"
        (self.folder / ".ci").mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "constraints.txt", ".ci/install.sh"):
            shutil.copy(ROOT / name, self.folder / name)
        self.python = script(
            folder / "recorder", RECORDER.format(log=self.log, python=sys.executable)
        )

    def make(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        # `make test` itself passes its own variables down to whatever it starts.
        mine = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "PINS"}
        base = {name: value for name, value in os.environ.items() if name not in mine}
        return subprocess.run(
            ["make", *words],
            cwd=self.folder,
            env=base | {"TORCH_INDEX": "", "NO_PROXY": "*"} | environ,
            capture_output=True,
            text=True,
        )

    def install(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.make("install", f"PYTHON={self.python}", *words, **environ)

    def asked_of_pip(self) -> list[str]:
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


PINNED = "install -c constraints.txt -e .[lab,site,test,course]"
LOOSE = "install --upgrade --upgrade-strategy eager -e .[lab,site,test,course]"


def test_help_is_the_default_and_names_the_targets(project: Project) -> None:
    text = project.make().stdout
    for target in ("lab", "test", "test-matrix", "notebooks", "lint", "types", "clean"):
        assert f"make {target} " in text


@pytest.mark.parametrize(
    ("words", "environ", "spoken"),
    [((), {}, False), (("LANGUAGE=zh",), {}, True), ((), {"LANGUAGE": "en_US:en"}, False)],
)
def test_a_language_is_chosen_in_words_only(project: Project, words, environ, spoken) -> None:
    """Many shells have a variable LANGUAGE for other programs."""
    for target in ("lab", "course", "figures"):
        text = project.make("-n", target, *words, **environ).stdout
        assert ".venv/bin/" in text
        assert ("SPARCODE_LANGUAGE=zh" in text) == ("SPARCODE_LANGUAGE" in text) == spoken


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 9, 2), (3, 10, 13)])
def test_an_old_python_is_refused_by_name(project: Project, tmp_path, version) -> None:
    fake = script(
        tmp_path / "old-python",
        PRETENDER.format(python=sys.executable, version=version),
    )
    done = project.make("install", f"PYTHON={fake}")
    assert done.returncode != 0
    assert f"{fake} is Python {'.'.join(map(str, version))}, too old" in done.stderr
    assert "Python 3.11 or newer" in done.stderr
    assert "PYTHON=" in done.stderr
    assert not (project.folder / ".venv").exists()


def test_a_missing_python_is_named(project: Project) -> None:
    done = project.make("install", "PYTHON=python3.99")
    assert done.returncode != 0
    assert "python3.99 is not on this machine" in done.stderr


def test_the_first_python_that_will_do_is_taken(project: Project, tmp_path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    script(folder / "python3", PRETENDER.format(python=sys.executable, version=(3, 9, 2)))
    script(folder / "python3.13", "#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    shutil.copy(project.python, folder / "python3.12")
    done = project.make("install", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert "Using python3.12, which is Python" in done.stdout


def test_a_second_call_installs_nothing(project: Project) -> None:
    assert project.install().returncode == 0
    assert project.asked_of_pip() == [PINNED]
    assert project.install().returncode == 0
    assert project.asked_of_pip() == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_of_packages_installs_anew(project: Project, name) -> None:
    project.install()
    project.asked_of_pip()
    later = (project.folder / ".venv/.installed-pins-1").stat().st_mtime + 2
    os.utime(project.folder / name, (later, later))
    project.install()
    assert project.asked_of_pip() == [PINNED]


def test_a_change_of_pins_installs_anew(project: Project) -> None:
    project.install("PINS=0")
    assert project.asked_of_pip() == [LOOSE]
    project.install()
    assert project.asked_of_pip() == [PINNED]
    project.install("PINS=0")
    assert project.asked_of_pip() == [LOOSE]


def test_a_failed_installation_is_tried_again(project: Project) -> None:
    good = project.python.read_text("utf-8")
    script(project.python, good.replace("shift 2;", "exit 1;"))
    failed = project.install()
    assert failed.returncode != 0 and "with PINS=0" in failed.stderr
    assert "with PINS=0" not in project.install("PINS=0").stderr
    script(project.folder / ".venv/bin/python", good)
    assert project.install().returncode == 0
    assert project.asked_of_pip() == [PINNED]


def test_a_venv_whose_python_went_away_is_made_anew(project: Project) -> None:
    (project.folder / ".venv/bin").mkdir(parents=True)
    (project.folder / ".venv/bin/python").symlink_to("/nonexistent/python3")
    done = project.install()
    assert done.returncode == 0, done.stderr
    assert "making it anew" in done.stdout


@pytest.fixture
def index():
    """A package index that answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a smaller torch elsewhere")
def test_linux_takes_the_cpu_build_of_torch_alone_from_its_index(project: Project, index) -> None:
    done = project.install(TORCH_INDEX=index)
    assert done.returncode == 0, done.stderr
    torch, rest = project.asked_of_pip()
    assert torch == f"install -c constraints.txt --no-deps --index-url {index} torch"
    assert rest == PINNED


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a smaller torch elsewhere")
def test_an_index_that_does_not_answer_is_said_and_passed_over(project: Project) -> None:
    done = project.install(TORCH_INDEX=CLOSED)
    assert done.returncode == 0, done.stderr
    assert f"{CLOSED} can't be used from here" in done.stdout
    assert project.asked_of_pip() == [PINNED]
