"""Three models over the same tokenizers: TwoTower, AllToAll and SparCode.

All map a query (a history of items, a text, an image) to K_u tokens and items to K_c tokens; they
differ in how the two meet: one dot product; a scorer per token; a scorer per *quantised* token.
"""

import functools
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.ratings import Feature, Split
from sparcode_mini.model.base import MatchingModel, Users
from sparcode_mini.model.codebook_tables import CODES_AT_ONCE, check_engine, items_at_once, pays
from sparcode_mini.model.gradients import rotation_trick
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.quantizer import ProductQuantizer, distinct_codes, straight_through
from sparcode_mini.model.scorer import activate, make_scorer, pooled_by_code
from sparcode_mini.model.scorer_base import Scorer
from sparcode_mini.model.variants.balance import balanced_codes
from sparcode_mini.model.variants.gates import Gates
from sparcode_mini.model.variants.residual import ResidualQuantizer
from sparcode_mini.model.variants.soft import soft_weights, spread_counts
from sparcode_mini.tools.files import load_tensors
from sparcode_mini.tools.reproducible import normal

GRADIENTS = ("straight-through", "rotation", "none")
QUANTIZERS = {"product": ProductQuantizer, "residual": ResidualQuantizer}
# What a configuration without the key means: files made before there was a choice have none.
ADDED_LATER: dict[str, Any] = {
    "linear_path": None,
    "gates": False,
    "quantizer": "product",
    "soft": 1,
    "balance": None,
    "code_bias": False,
}


class Codes(NamedTuple):
    """Quantised queries: which lists to read, and with what weight."""

    codes: Int[Tensor, "B K_u R M"]
    weights: Float[Tensor, "B K_u R"]


def _chosen(**options: Any) -> dict[str, Any]:
    """The configuration's entries: only of options that are not as they were before."""
    return {key: value for key, value in options.items() if value != ADDED_LATER[key]}


class TwoTower(MatchingModel):
    """y = <sum_i T_i^u, sum_j T_j^c> + item bias: the only meeting point is one dot product.

    The item side does not depend on the query, so `item_matrix` can be cached.
    """

    normalise_tokens = False

    def __init__(
        self,
        source: Split | Catalogue,
        tokenizer: str = "self-attention",
        query_tokens: int = 1,
        **common: Any,
    ) -> None:
        super().__init__(source, tokenizer, query_tokens, {}, **common)

    @torch.no_grad()
    def item_matrix(self) -> Float[Tensor, "I D_T"]:
        """The cached side: one vector per item."""
        return self.items().sum(dim=1)

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return dot products, and no additional loss."""
        return T.sum(dim=1) @ T_c.sum(dim=1).T + item_bias, T.new_zeros(())


class AllToAll(MatchingModel):
    """y = sum_i ReLU(S_i + b), every token against all tokens of every item; nothing to cache.

    Args (besides those of MatchingModel):
        scorer: "products", "concatenation" or "attention" (scorer.SCORERS).
        hidden: hidden units of the scorer.
        linear_path: with a dot product beside the network? None is the scorer's own habit.
        gates: does the query decide how much each of its tokens counts (gates.py)?
        bias: b. Negative values make scores sparser, and can kill training.
    """

    def __init__(
        self,
        source: Split | Catalogue,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        *,
        bias: float = 0.0,
        scorer: str = "products",
        hidden: int = 16,
        linear_path: bool | None = None,
        gates: bool = False,
        **common: Any,
    ) -> None:
        own = {"bias": bias, "scorer": scorer, "hidden": hidden}
        own |= _chosen(linear_path=linear_path, gates=gates)
        super().__init__(source, tokenizer, query_tokens, own, **common)

    @property
    def nonnegative(self) -> bool:
        """True once the final ReLU is hard."""
        return self.slope == 0.0

    def _extra_layers(self, config: dict[str, Any]) -> None:
        self.bias = float(config["bias"])
        if not math.isfinite(self.bias):
            raise ValueError(f"bias = {self.bias}; give a finite number")
        self.slope = 0.0  # of the final ReLU below zero; > 0 only while training says so
        self.stage = "new"
        self.scorer: Scorer = make_scorer(
            config["scorer"],
            token_dim=config["token_dim"],
            item_tokens=self.items.count,
            hidden=config["hidden"],
            linear_path=self._option("linear_path"),
        )
        self.gates = Gates(config["token_dim"]) if self._option("gates") else None

    def _option(self, name: str) -> Any:
        """An entry of the configuration that may not be there."""
        return self.config.get(name, ADDED_LATER[name])

    def _gates(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B K_u"] | None:
        """How much each token counts; None if all count alike."""
        return None if self.gates is None else self.gates(T)

    def _state(self) -> dict[str, Any]:
        return {"stage": self.stage, "slope": self.slope, "mlp_on": self.scorer.mlp_on}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `save` stored of a training that may not have come to its end."""
        self.stage = state.get("stage") or "new"
        self.slope = state.get("slope", 0.0)  # files made before these two keys hold ready models
        self.scorer.mlp_on = state.get("mlp_on", True)

    def _after_initialise(self, rng: np.random.Generator) -> None:
        last = self.scorer.last.weight
        last.data = normal(rng, *last.shape, std=self.scorer.output_std, dtype=self.dtype)

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y, and no additional loss."""
        return self.unquantised_scores(T, T_c, item_bias), T.new_zeros(())

    def unquantised_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> Float[Tensor, "B I"]:
        """Return sum_i g_i ReLU(S_i + b) of tokens as they are."""
        return self._sum_of_tokens(T, T_c, item_bias, self._gates(T))

    def _sum_of_tokens(
        self,
        Z: Float[Tensor, "B K_u D_T"],
        T_c: Tensor,
        item_bias: Tensor,
        gates: Tensor | None,
        shift: Tensor | None = None,
    ) -> Float[Tensor, "B I"]:
        """Return sum_i g_i ReLU(S_i + b + shift_i), gates and shift (B, K_u)."""

        def added(i: int, Z_i: Tensor) -> Tensor:
            S = self.scorer(Z_i, T_c, item_bias)  # (B, I)
            S = S if shift is None else S + shift[:, i, None]
            A = activate(S, self.bias, self.slope)
            return A if gates is None else gates[:, i, None] * A

        # one token at a time: all K_u at once leave the caches
        return functools.reduce(torch.add, (added(i, Z_i) for i, Z_i in enumerate(Z.unbind(dim=1))))


class SparCode(AllToAll):
    """AllToAll over quantised tokens, which can therefore be served from a SparseIndex.

    Args (besides those of AllToAll):
        M, N: codebooks, and codewords in each.
        beta: weight of the commitment loss.
        update: "ema" or "gradient", how the codebooks learn.
        restart: share of the mean usage below which a codeword is restarted.
        gradient: what the tokenizer receives from the matching loss: "straight-through",
            "rotation" (gradients.rotation_trick), or "none" (the formula's sg[.] read literally;
            only commitment then reaches the tokenizer).
        quantizer: "product", or "residual" (codebook m quantises what those before it left over).
        probe_temperature: tau of the multi-probe weights softmax(-d^2 / tau).
        soft: R, over how many of the nearest codewords a token is spread in training and serving
            (soft.py); 1 is the paper's way. With R > 1 `gradient` has nothing to do.
        balance: s of the discounts for codewords that are little used (balance.py); None for none.
        code_bias: has each codeword a learnt number that is added to b for its tokens? For M > 1
            the numbers of a code's codewords are added up.
    """

    def __init__(
        self,
        source: Split | Catalogue,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        M: int = 1,
        N: int = 128,
        *,
        bias: float = 0.0,
        beta: float = 0.25,
        update: str = "ema",
        restart: float = 0.05,
        gradient: str = "straight-through",
        quantizer: str = "product",
        probe_temperature: float = 10.0,
        soft: int = 1,
        balance: float | None = None,
        code_bias: bool = False,
        scorer: str = "products",
        hidden: int = 16,
        linear_path: bool | None = None,
        gates: bool = False,
        **common: Any,
    ) -> None:
        if gradient not in GRADIENTS:
            raise ValueError(f"gradient = {gradient!r}; choose one of {GRADIENTS}")
        if quantizer not in QUANTIZERS:
            raise ValueError(f"quantizer = {quantizer!r}; choose one of {tuple(QUANTIZERS)}")
        if not (beta >= 0 and 0 <= restart < 1 and probe_temperature > 0):
            raise ValueError(
                f"beta = {beta}, restart = {restart}, probe_temperature = {probe_temperature}; "
                "give >= 0, a share below 1, and > 0"
            )
        if balance is not None and not (0 < balance < math.inf):
            raise ValueError(f"balance = {balance}; give s > 0, or None for no discounts")
        own = {
            "bias": bias,
            "scorer": scorer,
            "hidden": hidden,
            "M": M,
            "N": N,
            "beta": beta,
            "update": update,
            "restart": restart,
            "gradient": gradient,
            "probe_temperature": probe_temperature,
        }
        own |= _chosen(linear_path=linear_path, gates=gates, quantizer=quantizer)
        own |= _chosen(soft=soft, balance=balance, code_bias=code_bias)
        MatchingModel.__init__(self, source, tokenizer, query_tokens, own, **common)

    def _extra_layers(self, config: dict[str, Any]) -> None:
        super()._extra_layers(config)
        self.quantizer_on = True  # off in the first stage of training
        self.last_codes: Tensor | None = None  # of the last training step, for the codebook update
        self.quantizer = QUANTIZERS[self._option("quantizer")](
            config["M"],
            config["N"],
            config["token_dim"],
            seed=config["seed"],
            update=config["update"],
            restart=config["restart"],
        )
        self.code_bias = (
            nn.Parameter(torch.zeros(config["M"], config["N"]))
            if self._option("code_bias")
            else None
        )
        most = config["N"] ** config["M"]
        if not 1 <= self.soft <= most or (self.soft > 1 and config["gradient"] != GRADIENTS[0]):
            raise ValueError(
                f"soft = {self.soft}, gradient = {config['gradient']!r}; spread over 1..{most} "
                "codes, and leave the gradient alone: a soft assignment has its own"
            )

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "quantizer_on": self.quantizer_on}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `save` stored of a training that may not have come to its end."""
        super().restore(state)
        self.quantizer_on = state.get("quantizer_on", True)

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y of the quantised tokens, and codebook loss + beta * commitment."""
        if not self.quantizer_on:
            return super().training_scores(T, T_c, item_bias)
        s = self._option("balance") if self.training else None
        codes = self.quantizer.encode(T) if s is None else balanced_codes(self.quantizer, T, s)
        self.last_codes = codes  # (B, K_u, M)
        codebook, commitment = self.quantizer.losses(T.flatten(0, 1), codes.flatten(0, 1))
        if self.soft > 1:
            y = self._soft_scores(T, T_c, item_bias)
        else:
            reaching, gates = self._reaching(T, codes), self._gates(T)
            y = self._quantised_scores(reaching, codes, T_c, item_bias, gates)
        return y, codebook + self.config["beta"] * commitment

    @property
    def soft(self) -> int:
        """R, over how many codewords a token is spread in training, and by default in serving."""
        return int(self._option("soft"))

    def _shift(self, codes: Int[Tensor, "*batch M"]) -> Float[Tensor, "*batch"] | None:
        """What each code adds to b; None if it is the same b for all."""
        if self.code_bias is None:
            return None
        return sum(table[codes[..., m]] for m, table in enumerate(self.code_bias))

    def _soft_scores(self, T: Tensor, T_c: Tensor, item_bias: Tensor) -> Tensor:
        """Return y = sum over tokens and their R codewords of w * ReLU(S + b), all with a graph.

        A codeword that several tokens are spread over is scored once.
        """
        tokens = T.flatten(0, 1)  # (B * K_u, D_T)
        codes, _ = self.quantizer.nearest(tokens, self.soft)  # (B * K_u, R, M)
        w = soft_weights(tokens, self.quantizer.decode(codes), self.config["probe_temperature"])
        distinct, row = distinct_codes(codes.flatten(0, 1))  # (U, M), (B * K_u * R,)
        S = self.scorer(self.quantizer.decode(distinct), T_c, item_bias)  # (U, I)
        shift, gates = self._shift(distinct), self._gates(T)  # (U,), (B, K_u)
        S = S if shift is None else S + shift[:, None]
        w = w if gates is None else w * gates.reshape(-1, 1)  # (B * K_u, R)
        n_u = spread_counts(w.reshape(len(T), -1), row.reshape(len(T), -1), len(distinct))  # (B, U)
        return n_u @ activate(S, self.bias, self.slope)  # (B, I)

    def _reaching(self, T: Tensor, codes: Tensor) -> Tensor:
        """Tokens through which the gradient for the quantised tokens goes on (values: unused)."""
        if self.config["gradient"] == "none":
            return T.detach()
        if self.config["gradient"] == "rotation":
            return rotation_trick(T, self.quantizer.decode(codes), self.quantizer.parts)
        return T

    def _quantised_scores(
        self,
        T: Tensor,
        codes: Tensor,
        T_c: Tensor,
        item_bias: Tensor,
        gates: Tensor | None = None,
    ) -> Tensor:
        distinct, row = distinct_codes(codes.flatten(0, 1))  # (U, M), (B * K_u,)
        if 8 * len(distinct) > len(row) and self.training:
            # nearly every token has a code of its own: sharing rows would save nothing
            T_q = self.quantizer.decode(codes)
            Z = straight_through(T, T_q)  # (B, K_u, D_T)
            return self._sum_of_tokens(Z, T_c, item_bias, gates, self._shift(codes))
        codewords = self.quantizer.decode(distinct)  # (U, D_T)
        row = row.reshape(codes.shape[:2])  # (B, K_u)
        if not self.training:
            A = self.code_scores(distinct, T_c, item_bias)[row]  # (B, K_u, I)
            return A.sum(dim=1) if gates is None else (gates[..., None] * A).sum(dim=1)
        how = (self.bias, self.slope, gates, self._shift(distinct))
        return pooled_by_code(self.scorer, T, codewords, row, T_c, item_bias, *how)

    def code_scores(
        self,
        codes: Int[Tensor, "n M"],
        T_c: Tensor | None = None,
        item_bias: Tensor | None = None,
    ) -> Float[Tensor, "n I"]:
        """A[code, c] = ReLU(S + b): what a token with that code adds to the score of each item."""
        blocks = self.code_score_blocks(codes, T_c, item_bias)
        return torch.cat([A for _, A in blocks], dim=1)

    def code_score_blocks(
        self,
        codes: Int[Tensor, "n M"],
        T_c: Tensor | None = None,
        item_bias: Tensor | None = None,
        by_tables: bool | None = None,
        engine: str = "plain",
    ) -> Iterator[tuple[Int[Tensor, " m"], Float[Tensor, "n m"]]]:
        """Yield (positions, columns of A) for a block of items at a time.

        Args:
            codes: rows of A.
            T_c: tokens of the items if they are not those of the model.
            item_bias: their bias, with T_c.
            by_tables: by `CodebookTables`, or each code by itself? None: what is less work.
            engine: how tables are added up, "plain" or "compiled" (CodebookTables.scores).

        Raises:
            ValueError: codes outside the codebooks, an unknown engine, or engine "compiled" where
                there are no tables to add up.
        """
        self.quantizer._check_codes(codes)
        items = torch.arange(self.n_items if T_c is None else len(T_c))  # (I,)
        item_bias = self.item_bias if item_bias is None else item_bias
        by_tables = self.tables_pay(len(codes)) if by_tables is None else by_tables
        with torch.no_grad():
            shift = self._shift(codes)  # (n,)
        for block in items.split(items_at_once(self.config["hidden"])):
            with torch.no_grad():  # one block at a time: a yield must not leave it switched off
                T_b = self.items(block) if T_c is None else T_c[block]  # (m, K_c, D_T)
                S = self._code_S(codes, T_b, item_bias[block], by_tables, engine)  # (n, m)
                S = S if shift is None else S + shift[:, None]
                A = activate(S, self.bias, self.slope)  # (n, m)
            yield block, A

    def _code_S(
        self, codes: Tensor, T_c: Tensor, item_bias: Tensor, by_tables: bool, engine: str
    ) -> Float[Tensor, "n I"]:
        tables = None
        if by_tables:
            tables = self.scorer.tables(self.quantizer.codebooks, T_c, item_bias)
        check_engine(engine, tables)
        if tables is not None:
            return tables.scores(codes, engine)
        Z = (self.quantizer.decode(part) for part in codes.split(CODES_AT_ONCE))
        return torch.cat([self.scorer(Z_part, T_c, item_bias) for Z_part in Z])

    def tables_pay(self, n_codes: int) -> bool:
        """Are tables less work than scoring so many codes one by one?"""
        return pays(n_codes, self.quantizer.M, self.quantizer.N)

    # --- codes ----------------------------------------------------------------------------

    def encode(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Codes:
        """Codes of users (raw ids): which lists of the index answer them.

        Args:
            users: raw ids.
            history: parts of the split that are read, such as "train+validation".
            probes: R nearest codes per token, weighted softmax(-d^2 / tau); None is what the model
                was trained with, its `soft`: 1 in the paper.

        Returns:
            Codes with .codes (B, K_u, R, M) int64 and .weights (B, K_u, R).

        Raises:
            RuntimeError: training was interrupted before the quantiser was on in full.
        """
        self.check_ready()
        return self.token_codes(self.tokens(users, history), probes)

    def encode_histories(self, histories: Iterable[Any], probes: int | None = None) -> Codes:
        """Codes of people who are not in the data: lists of raw item ids, oldest first."""
        self.check_ready()
        return self.token_codes(self.history_tokens(self.histories_of(histories)), probes)

    @torch.no_grad()
    def token_codes(self, T: Float[Tensor, "B K_u D_T"], probes: int | None = None) -> Codes:
        """Codes of tokens; arguments as `encode`. A gate is a factor of the token's weights."""
        probes = self.soft if probes is None else probes
        gates = self._gates(T)
        gate = T.new_ones(T.shape[:2]) if gates is None else gates  # (B, K_u)
        if probes == 1:
            codes = self.quantizer.encode(T)[:, :, None]  # (B, K_u, 1, M)
            return Codes(codes, gate[:, :, None])
        codes, distances = self.quantizer.nearest(T.flatten(0, 1), probes)  # (B * K_u, R, M)
        weights = (-distances / self.config["probe_temperature"]).softmax(dim=-1)  # (B * K_u, R)
        shape = T.shape[:2]
        return Codes(codes.unflatten(0, shape), weights.unflatten(0, shape) * gate[:, :, None])

    def scores(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Float[Tensor, "B I"]:
        """Score every item: y = sum over tokens and probes of weight * ReLU(S + b)."""
        if probes in (None, self.soft):
            return self.token_scores(self.tokens(users, history))
        return self.scores_of_codes(self.encode(users, history, probes))

    @torch.no_grad()
    def scores_of_codes(self, codes: Codes) -> Float[Tensor, "B I"]:
        """Score every item for quantised queries."""
        self.eval()
        flat = codes.codes.flatten(0, 2)  # (B * K_u * R, M)
        distinct, row = distinct_codes(flat)  # (U, M)
        A = self.code_scores(distinct)  # (U, I)
        row = row.reshape(len(codes.codes), -1)  # (B, K_u * R)
        weights = codes.weights.reshape(len(codes.codes), -1).to(A.dtype)
        return spread_counts(weights, row, len(A)) @ A

    def check_ready(self) -> None:
        """Raise RuntimeError if training stopped before codes mean something."""
        if self.stage in ("linear", "soft"):
            raise RuntimeError(
                f"training stopped in its {self.stage!r} stage, before quantiser and hard ReLU "
                "were on, so codes mean nothing yet; call fit(..., resume=True) or train again"
            )


MODELS: dict[str, type[MatchingModel]] = {
    "TwoTower": TwoTower,
    "AllToAll": AllToAll,
    "SparCode": SparCode,
}


def load_model(
    path: str | Path, split: Split | None = None, dtype: torch.dtype | None = None
) -> Any:
    """Read a model written by `save`.

    Args:
        path: the safetensors file.
        split: the data, if users are to be looked up by id.
        dtype: precision to compute in; by default that of the file.

    Raises:
        ValueError: a foreign, damaged or newer file, or a split with another catalogue or with
            other values of an item feature.
    """
    tensors, meta = load_tensors(path, kind="sparcode-mini model", version=1)
    if meta["class"] not in MODELS:
        raise ValueError(f"{path} holds a {meta['class']!r}; this version knows {list(MODELS)}")
    features = tuple(
        Feature(name, kind, tensors[f"feature.{name}"].numpy(), tuple(vocabulary))
        for name, kind, vocabulary in meta["item_features"]
    )
    catalogue = Catalogue(
        np.array(meta["item_ids"]),
        np.array(meta["titles"]),
        features,
        tuple((name, size) for name, size in meta["user_features"]),
    )
    if split is not None:
        _check_split(split, catalogue, path)
    kind = MODELS[meta["class"]]
    model = kind.__new__(kind)  # not __init__, which wants the data
    model._build(catalogue, meta["config"], dtype or getattr(torch, meta["dtype"]))
    weights = {k.removeprefix("weights."): v for k, v in tensors.items() if k[:8] == "weights."}
    model.load_state_dict(weights)
    model.split = split
    if isinstance(model, AllToAll):
        model.restore(meta)
    return model.eval()


def _check_split(split: Split, catalogue: Catalogue, path: str | Path) -> None:
    """Refuse data that the model could not read."""
    if split.item_ids.tolist() != catalogue.item_ids.tolist():
        raise ValueError(
            f"the model in {path} was trained on another catalogue than the split's: it knows "
            f"{len(catalogue.item_ids):,} items ({_first(catalogue.item_ids)}, ...), the split has "
            f"{split.n_items:,} ({_first(split.item_ids)}, ...); give the data it was trained on"
        )
    described = {f.name: f for f in split.item_features}  # may lack some: the model keeps its own
    for own in catalogue.item_features:
        if not _same_feature(own, described.get(own.name, own)):
            raise ValueError(
                f"the model in {path} was trained on other values of the item feature "
                f"{own.name!r} than the split's; give the data it was trained on"
            )
    known = {f.name: len(f.vocabulary) for f in split.user_features}
    for name, size in catalogue.user_features:
        if known.get(name) != size:
            raise ValueError(
                f"the model in {path} reads the user feature {name!r} with {size} values; "
                f"the split has {known}"
            )


def _same_feature(a: Feature, b: Feature) -> bool:
    same_words = (a.kind, a.vocabulary) == (b.kind, b.vocabulary)
    return same_words and np.array_equal(a.values, b.values)


def _first(ids: np.ndarray) -> str:
    return ", ".join(repr(value) for value in ids[:2].tolist())
