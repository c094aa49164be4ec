"""reveal.js, fetched once from the npm registry into the project's cache."""

import os
import re
import tarfile
from functools import cache
from pathlib import Path

from sparcode_mini.data.download import locate

VERSION = "6.0.2"
CHECKSUM = "sha256:2f0c20bfb02447a198a1ebe8a8c097a5437d035caa38f2820bf4ba887a3eac91"
FILE = f"reveal.js-{VERSION}.tgz"
REGISTRY, DEFAULT = "npm_config_registry", "https://registry.npmjs.org"
STYLES = ("dist/reveal.css", "dist/theme/white.css")  # the second holds the fonts
PROGRAMS = ("dist/reveal.js", "dist/plugin/notes.js")
LICENCE = "LICENSE"


def address() -> str:
    """Return where the archive is: in the registry of npm's settings, or else the public one."""
    registry = os.environ.get(REGISTRY) or DEFAULT
    return f"{registry.rstrip('/')}/reveal.js/-/{FILE}"


def parts() -> dict[str, str]:
    """Return what a deck carries: its "style", its "program" and the "licence" of both.

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and the archive is not there.
        ConnectionError: it could not be fetched; the message says what to do by hand.
        ValueError: the file of the user is damaged or another one.
    """
    texts = _read(locate(FILE, address(), CHECKSUM, "reveal.js"))
    style = "\n".join(texts[name] for name in STYLES)
    style = re.sub(r"@import[^;]+;", "", style)  # nothing is loaded from elsewhere
    program = "\n".join(texts[name] for name in PROGRAMS)
    # inside <script> the end of another one would end it
    program = program.replace("</script", r"<\/script").replace("<!--", r"<\!--")
    return {"style": style, "program": program, "licence": texts[LICENCE]}


@cache
def _read(path: Path) -> dict[str, str]:
    """Read the files of the archive that a deck needs; nothing is unpacked to the disk."""
    names = (*STYLES, *PROGRAMS, LICENCE)
    texts = {}
    with tarfile.open(path) as archive:
        for name in names:
            file = archive.extractfile(f"package/{name}")
            assert file is not None  # the checksum is that of an archive which has all of them
            texts[name] = file.read().decode("utf-8")
    return texts
