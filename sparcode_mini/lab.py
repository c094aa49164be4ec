"""Open the first lesson in JupyterLab: ``python -m sparcode_mini.lab``.

JupyterLab alone prints an address that leads to no notebook, and first asks about news. This
program starts it on a free port, waits until it answers, prints the full address of the lesson
and, if there is a display, opens it in the browser.

The lessons that open are copies in the folder `work`, so a learner's solutions are safe from
updates, and the stored outputs are safe from the learner. With `--projector` they are fresh copies
of the lecture edition in `work/projector`, in large type; JupyterLab does not store them by itself.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from sparcode_mini.course import projector
from sparcode_mini.lessons.text.languages import lesson_folder
from sparcode_mini.tools.language import language
from sparcode_mini.tools.program import Program
from sparcode_mini.tools.work_copy import Copied, make_work_copy

LESSONS, WORK = "notebooks", "work"  # folders of the project
START = f"{WORK}/00_start_here.ipynb"
PAGE = f"lab/tree/{START}"
HOST = "127.0.0.1"
TRANSLATION = "@jupyterlab/translation-extension:plugin"
LOCALES = {"en": "default", "zh": "zh_CN"}  # as JupyterLab names them
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # links into the glossary lead to a page, not to its source
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run JupyterLab until it ends or Ctrl-C is pressed.

    Args:
        argv: command-line arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0 after Ctrl-C or a shutdown from the menu, 1 if JupyterLab failed.
    """
    options = _parser().parse_args(argv)
    root = Path(options.root).resolve()
    if not (root / LESSONS / Path(START).name).is_file():
        return _fail(f"{root} has no lessons. Name the project's folder: --root FOLDER")
    if options.port and not port_is_free(options.port):
        return _fail(f"Port {options.port} is taken. Choose another, or leave --port out")
    try:
        lines, page = _project(root) if options.projector else _copy(root, options.fresh)
    except (OSError, ValueError) as error:
        return _fail(str(error))
    _say("\n".join(lines))
    port = options.port or free_port()
    token = secrets.token_urlsafe(24)
    browser = not options.no_browser and has_display(os.environ, sys.platform)
    # A closed terminal or `kill` must not leave a server behind, and a job that a script started in
    # the background would ignore SIGINT.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    with tempfile.TemporaryDirectory(prefix="sparcode-lab-") as config:
        environ = environment(os.environ, token, Path(config))
        words = command(root, port, page)
        if options.projector:
            environ = projector.environment(environ, Path(config))
            words.append("--LabApp.custom_css=True")
        process = subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL)
        return serve(process, port, token, browser, page)


def _copy(root: Path, fresh: bool) -> tuple[list[str], str]:
    """Make the learner's copies; return what happened, and the page that opens."""
    copied = make_work_copy(root / LESSONS, root / WORK, fresh)
    return told(copied), f"lab/tree/{_first(WORK)}"


def _project(root: Path) -> tuple[list[str], str]:
    """Make the copies for a projector; return what happened, and the page that opens."""
    copied = projector.prepare(root)
    lines = [f"The lecture edition, fresh, in {projector.FOLDER}; only Save stores anything there"]
    if copied.moved_to:
        lines.append(f"What was stored there before is in {copied.moved_to}")
    # "doc" shows one notebook, without side bars
    return lines, f"doc/tree/{_first(projector.FOLDER)}"


def _first(folder: str) -> str:
    """Return the first lesson of a folder in the reader's language."""
    return (lesson_folder(Path(folder), language()) / Path(START).name).as_posix()


def told(copied: Copied) -> list[str]:
    """Return what happened to the learner's copies, as lines of text."""
    lines = []
    if copied.moved_to:
        lines.append(f"Your copies of before are in {copied.moved_to}")
    if copied.added:
        lines.append(f"New in the folder {WORK}, for you to work in: {len(copied.added)} files")
    if copied.renewed:
        lines.append(f"Newer, and you had not changed them: {', '.join(copied.renewed)}")
    if copied.kept:
        names = ", ".join(copied.kept)
        lines.append(f"Your copies stay, though the lessons are newer: {names}")
        lines.append("To begin all anew (your copies are kept aside): make lab ARGS=--fresh")
    return lines or [f"Your copies in the folder {WORK} are up to date"]


def serve(
    process: subprocess.Popen[bytes], port: int, token: str, browser: bool, page: str = PAGE
) -> int:
    """Print the address of the notebook when the server answers, and wait until the server ends.

    Args:
        process: the running server.
        port: its port on this machine.
        token: a visitor must know it.
        browser: whether to open the notebook in the browser.
        page: what opens, as JupyterLab addresses it.

    Returns:
        The exit status for the caller, as in `main`.
    """
    try:
        if not wait_until_ready(process, port, token):
            return _fail("JupyterLab did not start; its own words are above")
        url = address(port, token, page)
        _say(f"\nJupyterLab is running; the first notebook is at\n\n    {url}\n")
        if browser and webbrowser.open(url):
            _say("It opens in your browser. Ctrl-C here ends JupyterLab.")
        else:
            _say("Open that address in a browser on this machine. Ctrl-C here ends JupyterLab.")
            _say(f"From another machine, first: ssh -L {port}:{HOST}:{port} THIS_MACHINE")
        return 1 if process.wait() else 0
    except KeyboardInterrupt:
        _say("\nEnding JupyterLab and its kernels ...")
        return 0
    finally:
        stop(process)


def command(root: Path, port: int, page: str = PAGE) -> list[str]:
    """Return the command line of the server, without the token, which `ps` would show."""
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--LabApp.default_url=/{page}",
        "--ServerApp.answer_yes=True",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
    ]
    # In a container everyone is root; the server listens to this machine only and wants the token.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    return words


def environment(base: Mapping[str, str], token: str, config: Path) -> dict[str, str]:
    """Return the server's environment: its token, the kernels of its Python, its settings.

    The settings go to `config`, a folder of this run: the reader's JupyterLab stays as it is.
    """
    folder = config / "labconfig"
    folder.mkdir(parents=True)
    settings = {**_SETTINGS, TRANSLATION: {"locale": LOCALES[language()]}}
    (folder / "default_setting_overrides.json").write_text(json.dumps(settings), "utf-8")
    paths = [str(config), base.get("JUPYTER_CONFIG_PATH", "")]
    return {
        **base,
        "JUPYTER_TOKEN": token,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)),
    }


def address(port: int, token: str, page: str = PAGE) -> str:
    """Return the full address of the first notebook; the token needs no quoting."""
    return f"http://{HOST}:{port}/{page}?token={token}"


def has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Tell whether a browser window can appear; only Linux and the like run without a display."""
    if platform in ("win32", "cygwin", "darwin"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def free_port() -> int:
    """Return a port of this machine on which no program listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Tell whether no program answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) != 0


def wait_until_ready(
    process: subprocess.Popen[bytes], port: int, token: str, seconds: float = 90.0
) -> bool:
    """Wait until the server answers; return False if it ends first or after `seconds`."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(port, token):
            return True
        time.sleep(0.1)
    return False


def stop(process: subprocess.Popen[bytes], seconds: float = 15.0) -> None:
    """End the server; kill it if it has not shut its kernels down after `seconds`."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):  # too slow, or Ctrl-C once more
        process.kill()
        process.wait()


def _answers(port: int, token: str) -> bool:
    # http.client, not urllib: a proxy set in the environment must not get in between.
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/api/status", headers={"Authorization": f"token {token}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sparcode_mini.lab", description=f"Open {START} in JupyterLab."
    )
    parser.add_argument("--port", type=int, default=0, help="port to use (default: a free one)")
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address; open no browser"
    )
    copies = parser.add_mutually_exclusive_group()
    copies.add_argument(
        "--fresh",
        action="store_true",
        help=f"copy all lessons into {WORK}/ anew; your copies are moved aside, not deleted",
    )
    copies.add_argument(
        "--projector",
        action="store_true",
        help=f"fresh copies of the lecture edition in {projector.FOLDER}/, large type, no autosave",
    )
    parser.add_argument(
        "--root",
        default=Path(__file__).resolve().parents[1],
        help="the project's folder (default: the one this file was installed from)",
    )
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)  # the reader may sit behind a pipe


def _fail(text: str) -> int:
    print(text, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(Program("python -m sparcode_mini.lab").run_as_process(main))
