"""Interactive panels that several lessons show; they need `pip install "sparcode-mini[lab]"`."""

from sparcode_mini.widgets.panel import Panel
from sparcode_mini.widgets.prediction import Prediction
from sparcode_mini.widgets.xray import XRay

__all__ = ["Panel", "Prediction", "XRay"]
