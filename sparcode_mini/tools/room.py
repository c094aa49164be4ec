"""Room in memory: what cannot fit is refused in words, before the system ends the process."""

import os
from pathlib import Path

MEMORY = Path("/proc/meminfo")
# What a container may use and does use; the two names are those of the versions of cgroups.
LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available() -> int | None:
    """Return how many bytes this process can still take; None where the system does not say."""
    free = [_free_in_container(*paths) for paths in LIMITS]
    if MEMORY.exists():
        lines = (line.split() for line in MEMORY.read_text("ascii").splitlines())
        free += [1024 * int(words[1]) for words in lines if words[0] == "MemAvailable:"]
    elif hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(os.sysconf_names):
        free.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))  # all that there is
    return min((bytes_ for bytes_ in free if bytes_ is not None), default=None)


def _free_in_container(limit: Path, used: Path) -> int | None:
    try:
        return max(int(limit.read_text("ascii")) - int(used.read_text("ascii")), 0)
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return None


def require_room(needed: int, purpose: str) -> None:
    """Refuse work for which there is not enough memory.

    Args:
        needed: bytes.
        purpose: of them, with the settings that decide how many: "a model with token_dim = 4096".

    Raises:
        ValueError: there are fewer bytes; the message has both numbers.
    """
    free = available()
    if free is not None and needed > free:
        raise ValueError(
            f"{purpose} takes {_shown(needed)} of memory, and {_shown(free)} are free; choose "
            "smaller numbers"
        )


def _shown(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / 1e9:,.1f} GB" if size >= 10**8 else f"{size / 1e6:,.1f} MB"
