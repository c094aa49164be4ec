"""Interactive panels for the lessons; they need `pip install "sparcode-mini[lab]"`."""

from sparcode_mini.widgets.codebook import CodebookPlayground
from sparcode_mini.widgets.panel import Panel
from sparcode_mini.widgets.xray import XRay

__all__ = ["CodebookPlayground", "Panel", "XRay"]
