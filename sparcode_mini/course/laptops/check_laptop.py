"""Is this laptop ready for the lessons? Run it before the installation, and again after it.

    python3 check_laptop.py                     on Windows: py check_laptop.py
    python3 check_laptop.py --project FOLDER    where the project is installed
    python3 check_laptop.py --fetch             also download MovieLens-100K (5 MB), once

Each result begins with [ok], [fail] or [skip]; a [fail] says what to do. The last line is for your
teacher. It holds the system, the version of Python, the result, and a number made from the names of
machine and user, which shows that a line was copied. Nothing is sent; only --fetch uses a network.
It needs Python only, of any version from 3.6 on, so that an old one gets a clear answer.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

OLDEST, TOO_NEW = (3, 11, 5), (3, 15)  # versions of Python that the pinned packages take
STICK = (3, 12)  # the one whose packages are on the stick
MACOS, GLIBC = (14,), (2, 28)  # the oldest for which there is a PyTorch
DISK_GB, DISK_AFTER_GB, MEMORY_GB = 5.0, 0.5, 3.5
# Ask for the version of the installed project; the current folder does not count.
INSTALLED = """import sys; sys.path[:] = filter(None, sys.path)
from importlib.metadata import version; print(version("sparcode-mini"))"""
LABEL = "SPARCODE-PROBE "  # begins the answer of the installed project
FAULTS = {"look": "install", "train": "train"}  # what it was asked -> the cure if it is silent
WEB = "read the pages in the folder `site` of the stick, in any browser, or ask your teacher"
# Result of a check -> what to do. The roster prints the same, for the class.
CURES = {
    "python": "install Python 3.12 from python.org, then start this with py -3.12 or python3.12",
    "bits": "install Python 3.12 from python.org, for 64 bits, and run this again",
    "intelmac": "there is no PyTorch for Macs with an Intel processor: " + WEB,
    "rosetta": "this Python is for Intel Macs; install Python 3.12 from python.org",
    "oldsystem": "update the system (to macOS 14, or a Linux with glibc 2.28), or " + WEB,
    "cpu": "there are no packages for this kind of processor: " + WEB,
    "disk": "delete files that you do not need, or install on another disk",
    "memory": "this laptop is too small for the lessons; work with a neighbour",
    "write": "start this in a folder where you may write, such as Documents",
    "install": "install again. If a line on Windows says DLL, first install "
    "Microsoft's Visual C++ Redistributable (x64)",
    "files": "copy the whole project again, and install again",
    "data": "at home, with a network: run this again with --fetch (5 MB, once)",
    "train": "send all these lines to your teacher, and work with a neighbour",
    "new": "install the project, then run this again",
    "version": "the stick needs Python 3.12; if you do not have it, install it from the folder "
    "`python` of the stick or from python.org. Then install the project",
}


class Line(NamedTuple):
    """The result of one check: the mark, what was looked at, what it is, a key of CURES."""

    mark: str
    subject: str
    detail: str
    cure: str = ""


def judged(good: bool, subject: str, detail: str, cure: str) -> Line:
    """Return the line of a check that went well or not."""
    return Line("ok", subject, detail) if good else Line("fail", subject, detail, cure)


def check_python(version: "tuple[int, ...]", bits: int) -> "list[Line]":
    """Check a version of Python and whether it is one of 64 bits."""
    good = version[:3] >= OLDEST and version[:2] < TOO_NEW
    detail = ".".join(map(str, version[:3])) + ("" if good else ", needs 3.11.5 to 3.14")
    first = judged(good, "python", detail, "python")
    return [first, judged(bits == 64, "bits", str(bits), "bits")]


def check_system() -> Line:
    """Check the processor and the age of the system."""
    name, machine = platform.system(), platform.machine().lower()
    detail = f"{name} {platform.release()}, {machine or 'unknown processor'}"
    if name == "Darwin":
        if machine == "x86_64":
            translated = _run(["sysctl", "-n", "hw.optional.arm64"])[0] == "1"
            return Line("fail", "system", detail, "rosetta" if translated else "intelmac")
        version = platform.mac_ver()[0]
        return judged(_numbers(version) >= MACOS, "system", f"macOS {version}", "oldsystem")
    if machine not in ("x86_64", "amd64") and not (name == "Linux" and machine == "aarch64"):
        return Line("fail", "system", detail, "cpu")
    if name == "Linux":
        library, version = platform.libc_ver()
        good = library == "glibc" and _numbers(version) >= GLIBC
        good = good or sys.version_info < (3, 8)  # which tells too low a version
        return judged(good, "system", f"{detail}, {library or 'no glibc'} {version}", "oldsystem")
    return Line("ok", "system", detail)


def check_disk(folder: Path, needed: float) -> Line:
    """Check the free room of the disk that holds a folder."""
    free = shutil.disk_usage(str(folder)).free / 1e9
    return judged(free >= needed, "disk", f"{free:.1f} GB free, needs {needed:g}", "disk")


def check_memory() -> Line:
    """Check the memory, where the standard library can tell it."""
    size = memory()
    if size is None:
        return Line("skip", "memory", "can't be told on this system")
    return judged(size >= MEMORY_GB, "memory", f"{size:.1f} GB, needs {MEMORY_GB:g}", "memory")


def memory() -> "float | None":
    """Return the gigabytes of the machine, or None."""
    if sys.platform == "win32":
        import ctypes

        # MEMORYSTATUSEX: its length and the load (32 bits each), then seven numbers of 64 bits
        status = (ctypes.c_ulonglong * 8)(64)
        done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status[1] / 1e9 if done else None
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None


def check_write(folder: Path) -> Line:
    """Write a file into a folder; it is deleted at once."""
    try:
        with tempfile.TemporaryFile(dir=str(folder)) as file:
            file.write(b"x")
    except OSError as error:
        return Line("fail", "write", f"{folder}: {error}", "write")
    return Line("ok", "write", str(folder))


def check_proxy() -> Line:
    """Say whether programs go through a proxy; it is no fault."""
    names = ", ".join(sorted(set(urllib.request.getproxies()) - {"no"}))
    return Line("ok", "proxy", f"set for {names}; the bundle needs none" if names else "none")


def find_environment(project: "Path | None") -> "tuple[Path | None, Path]":
    """Return the Python of the installed project, or None, and the folder that was looked at."""
    here = Path(__file__).resolve().parent  # may be inside the project
    above = list(here.parents)[2:3]  # before Python 3.10, `parents` can't be sliced
    looked = [Path.cwd(), here, *above, Path.home() / "sparcode-mini"]
    for folder in [project] if project else looked:
        for name in (".venv/bin/python", ".venv/Scripts/python.exe"):
            if (folder / name).exists() and (folder / "sparcode_mini").is_dir():
                return folder.resolve() / name, folder.resolve()
    python = Path(sys.executable)
    installed = not project and _run([python, "-c", INSTALLED])[0]
    return (python if installed else None), (project or Path.cwd()).resolve()


def ask(python: Path, word: str) -> "tuple[list[Line], int]":
    """Return what the probe says to "look" (what is installed) or "train", and its seconds."""
    text, fault = _run([python, "-m", "sparcode_mini.course.laptops.probe", word], 600)
    for line in text.splitlines():
        if line.startswith(LABEL):
            answer = json.loads(line[len(LABEL) :])
            return [Line(*words) for words in answer["lines"]], answer["seconds"]
    return [Line("fail", word, fault or "no answer", FAULTS[word])], 0


def fetch(python: Path) -> str:
    """Download MovieLens-100K, if it is not here; return "" or what the command says about it."""
    _say("[..] downloading MovieLens-100K, if it is not here")
    text, fault = _run([python, "-m", "sparcode_mini.cli", "doctor", "--fetch"], 600)
    lines = [line for line in text.splitlines() if " data: " in line]
    mark, _, reason = (lines or [f"NO data: {fault or 'no answer'}"])[0].partition(" data: ")
    return "" if mark.strip() == "ok" else reason


def receipt(state: str, data: bool, seconds: int, version: "tuple[int, ...]") -> str:
    """Return the line for the teacher."""
    place = f"{system_word()}-py{version[0]}{version[1]}"
    body = f"SPC1-{place}-{state}-{'data' if data else 'nodata'}-{seconds}s-{laptop()}"
    return f"{body}-{checksum(body)}"


def checksum(body: str) -> str:
    """Return four digits that change with any letter of a receipt, whatever its case."""
    return hashlib.sha256(body.upper().encode("ascii")).hexdigest()[:4].upper()


def laptop() -> str:
    """Return five digits made from the names of machine and user; neither can be read from them."""
    name = platform.node() + "\n" + str(Path.home())
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:5]


def system_word() -> str:
    """Return the system in one word, such as win11, mac14 or linux."""
    if sys.platform == "win32":
        return "win11" if sys.getwindowsversion().build >= 22000 else "win10"
    if sys.platform == "darwin":
        return "mac" + platform.mac_ver()[0].split(".")[0]
    return "linux"


def state_of(lines: "list[Line]", installed: bool) -> str:
    """Return one word for all lines: the first fault that stops the lessons, or new, or ok."""
    faults = [line.cure for line in lines if line.mark == "fail" and line.cure != "data"]
    return faults[0] if faults else "ok" if installed else "new"


def _run(command: "list[object]", seconds: int = 60) -> "tuple[str, str]":
    """Return what a command prints, and the last line of its errors if it fails, else ""."""
    env = dict(os.environ, PYTHONIOENCODING="utf-8", SPARCODE_PROGRESS="0")
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    words = list(map(str, command))
    try:
        done = subprocess.run(words, stdin=null, stdout=pipe, stderr=pipe, timeout=seconds, env=env)
    except subprocess.TimeoutExpired:
        return "", f"no answer in {seconds // 60} minutes"
    except OSError as error:
        return "", str(error)
    text, errors = (part.decode("utf-8", "replace").strip() for part in (done.stdout, done.stderr))
    fault = errors.splitlines()[-1] if errors else f"no answer, exit {done.returncode}"
    return text, fault if done.returncode else ""


def _numbers(version: str) -> "tuple[int, ...]":
    return tuple(int(word) for word in version.split(".") if word.isdigit())


def _version(python: Path) -> "tuple[tuple[int, ...], int]":
    """Return the version and the bits of a Python, zeros if it can't be started."""
    code = "import sys; print(*sys.version_info[:3], 64 if sys.maxsize > 2**32 else 32)"
    words = [int(word) for word in _run([python, "-c", code])[0].split()] or [0, 0, 0, 0]
    return tuple(words[:3]), words[3]


def _say(text: str) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"  # an old terminal of Windows
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def _report(lines: "list[Line]") -> "list[Line]":
    for line in lines:
        cure = ". What to do: " + CURES[line.cure] if line.mark == "fail" else ""
        _say(f"[{line.mark}] {line.subject}: {line.detail}{cure}")
    return lines


def check_after(python: Path, reason: str) -> "tuple[list[Line], int]":
    """Print what is installed, why data could not be had, and a training; return its seconds."""
    _say("[..] loading all packages, up to a minute")
    lines = ask(python, "look")[0]
    if reason:
        lines = [one._replace(detail=reason) if one.cure == "data" else one for one in lines]
    _report(lines)
    _say("[..] training a small model, 10 to 60 seconds")
    training, seconds = ask(python, "train")
    return [*lines, *_report(training)], seconds


def main() -> int:
    """Print a line for each check, and the receipt; return 1 if something is to be done."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument(
        "--project", type=Path, help="folder of the installed project (default: looked for)"
    )
    parser.add_argument("--fetch", action="store_true", help="download MovieLens-100K, if needed")
    options = parser.parse_args()
    python, folder = find_environment(options.project)
    if not folder.is_dir():
        parser.error(f"there is no folder {folder}; give that of the project")
    version, bits = _version(python or Path(sys.executable))
    room = DISK_AFTER_GB if python else DISK_GB
    lines = [*check_python(version, bits), check_system(), check_disk(folder, room)]
    lines = _report([*lines, check_memory(), check_write(folder), check_proxy()])
    seconds = 0
    if python:
        after, seconds = check_after(python, fetch(python) if options.fetch else "")
        lines += after
    else:
        cure = CURES["new" if version[:2] == STICK else "version"]
        _report([Line("skip", "project", f"not installed yet in {folder}. What to do: {cure}")])
    _say("Give this line to your teacher:")
    data = any(line[:2] == ("ok", "data") for line in lines)
    _say(receipt(state_of(lines, bool(python)), data, seconds, version))
    return 1 if any(line.mark == "fail" for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
