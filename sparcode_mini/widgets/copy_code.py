"""Code of the chosen setting, with a button that copies it."""

from pathlib import Path

import anywidget
import traitlets


class CopyCode(anywidget.AnyWidget):
    """Code as selectable text, with a button that copies it."""

    _esm = Path(__file__).parent / "copy_code.js"
    code = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return "CopyCode()"
