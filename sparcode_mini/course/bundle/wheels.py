"""The packages of a system: which they are (uv), and their wheels (pip), each fetched once.

pip judges requirements for the machine that it runs on; so uv resolves for the other systems, and
pip fetches one exact version after the other. Both follow PIP_FIND_LINKS. On Linux torch is the
build for CPUs of PyTorch's own index, as in `.ci/install.sh`; TORCH_INDEX names another index.
"""

import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from sparcode_mini.course.bundle.systems import System
from sparcode_mini.tools.progress import Progress, progress

EXTRAS = ("lab", "duckdb", "shards")  # what the lessons use; they do without Milvus
ALSO = ("pip", "setuptools>=77", "uv")  # for MovieLens' second source, the project, the starter
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
WORKERS = 4  # that wait for the network
MOST_SECONDS = 3600


class Pin(NamedTuple):
    """A package, its exact version, and the SHA-256 of all its files."""

    name: str
    version: str
    digests: frozenset[str]


def uv() -> str:
    """Return the path of uv.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except ModuleNotFoundError:
        if path := shutil.which("uv"):
            return path
        raise ValueError("uv resolves the packages of other systems: pip install uv") from None


def torch_index(system: System) -> str:
    """Return where a system gets the build of torch for CPUs; "" for the usual index.

    Raises:
        ValueError: that index does not answer.
    """
    url = os.environ.get("TORCH_INDEX", TORCH_INDEX)
    if not url or not system.platform.endswith("manylinux_2_28"):
        return ""  # the other systems have no other build
    try:
        urllib.request.urlopen(f"{url}/torch/", timeout=10).close()
    except OSError as error:
        raise ValueError(
            f"{url} does not answer ({error}); it has torch without the 3 GB for GPUs. Name "
            "another index in TORCH_INDEX, or set TORCH_INDEX= and put the wheel into a folder "
            "that PIP_FIND_LINKS names"
        ) from error
    return url


def resolve(system: System, root: Path, python: str, index: str) -> list[Pin]:
    """Return the packages that the lessons need on a system.

    Args:
        system: of the laptops.
        root: the project's folder, with pyproject.toml and constraints.txt.
        python: version of the laptops' Python, such as "3.12".
        index: address of a further index for torch, or "".

    Raises:
        ValueError: uv finds no such set, or one with packages for GPUs.
    """
    words = [uv(), "pip", "compile", "pyproject.toml", "-", "-c", "constraints.txt", "--quiet"]
    words += [f"--extra={extra}" for extra in EXTRAS]
    words += ["--no-config", "--only-binary=:all:", "--generate-hashes", "--no-header"]
    words += ["--no-annotate", f"--python-platform={system.platform}", f"--python-version={python}"]
    words += [f"--find-links={place}" for place in os.environ.get("PIP_FIND_LINKS", "").split()]
    if index:
        words += [f"--extra-index-url={index}", "--index-strategy=unsafe-best-match"]
    done = subprocess.run(
        words,
        cwd=root,
        env={**os.environ, **system.variables},
        input="\n".join(ALSO),
        capture_output=True,
        encoding="utf-8",
        timeout=MOST_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"the packages for {system.title} don't go together: {done.stderr}")
    pins = parse(done.stdout)
    if heavy := [pin.name for pin in pins if pin.name.startswith("nvidia-")]:
        raise ValueError(
            f"torch for {system.title} would bring {len(heavy)} packages for GPUs, some GB; put "
            "its wheel for CPUs (+cpu) into a folder that PIP_FIND_LINKS names"
        )
    return pins


def parse(text: str) -> list[Pin]:
    """Read the output of `uv pip compile --generate-hashes`.

    Raises:
        ValueError: a package without version or checksum.
    """
    pins = []
    for entry in text.replace("\\\n", " ").splitlines():
        head = re.match(r"([\w.-]+)==([^\s;]+)", entry)
        digests = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
        if entry.strip() and not (head and digests):
            raise ValueError(f"uv wrote {entry[:60]!r}, which has no version or no checksum")
        if head:
            pins.append(Pin(plain(head[1]), head[2], digests))
    return pins


def plain(name: str) -> str:
    """Return the one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def fetch(pins: list[Pin], system: System, python: str, index: str, folder: Path) -> list[Path]:
    """Bring all wheels into a folder; those that are there stay, others are deleted.

    Returns:
        Their paths, in the order of `pins`.

    Raises:
        ValueError: a wheel can't be had, or is not the one that was resolved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bar: Progress[None] = progress(total=len(pins), desc=f"wheels for {system.starter}")
    with bar, ThreadPoolExecutor(WORKERS) as pool:
        paths = []
        jobs = [pool.submit(_fetch_one, pin, system, python, index, folder) for pin in pins]
        try:
            for job in jobs:
                paths.append(job.result())
                bar.update()
        except BaseException:  # also Ctrl-C: what is fetched stays, the rest is not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for path in set(folder.iterdir()) - set(paths):
        path.unlink()
    return paths


def _fetch_one(pin: Pin, system: System, python: str, index: str, folder: Path) -> Path:
    if path := present(pin, folder):
        return path
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    words += ["--only-binary=:all:", f"--python-version={python}", f"--dest={folder}"]
    words += [f"--platform={tag}" for tag in system.tags]
    words += [f"--extra-index-url={index}"] if index and pin.name == "torch" else []
    words += [f"{pin.name}=={pin.version}"]
    done = subprocess.run(
        words, capture_output=True, encoding="utf-8", timeout=MOST_SECONDS, check=False
    )
    if path := present(pin, folder):
        return path
    lines = done.stderr.strip().splitlines() or ["its checksum is not the one that uv names"]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    raise ValueError(
        f"{pin.name}=={pin.version} for {system.title} can't be fetched: {errors[-1]}. "
        "The same command goes on where this one ended"
    )


def present(pin: Pin, folder: Path) -> Path | None:
    """Return the wheel of a package, if a folder has it with the right checksum."""
    for path in folder.glob("*.whl"):
        name, version = path.name.split("-")[:2]
        if (plain(name), version.lower()) == (pin.name, pin.version.lower()):
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() in pin.digests:
                    return path
    return None
