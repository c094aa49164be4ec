"""JupyterLab for a projector: fresh copies of the lecture edition, large type, no autosave.

`make lab ARGS=--projector`. Nothing is stored by itself, so the next lecture starts anew.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.course.editions import lecture, write_edition
from sparcode_mini.tools.files import file_digest, load_json
from sparcode_mini.tools.work_copy import BESIDE, LIST, Copied, make_work_copy

FOLDER = "work/projector"  # in the project's folder
TYPE = "20px"
SETTINGS: Mapping[str, dict[str, Any]] = {
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {
        "codeCellConfig": {"lineNumbers": False, "lineWrap": True}
    },
}
# The theme, which is loaded later, sets the sizes too.
STYLE = f"""/* The projector's mode of SparCode Mini. */
:root {{ --jp-code-font-size: {TYPE} !important; --jp-content-font-size1: {TYPE} !important; }}
.jp-RenderedText pre, .jp-RenderedHTMLCommon pre, .jp-OutputArea-output pre {{
  white-space: pre-wrap; overflow-wrap: anywhere; }}
.jp-RenderedHTMLCommon table {{ font-size: var(--jp-content-font-size1); }}
.jp-OutputArea-output {{ overflow-x: auto; }}
.jupyter-widgets, .widget-label, .widget-button {{ font-size: 18px; }}
"""


def prepare(root: Path) -> Copied:
    """Write fresh copies of all lessons into the projector's folder.

    Copies that somebody has stored, and the guesses of the class before, are moved aside.

    Args:
        root: the project's folder.

    Returns:
        What was done with which file.

    Raises:
        ValueError: there is no lesson, or the list of copies can't be read.
        OSError: a file can't be written.
    """
    folder = root / FOLDER
    _remove_unchanged(folder)
    with tempfile.TemporaryDirectory(prefix="sparcode-lecture-") as made:
        write_edition(lecture, Path(made), root)
        return make_work_copy(Path(made), folder, fresh=True)


def environment(base: Mapping[str, str], config: Path) -> dict[str, str]:
    """Return the server's environment with the settings of a projector.

    Args:
        base: the environment of `lab.environment`.
        config: its folder of settings, of this run only; the reader's JupyterLab stays.
    """
    path = config / "labconfig" / "default_setting_overrides.json"
    stored = json.loads(path.read_text("utf-8"))
    merged = {name: {**stored.get(name, {}), **SETTINGS.get(name, {})} for name in stored}
    path.write_text(json.dumps({**SETTINGS, **merged}), "utf-8")
    (config / "custom").mkdir()
    (config / "custom" / "custom.css").write_text(STYLE, "utf-8")
    return {**base, "JUPYTER_CONFIG_DIR": str(config)}


def _remove_unchanged(folder: Path) -> None:
    """Remove the copies in which nobody has stored anything; nothing is lost with them."""
    digests = load_json(folder / LIST) if (folder / LIST).exists() else {}
    for name, digest in digests.items():
        path = folder / name
        if path.exists() and file_digest(path) == digest:
            path.unlink()
    if not any((folder / name).exists() for name in [*digests, *BESIDE[1:]]):
        (folder / LIST).unlink(missing_ok=True)
