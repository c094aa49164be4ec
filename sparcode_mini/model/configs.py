"""What decides a model apart from the data: one frozen dataclass for each kind of model.

Here are the options with their defaults, and what can't be combined; the layers check their own
values. `to_file` gives what a model file stores; `from_file` reads it back. A field that was added
after the first files is stored only when it differs from its default, so files without it keep
their meaning.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

import numpy as np

from sparcode_mini.tools.options import WORDS, check_options, is_of, short

GRADIENTS = ("straight-through", "rotation", "none")
QUANTIZERS = ("product", "residual")
C = TypeVar("C", bound="Config")
# Beyond these are typing errors, numbers that overflow, and all memory.
RANGES: dict[str, tuple[float, float]] = {
    "query_tokens": (1, 2**16), "token_dim": (1, 2**16), "history_len": (1, 2**24),
    "hidden": (1, 2**20), "M": (1, 2**16), "N": (1, 2**24), "seed": (0, 2**63 - 1),
    "bias": (-1e6, 1e6), "beta": (0, 1e6), "probe_temperature": (1e-6, 1e6), "balance": (1e-6, 1e6),
}  # fmt: skip


def added_later(default: Any) -> Any:
    """Return a field that files store only when it differs from its default."""
    return field(default=default, metadata={"added later": True})


@dataclass(frozen=True, kw_only=True)
class Config:
    """What all models share.

    Attributes:
        tokenizer: one of tokenizers.TOKENIZERS.
        query_tokens: K_u.
        token_dim: D_T, also the width D of one embedding.
        history_len: the longest history that is read (the last items count), or the longest text
            (the first characters count).
        dropout: share of activations dropped in training.
        seed: of the initial weights (numpy generator).
        query: "history", "text", "image" or "vector": what the users of `tokens`, `encode` and
            `scores` are (raw ids, texts, images (B, 8, 8), or dense features (B, L, W)).
        query_shape: (L, W) of a vector.
    """

    tokenizer: str = "self-attention"
    query_tokens: int = 1
    token_dim: int = 64
    history_len: int = 50
    dropout: float = 0.2
    seed: int = 0
    query: str = added_later("history")
    query_shape: Sequence[int] = added_later(())

    def __post_init__(self) -> None:
        """Refuse other types, and numbers out of their ranges; what is stored is plain Python."""
        for one in dataclasses.fields(self):
            plain = _checked(one.name, getattr(self, one.name), one.type)
            object.__setattr__(self, one.name, plain)
        for name in [f.name for f in dataclasses.fields(self) if f.name in RANGES]:
            (least, most), value = RANGES[name], getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ValueError(f"{name} = {value}; give a number from {least:,} to {most:,}")
        if min(self.query_shape, default=1) < 1:
            raise ValueError(f"query_shape = {self.query_shape}; give sides of at least 1")

    @classmethod
    def of(cls: type[C], options: dict[str, Any], model: str) -> C:
        """Return the configuration that the options of a model give.

        Raises:
            TypeError: an option that this kind of model does not have.
            ValueError: a value that can't work.
        """
        names = [f.name for f in dataclasses.fields(cls)]
        check_options(options, [*names, "user_features", "dtype"], f"a {model}")
        return cls._made(options)

    def to_file(self) -> dict[str, Any]:
        """Return the entries that a file stores, as JSON gives them back."""
        entries = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if not f.metadata.get("added later") or value != f.default:
                entries[f.name] = list(value) if isinstance(value, tuple) else value
        return entries

    @classmethod
    def from_file(cls: type[C], entries: dict[str, Any]) -> C:
        """Read what `to_file` returned, now or in an earlier version.

        Raises:
            ValueError: an entry that this version does not know, one that is missing, or a value
                that can't work.
        """
        fields = dataclasses.fields(cls)
        unknown = sorted(set(entries) - {f.name for f in fields})
        if unknown:
            raise ValueError(f"{cls.__name__} has no entries {short(unknown)}; is the file newer?")
        always = {f.name for f in fields if not f.metadata.get("added later")}
        missing = sorted(always - set(entries))
        if missing:
            raise ValueError(f"the {cls.__name__} lacks {missing}; save it anew")
        return cls._made(entries)

    @classmethod
    def _made(cls: type[C], values: dict[str, Any]) -> C:
        """Make a configuration of values that have the declared types before they are passed on."""
        kinds = {f.name: f.type for f in dataclasses.fields(cls)}
        return cls(**{name: _checked(name, value, kinds[name]) for name, value in values.items()})


def _checked(name: str, value: Any, kind: Any) -> Any:
    """Return the value of an option as a plain Python value of the kind that its field declares.

    Raises:
        ValueError: a value of another type.
    """
    if kind == Sequence[int]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(f"{name} = {short(value)}; give a tuple of whole numbers")
        return tuple(_checked(name, side, int) for side in value)
    value = value.item() if isinstance(value, np.generic) else value
    kinds = get_args(kind) or (kind,)  # (float, NoneType) of float | None
    if not any(is_of(value, kind) for kind in kinds):
        raise ValueError(f"{name} = {short(value)}; give {WORDS[kinds[0]]}")
    return value


@dataclass(frozen=True, kw_only=True)
class TwoTowerConfig(Config):
    """A two-tower has nothing of its own."""


@dataclass(frozen=True, kw_only=True)
class AllToAllConfig(Config):
    """Tokens that meet items in a scorer.

    Attributes:
        bias: b. Negative values make scores sparser, and can kill training.
        scorer: "products", "concatenation" or "attention" (variants/scorers.py).
        hidden: hidden units of the scorer.
        linear_path: with a dot product beside the network? None is the scorer's own habit.
        gates: does the query decide how much each of its tokens counts (variants/gates.py)?
    """

    query_tokens: int = 4
    bias: float = 0.0
    scorer: str = "products"
    hidden: int = 16
    linear_path: bool | None = added_later(None)
    gates: bool = added_later(False)


@dataclass(frozen=True, kw_only=True)
class SparCodeConfig(AllToAllConfig):
    """Tokens that are quantised before they meet the items.

    Attributes:
        M, N: codebooks, and codewords in each.
        beta: weight of the commitment loss.
        update: "ema" or "gradient", how the codebooks learn.
        restart: share of the mean usage below which a codeword is restarted.
        gradient: what the tokenizer receives from the matching loss: "straight-through",
            "rotation" (gradients.rotation_trick), or "none" (the formula's sg[.] read literally;
            only commitment then reaches the tokenizer).
        probe_temperature: tau of the multi-probe weights softmax(-d^2 / tau).
        quantizer: "product", or "residual" (codebook m quantises what those before it left over).
        soft: R, over how many of the nearest codewords a token is spread in training and serving
            (variants/soft.py); 1 is the paper's way. With R > 1 `gradient` has nothing to do.
        balance: s of the discounts for codewords that are little used (variants/balance.py); None
            for none.
        code_bias: has each codeword a learnt number that is added to b for its tokens? For M > 1
            the numbers of a code's codewords are added up.
    """

    M: int = 1
    N: int = 128
    beta: float = 0.25
    update: str = "ema"
    restart: float = 0.05
    gradient: str = "straight-through"
    probe_temperature: float = 10.0
    quantizer: str = added_later("product")
    soft: int = added_later(1)
    balance: float | None = added_later(None)
    code_bias: bool = added_later(False)

    def __post_init__(self) -> None:
        """Refuse options that can't work."""
        super().__post_init__()
        if self.gradient not in GRADIENTS:
            raise ValueError(f"gradient = {self.gradient!r}; choose one of {GRADIENTS}")
        if self.quantizer not in QUANTIZERS:
            raise ValueError(f"quantizer = {self.quantizer!r}; choose one of {QUANTIZERS}")
        if not 0 <= self.restart < 1:
            raise ValueError(f"restart = {self.restart}; give a share below 1")
        most = self.N ** min(self.M, 64)  # no number is large enough for more books
        if not 1 <= self.soft <= most or (self.soft > 1 and self.gradient != GRADIENTS[0]):
            raise ValueError(
                f"soft = {self.soft}, gradient = {self.gradient!r}; spread over 1..N^M codes, and "
                "leave the gradient alone: a soft assignment has its own"
            )
