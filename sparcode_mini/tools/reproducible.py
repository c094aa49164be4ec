"""Random numbers that agree on every machine: initialisation and dropout drawn by numpy.

torch draws different numbers on different instruction sets; numpy does not. A model that gets its
initial weights and its dropout here, and is trained in float64, gives the same printed digits on
every processor.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

RNG = np.random.Generator


def normal(rng: RNG, *shape: int, std: float, dtype: torch.dtype) -> Tensor:
    """Return a tensor of `shape` and `dtype` with entries from N(0, std^2).

    Under `shapes_only` nothing is drawn.
    """
    if torch.get_default_device().type == "meta":
        return torch.empty(shape, dtype=dtype)
    return torch.from_numpy(rng.normal(0.0, std, shape)).to(dtype)


@contextlib.contextmanager
def shapes_only() -> Iterator[None]:
    """Let new layers have shapes and dtypes, but no data: they take neither room nor time."""
    with torch.device("meta"), _NoDraws():
        yield


class _NoDraws(TorchFunctionMode):
    """Leaves out the first values of embeddings: torch loads 800 modules to draw none of them."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)


def initialise(module: nn.Module, rng: RNG) -> None:
    """Fill every linear, convolution, embedding, normalisation and GRU layer in place.

    Linear and convolution weights: Glorot normal, std = sqrt(2 / (fan_in + fan_out)), biases 0.
    Embeddings: std 0.02. GRU: uniform in +-1/sqrt(hidden). Layer normalisation: gain 1, offset 0.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            fan_out, fan_in, *field = layer.weight.shape
            std = math.sqrt(2.0 / (math.prod(field) * (fan_in + fan_out)))
            layer.weight.data = normal(rng, *layer.weight.shape, std=std, dtype=layer.weight.dtype)
            if layer.bias is not None:
                layer.bias.data.zero_()
        elif isinstance(layer, nn.Embedding):
            layer.weight.data = normal(rng, *layer.weight.shape, std=0.02, dtype=layer.weight.dtype)
        elif isinstance(layer, nn.LayerNorm):
            layer.reset_parameters()  # nothing random in it
        elif isinstance(layer, nn.GRU):
            bound = 1.0 / math.sqrt(layer.hidden_size)
            for weight in layer.parameters():
                draw = rng.uniform(-bound, bound, tuple(weight.shape))
                weight.data.copy_(torch.from_numpy(draw))


class Dropout(nn.Module):
    """Inverted dropout whose mask comes from a numpy generator that the trainer passes in."""

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise ValueError(f"dropout is {p}; it must lie in [0, 1)")
        self.p = p
        self.rng: RNG | None = None

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return x with a share p of its entries set to 0 and the rest scaled by 1 / (1 - p)."""
        if not self.training or self.p == 0.0:
            return x
        if self.rng is None:
            raise RuntimeError("dropout has no generator; call set_dropout_rng(model, rng) first")
        keep = self.rng.random(tuple(x.shape), dtype=np.float32) >= self.p
        return x * (torch.from_numpy(keep).to(x.dtype) / (1.0 - self.p))


def set_dropout_rng(module: nn.Module, rng: RNG) -> None:
    """Let every dropout layer of `module` draw its masks from `rng`."""
    for layer in module.modules():
        if isinstance(layer, Dropout):
            layer.rng = rng
