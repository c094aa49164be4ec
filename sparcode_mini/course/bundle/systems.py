"""The systems for which there is a bundle."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NOTHING: Mapping[str, str] = MappingProxyType({})


class System(NamedTuple):
    """A kind of laptop.

    Attributes:
        title: for people.
        platform: its name for `uv pip compile`.
        tags: of the wheels that it takes, for pip.
        starter: name of the program that a student starts.
        script: the text in assets/course/bundle from which it is made.
        uv: uv's own program inside its wheel.
        variables: of the environment, for uv.
    """

    title: str
    platform: str
    tags: tuple[str, ...]
    starter: str
    script: str
    uv: str
    variables: Mapping[str, str] = NOTHING


SYSTEMS: Mapping[str, System] = {
    "linux": System(
        title="Linux with glibc 2.28 or newer, 64-bit Intel or AMD",
        platform="x86_64-manylinux_2_28",
        tags=tuple(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)),
        starter="start-linux.sh",
        script="start.sh",
        uv="uv",
    ),
    "windows": System(
        title="Windows 10 or 11, 64-bit Intel or AMD",
        platform="x86_64-pc-windows-msvc",
        tags=("win_amd64",),
        starter="start-windows.cmd",
        script="start.cmd",
        uv="uv.exe",
    ),
    "macos": System(
        title="macOS 14 or newer, Apple silicon",
        platform="aarch64-apple-darwin",
        tags=("macosx_14_0_arm64",),
        starter="start-mac.command",
        script="start.sh",
        uv="uv",
        variables={"MACOSX_DEPLOYMENT_TARGET": "14.0"},
    ),
}
