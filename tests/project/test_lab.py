"""`make lab`: the printed address works, and Ctrl-C leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook, writes

from sparcode_mini import lab

# Stands in for JupyterLab: answers to the right token only, on the port it is given.
SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers["Authorization"] == "token " + os.environ["JUPYTER_TOKEN"]
        self.send_response(200 if good else 403)
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / lab.LESSONS / Path(lab.START).name
    path.parent.mkdir()
    path.write_text(writes(new_notebook()), "utf-8")
    return tmp_path


def start(*words: str, token: str = "") -> subprocess.Popen[bytes]:
    environ = os.environ | {"JUPYTER_TOKEN": token}
    return subprocess.Popen([sys.executable, *words], env=environ)


def proxyless(request: urllib.request.Request) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to another process")
def test_the_printed_address_opens_the_notebook_and_ctrl_c_ends_all(root: Path) -> None:
    environ = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "sparcode_mini.lab", "--no-browser", "--root", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        lines = iter(process.stdout.readline, "")
        url = next(line.strip() for line in lines if "token=" in line)
        base, _, token = url.partition("/lab/tree/work/00_start_here.ipynb?token=")
        assert base.startswith("http://127.0.0.1:")
        assert proxyless(urllib.request.Request(url)) == 200
        headers = {"Authorization": f"token {token}"}
        contents = f"{base}/api/contents/{lab.START}"
        assert proxyless(urllib.request.Request(contents, headers=headers)) == 200
        assert proxyless(urllib.request.Request(contents)) == 403
        settings = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(settings, headers=headers)) as answer:
            assert b'"default": "false"' in answer.read()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 0
        assert "Traceback" not in rest
        assert lab.port_is_free(int(base.rpartition(":")[2]))
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_display(environ, platform, expected) -> None:
    assert lab.has_display(environ, platform) is expected


def test_ready_needs_the_right_token() -> None:
    port = lab.free_port()
    process = start("-c", SERVER, str(port), token="right")
    try:
        assert lab.wait_until_ready(process, port, "right")
        assert not lab.wait_until_ready(process, port, "wrong", seconds=0.5)
    finally:
        lab.stop(process)
    assert process.poll() is not None


def test_a_server_that_ends_at_once_is_reported(capfd) -> None:
    process = start("-c", "raise SystemExit('no such folder')")
    assert lab.serve(process, lab.free_port(), "t", browser=False) == 1
    assert "did not start" in capfd.readouterr().err


@pytest.mark.parametrize(("browser", "opens"), [(True, True), (True, False), (False, True)])
def test_the_address_is_always_printed(browser, opens, monkeypatch, capsys) -> None:
    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", lambda url: opened.append(url) or opens)
    port = lab.free_port()
    process = start("-c", SERVER, str(port), token="t")

    def interrupted(timeout: float | None = None) -> int:
        process.wait = type(process).wait.__get__(process)
        raise KeyboardInterrupt

    process.wait = interrupted
    assert lab.serve(process, port, "t", browser) == 0
    out = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/lab/tree/work/00_start_here.ipynb?token=t" in out
    assert opened == ([lab.address(port, "t")] if browser else [])
    assert ("ssh -L" in out) is not (browser and opens)
    assert process.poll() is not None


def test_a_server_that_will_not_end_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(600)"], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    lab.stop(process, seconds=0.2)
    assert process.poll() is not None
    process.stdout.close()


def test_main_starts_the_server_with_its_token(root, monkeypatch, capsys) -> None:
    monkeypatch.setattr(lab.signal, "signal", lambda *_: None)
    # Python ends by itself, so that main() goes all the way without a Ctrl-C.
    code = "import os; assert os.environ['JUPYTER_TOKEN'] and os.environ['JUPYTER_CONFIG_PATH']"
    monkeypatch.setattr(lab, "command", lambda root, port, page: [sys.executable, "-c", code])
    monkeypatch.setattr(lab, "wait_until_ready", lambda *_: True)
    assert lab.main(["--no-browser", "--root", str(root)]) == 0
    assert "?token=" in capsys.readouterr().out


def test_an_old_copy_that_was_worked_in_stays(root, monkeypatch, capsys) -> None:
    monkeypatch.setattr(lab.signal, "signal", lambda *_: None)
    monkeypatch.setattr(lab, "command", lambda root, port, page: [sys.executable, "-c", ""])
    monkeypatch.setattr(lab, "wait_until_ready", lambda *_: True)
    words = ["--no-browser", "--root", str(root)]
    assert lab.main(words) == 0
    assert "New in the folder work" in capsys.readouterr().out
    (root / lab.START).write_text("my solution", "utf-8")
    assert lab.main(words) == 0
    assert "up to date" in capsys.readouterr().out
    (root / "notebooks/00_start_here.ipynb").write_text("newer", "utf-8")
    assert lab.main(words) == 0
    assert "make lab ARGS=--fresh" in capsys.readouterr().out
    assert (root / lab.START).read_text("utf-8") == "my solution"
    assert lab.main([*words, "--fresh"]) == 0
    assert (root / lab.START).read_text("utf-8") == "newer"
    (aside,) = (root / "work").glob("before-*/00_start_here.ipynb")
    assert aside.read_text("utf-8") == "my solution"


def test_chinese_lessons_are_copied_beside_the_english_and_open(root, monkeypatch) -> None:
    """Links between the two languages hold in the copies as well."""
    chinese = root / "notebooks" / "zh" / "00_start_here.ipynb"
    chinese.parent.mkdir()
    chinese.write_text(writes(new_notebook()), "utf-8")
    monkeypatch.setenv("SPARCODE_LANGUAGE", "zh")
    lines, page = lab._copy(root, fresh=False)
    assert "2 files" in " ".join(lines) and page == "lab/tree/work/zh/00_start_here.ipynb"
    assert (root / lab.START).exists() and (root / "work" / "zh" / chinese.name).exists()
    (root / "work" / "zh" / chinese.name).write_text("my solution", "utf-8")
    lab._copy(root, fresh=True)
    (aside,) = (root / "work").glob("before-*/zh/00_start_here.ipynb")
    assert aside.read_text("utf-8") == "my solution"
    lab.environment({}, "token", root)
    settings = json.loads((root / "labconfig/default_setting_overrides.json").read_text("utf-8"))
    assert settings[lab.TRANSLATION] == {"locale": "zh_CN"}


def test_a_folder_where_nothing_can_be_copied_is_refused(root, capsys) -> None:
    (root / "work").mkdir()
    (root / "work/.copied.json").write_text("[]", "utf-8")
    assert lab.main(["--root", str(root)]) == 1
    assert ".copied.json is not a JSON file" in capsys.readouterr().err


def test_a_folder_without_the_notebook_is_refused(tmp_path, capsys) -> None:
    assert lab.main(["--root", str(tmp_path)]) == 1
    assert "--root FOLDER" in capsys.readouterr().err


def test_a_taken_port_is_refused(root, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert lab.main(["--root", str(root), "--port", str(port)]) == 1
    assert f"Port {port} is taken" in capsys.readouterr().err


def test_an_interrupt_from_outside_is_a_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        lab._interrupt(signal.SIGTERM, None)


def test_root_user_may_run_it(monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert "--allow-root" in lab.command(Path(), 1)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in lab.command(Path(), 1)
    assert "token" not in " ".join(lab.command(Path(), 1))


def test_the_settings_are_added_to_the_readers_own(tmp_path) -> None:
    environ = lab.environment({"JUPYTER_CONFIG_PATH": "mine", "X": "1"}, "t", tmp_path)
    assert environ["JUPYTER_CONFIG_PATH"] == f"{tmp_path}{os.pathsep}mine"
    assert environ["X"] == "1"


def test_help_names_the_options(capsys) -> None:
    with pytest.raises(SystemExit, match="0"):
        lab.main(["--help"])
    assert "--no-browser" in capsys.readouterr().out
