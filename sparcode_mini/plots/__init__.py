"""Pictures that several lessons show; each function returns a `Picture` with its description."""

from sparcode_mini.plots.curves import density, training
from sparcode_mini.plots.people import beside, journey
from sparcode_mini.plots.picture import Picture
from sparcode_mini.plots.problem import problem
from sparcode_mini.plots.sweep import sweep

__all__ = ["Picture", "beside", "density", "journey", "problem", "sweep", "training"]
