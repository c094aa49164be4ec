"""Files that people write in TOML: read with their name in each error, and held against a form."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Types = tuple[type, ...]
Keys = Mapping[str, Types]
TEXT, REAL = (str,), (int, float)
NAMES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file.

    Raises:
        ValueError: it is not there, or is no TOML; the message names it.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} can't be read as TOML: {error}") from error


def check(table: Any, where: str, required: Keys, optional: Keys | None = None) -> None:
    """Refuse a table whose keys or types are not those of a form.

    Raises:
        ValueError: the message has the place, the key and what it needs.
    """
    if not isinstance(table, dict):
        raise ValueError(f"{where}: {table!r} is no table")
    known = {**required, **(optional or {})}
    for key in table:
        if key not in known:
            raise ValueError(f"{where}: unknown key {key!r}; there are {', '.join(known)}")
    for key in required:
        if key not in table:
            raise ValueError(f"{where}: the key {key!r} is missing")
    for key, value in table.items():
        if type(value) not in known[key]:  # a bool is no number
            names = " or ".join(NAMES[kind] for kind in known[key])
            raise ValueError(f"{where}: {key} = {value!r}; give {names}")
        if isinstance(value, str):
            _check_text(value, f"{where}: {key}")


def _check_text(text: str, where: str) -> None:
    if not text.strip():
        raise ValueError(f"{where} is empty")
    strange = next((c for c in text if ord(c) < 32 and c not in "\n\t"), None)
    if strange is not None:  # XML can't hold it
        raise ValueError(f"{where} has the control character {strange!r}; in TOML a backslash in "
                         "double quotes begins an escape, in single quotes it doesn't")  # fmt: skip
