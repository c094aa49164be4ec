"""A two-tower whose item vectors or query vectors have codes, made in one of four frames.

    plain            the coordinates of the model
    rotated          turned, so that the first coordinate has most variance, and dealt to the parts
                     (the parametric start of OPQ, Ge et al. 2013)
    weighted         the same after multiplication with the root of the other side's second moment:
                     there a squared error is the error of a score (`serving.compress`)
    weighted + OPQ   then turned by the rounds of OPQ

Codes and the way from model to codes are the same for all four.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.model.variants.opq_fsq import opq_rotation, relative_distortion
from sparcode_mini.serving.compress import balanced, directions
from sparcode_mini.serving.finetune import training_prefixes

FRAMES = ("plain", "rotated", "weighted", "weighted + OPQ")
BETA = 0.25  # weight of the commitment loss
CODED_QUERIES = 20_000  # about so many queries of the training part are given codebooks
OWN = ("into", "turn", "codes", "quantizer")  # what a coded two-tower has besides


class Frame(NamedTuple):
    """Coordinates in which vectors are coded.

    Attributes:
        into: (D, D), what the coded vectors are multiplied by.
        turn: (D, D), what the vectors of the other side are multiplied by; scores stay as they are.
    """

    into: Float[Tensor, "D D"]
    turn: Float[Tensor, "D D"]


def make_frame(
    name: str, x: Float[Tensor, "n D"], other: Float[Tensor, "k D"], M: int, N: int
) -> Frame:
    """Return a frame for vectors x that meet those of the other side, for M parts of N codewords.

    Raises:
        ValueError: a name that FRAMES does not have.
    """
    if name not in FRAMES:
        raise ValueError(f"frame {name!r} is unknown; choose one of {FRAMES}")
    vectors, into = x.double(), torch.eye(x.shape[1], dtype=torch.float64)
    turn = into
    if name != "plain":
        weights = other.double().numpy() if name.startswith("weighted") else None
        cut, turned = directions(vectors.numpy(), weights, x.shape[1])
        order = np.concatenate(balanced(cut.std(axis=0), M))  # (D,)
        scale = math.sqrt(vectors.var(dim=0).sum() / cut.var(axis=0).sum())  # beta keeps its weight
        turn = torch.from_numpy(turned[:, order] / scale)  # (D, D)
        into = torch.linalg.inv(turn).T
    if name.endswith("OPQ") and M > 1:
        Q = opq_rotation(vectors @ into, M, N)  # (D, D)
        into, turn = into @ Q, turn @ Q
    return Frame(into.to(x.dtype), turn.to(x.dtype))


class CodedTwoTower(TwoTower):
    """A two-tower with a product quantiser on its item vectors or on its query vector.

    Args (besides those of TwoTower):
        side: "items" or "queries".
        M, N: codebooks, and codewords in each.
        fixed: the codes of the items do not change any more, and the ranking loss moves the
            codewords; else EMA moves them, and codes are the nearest (straight-through).

    Attributes:
        into, turn: the frame, (D, D) each.
        codes: (I, M), read if they are fixed.
    """

    def __init__(
        self, split: Split, side: str, M: int, N: int, *, fixed: bool = False, **common: Any
    ) -> None:
        if side not in ("items", "queries") or (fixed and side != "items"):
            raise ValueError(f"side = {side!r}; choose 'items', or 'queries' with free codes")
        super().__init__(split, **common)
        self.side, self.fixed, width = side, fixed, self.config.token_dim
        update = "gradient" if fixed else "ema"
        self.quantizer = ProductQuantizer(M, N, width, update=update, dtype=self.dtype)
        self.register_buffer("into", torch.eye(width, dtype=self.dtype))
        self.register_buffer("turn", torch.eye(width, dtype=self.dtype))
        self.register_buffer("codes", torch.zeros((self.n_items, M), dtype=torch.int64))
        self.into: Tensor
        self.turn: Tensor
        self.rng = np.random.default_rng(self.config.seed)

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return dot products with one side quantised, and beta * commitment."""
        query, item = T.sum(dim=1), T_c.sum(dim=1)  # (B, D_T), (I, D_T)
        if self.fixed:
            coded = self.quantizer.decode(self.codes)  # (I, D_T)
            return query @ self.turn @ coded.T + item_bias, query.new_zeros(())
        x, other = (item, query) if self.side == "items" else (query, item)
        x, other = x @ self.into, other @ self.turn
        x_q, codes = self.quantizer(x)
        _, commitment = self.quantizer.losses(x, codes)
        if self.training:
            self.quantizer.learn(x, codes, self.rng)
        y = other @ x_q.T if self.side == "items" else x_q @ other.T  # (B, I)
        return y + item_bias, BETA * commitment

    def take(self, trunk: TwoTower) -> "CodedTwoTower":
        """Take all weights of a two-tower; codes and frame stay as they are.

        Raises:
            ValueError: the two-tower has other layers.
        """
        missing, foreign = self.load_state_dict(trunk.state_dict(), strict=False)
        lacking = [name for name in missing if name.split(".")[0] not in OWN]
        if lacking or foreign:
            raise ValueError(
                f"the two-tower lacks {lacking} and has {foreign} besides; give one of the same "
                "tokenizer"
            )
        return self

    @torch.no_grad()
    def start(self, frame: str, seed: int) -> "CodedTwoTower":
        """Make a frame, and codes in it for the vectors that the model has now."""
        x, other = self.vectors()
        self.into, self.turn = make_frame(frame, x, other, self.quantizer.M, self.quantizer.N)
        self.quantizer.fit(x @ self.into, seed=seed)
        if self.fixed:
            self.codes = self.quantizer.encode(x @ self.into)  # (I, M)
        return self

    @torch.no_grad()
    def vectors(self) -> tuple[Float[Tensor, "n D_T"], Float[Tensor, "k D_T"]]:
        """Return the vectors to code, and those of the other side; queries of the training part."""
        items, queries = self.item_matrix(), training_prefixes(self, self.data).tokens.sum(dim=1)
        if self.side == "items":
            return items, queries
        return queries[:: len(queries) // CODED_QUERIES + 1], items

    @torch.no_grad()
    def lost(self) -> float:
        """Return the share of the variance that free codes lose, in the model's coordinates."""
        x, _ = self.vectors()
        codes = self.quantizer.encode(x @ self.into)
        return relative_distortion(x, self.quantizer.decode(codes) @ self.turn.T)


def bytes_stored(side: str, M: int, N: int, n_items: int, width: int) -> int:
    """Count the bytes of the codes of items (packed) and of the codebooks in fp16.

    Codes of queries are not stored. A frame is not counted: it is applied to the other side.
    """
    codes = math.ceil(n_items * M * math.log2(N) / 8) if side == "items" else 0
    return codes + 2 * N * width
