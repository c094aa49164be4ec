"""Three models over the same tokenizers: TwoTower, AllToAll and SparCode.

All map a query (a history of items) to K_u tokens and items to K_c tokens; they differ in how the
two meet: one dot product; a scorer per token; a scorer per *quantised* token.
"""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data import Feature, Split
from sparcode_mini.files import load_tensors, save_tensors
from sparcode_mini.gradients import rotation_trick
from sparcode_mini.numerics import initialise, normal
from sparcode_mini.quantizer import ProductQuantizer, distinct_codes, straight_through
from sparcode_mini.residual import ResidualQuantizer
from sparcode_mini.scorer import Scorer, activate, make_scorer, pooled_by_code
from sparcode_mini.tokenizers import make_tokenizer

Users = Sequence[Any] | np.ndarray
QUERY_BATCH = 256
GRADIENTS = ("straight-through", "rotation", "none")
QUANTIZERS = {"product": ProductQuantizer, "residual": ResidualQuantizer}


class Codes(NamedTuple):
    """Quantised queries: which lists to read, and with what weight."""

    codes: Int[Tensor, "B K_u R M"]
    weights: Float[Tensor, "B K_u R"]


class Catalogue(NamedTuple):
    """What a model must know of the items to be used without the data it was trained on."""

    item_ids: np.ndarray  # (I,) raw ids
    titles: np.ndarray  # (I,) text
    item_features: tuple[Feature, ...]
    user_features: tuple[tuple[str, int], ...]  # name and vocabulary size of those the model reads


class ItemTokens(nn.Module):
    """Items -> T^c: one token per field (the id, then each feature), from a table per field."""

    def __init__(self, n_items: int, features: Sequence[Feature], dim: int) -> None:
        super().__init__()
        self.id = nn.Embedding(n_items, dim)
        self.fields = nn.ModuleList(nn.Embedding(len(f.vocabulary), dim) for f in features)
        for j, feature in enumerate(features):
            self.register_buffer(f"values_{j}", torch.from_numpy(feature.values), persistent=False)

    @property
    def count(self) -> int:
        """K_c, the tokens of an item."""
        return 1 + len(self.fields)

    def forward(self) -> Float[Tensor, "I K_c D_T"]:
        """Tokens of all items; a list-valued field is the mean over its values."""
        tokens = [self.id.weight]  # (I, D_T)
        for j, table in enumerate(self.fields):
            tokens.append(field_embedding(table, getattr(self, f"values_{j}")))
        return torch.stack(tokens, dim=1)  # (I, K_c, D_T)


def field_embedding(table: nn.Module, values: Int[Tensor, "n W"]) -> Float[Tensor, "n D"]:
    """Mean embedding of the values of a field; value 0 pads, and stands alone when all are 0."""
    real = values > 0  # (n, W)
    real[:, 0] |= ~real.any(dim=1)  # a missing field keeps one entry: the "(missing)" embedding
    embedded: Tensor = table(values)  # (n, W, D)
    weights = real.to(embedded.dtype) / real.sum(dim=1, keepdim=True)  # (n, W)
    return torch.einsum("nw,nwd->nd", weights, embedded)


class MatchingModel(nn.Module):
    """What the three models share: embeddings, tokenizer, item tokens, item bias.

    Args:
        split: data to learn from (ids, titles, features and histories).
        tokenizer: "dnn", "gru" or "self-attention".
        query_tokens: K_u.
        own: configuration of the subclass.
        token_dim: D_T, also the width D of one embedding.
        history_len: the longest history that is read (the last items count).
        user_features: names of columns of the user table that are read before the history.
        dropout: share of activations dropped in training.
        dtype: torch.float32, or torch.float64 for equal digits on every machine.
        seed: of the initial weights (numpy generator).
    """

    normalise_tokens = True

    def __init__(
        self,
        split: Split,
        tokenizer: str,
        query_tokens: int,
        own: dict[str, Any],
        *,
        token_dim: int = 64,
        history_len: int = 50,
        user_features: Sequence[str] = (),
        dropout: float = 0.2,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        known = {f.name: f for f in split.user_features}
        for name in user_features:
            if name not in known:
                raise ValueError(f"user feature {name!r} is unknown; there are {sorted(known)}")
        catalogue = Catalogue(
            split.item_ids,
            split.titles,
            split.item_features,
            tuple((name, len(known[name].vocabulary)) for name in user_features),
        )
        config = {
            "tokenizer": tokenizer,
            "query_tokens": query_tokens,
            "token_dim": token_dim,
            "history_len": history_len,
            "dropout": dropout,
            "seed": seed,
            **own,
        }
        self._build(catalogue, config, dtype)
        self.split: Split | None = split

    def _build(self, catalogue: Catalogue, config: dict[str, Any], dtype: torch.dtype) -> None:
        """Make all layers; shared by __init__ and load_model."""
        super().__init__()
        self.catalogue, self.config, self.split = catalogue, config, None
        self.n_items = len(catalogue.item_ids)
        self.history_len, dim = config["history_len"], config["token_dim"]
        rng = np.random.default_rng(config["seed"])
        self.items = ItemTokens(self.n_items, catalogue.item_features, dim)
        self.user_fields = nn.ModuleList(nn.Embedding(n, dim) for _, n in catalogue.user_features)
        self.tokenizer = make_tokenizer(
            config["tokenizer"],
            dim=dim,
            query_tokens=config["query_tokens"],
            token_dim=dim,
            max_len=self.history_len + len(self.user_fields),
            normalise=self.normalise_tokens,
            dropout=config["dropout"],
        )
        self.item_bias = nn.Parameter(torch.zeros(self.n_items))
        self.logit_scale = nn.Parameter(torch.tensor(1.0))
        self._extra_layers(config)
        self.to(dtype)
        initialise(self, rng)
        self._after_initialise(rng)

    def _extra_layers(self, config: dict[str, Any]) -> None:
        """Hook: layers of a subclass, made before the weights are drawn."""

    def _after_initialise(self, rng: np.random.Generator) -> None:
        """Hook: initial values that differ from the default draw."""

    @property
    def nonnegative(self) -> bool:
        """Are all scores >= 0, an item with score 0 being "not retrieved"?"""
        return False

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights."""
        return self.item_bias.dtype

    # --- query -> tokens ------------------------------------------------------------------

    def query_embeddings(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B F_L D"]:
        """H^u: embeddings of user features (if any), then of the items; padding (-1) is zero."""
        items = T_c.sum(dim=1)[positions.clamp(min=0)]  # (B, L, D)
        H_u = items * (positions >= 0).unsqueeze(-1)
        if not len(self.user_fields):
            return H_u
        columns = []
        for table, (name, _) in zip(self.user_fields, self.catalogue.user_features, strict=True):
            columns.append(field_embedding(table, self._user_values(name, users, len(positions))))
        return torch.cat([torch.stack(columns, dim=1), H_u], dim=1)  # (B, F + L, D)

    def _user_values(self, name: str, users: Tensor | None, count: int) -> Tensor:
        if users is None or self.split is None:  # someone who is not in the data: all missing
            return torch.zeros((count, 1), dtype=torch.int64)
        feature = next(f for f in self.split.user_features if f.name == name)
        return torch.from_numpy(feature.values)[users]  # (B, W)

    def prefix_tokens(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B L K_u D_T"]:
        """Tokens after each item of a batch of padded histories (training)."""
        H_u = self.query_embeddings(positions, users, T_c)
        return self.tokenizer.prefixes(H_u)[:, len(self.user_fields) :]

    @torch.no_grad()
    def history_tokens(
        self, histories: Sequence[np.ndarray], users: np.ndarray | None = None
    ) -> Float[Tensor, "B K_u D_T"]:
        """Tokens of whole histories, given as arrays of item positions, oldest first."""
        if len(histories) == 0:
            raise ValueError("there are no queries; give at least one user or history")
        self.eval()
        T_c, tokens = self.items(), []
        for start in range(0, len(histories), QUERY_BATCH):
            part = [h[-self.history_len :] for h in histories[start : start + QUERY_BATCH]]
            positions = pad(part)  # (B, L)
            who = None if users is None else torch.from_numpy(users[start : start + QUERY_BATCH])
            H_u = self.query_embeddings(positions, who, T_c)
            mask = torch.nn.functional.pad(positions >= 0, (len(self.user_fields), 0), value=True)
            tokens.append(self.tokenizer(H_u, mask))
        return torch.cat(tokens)

    def tokens(self, users: Users, history: str = "train+validation") -> Float[Tensor, "B K_u D_T"]:
        """Tokens T^u of users (raw ids) whose histories are the given parts of the split."""
        split = self._data()
        return self.history_tokens(split.history(users, history), split.user_positions(users))

    def _data(self) -> Split:
        if self.split is None:
            raise ValueError(
                "this model was loaded without data, so it knows no users; pass "
                "load_model(path, split=...) or use encode_histories([[item ids], ...])"
            )
        return self.split

    def histories_of(self, histories: Iterable[Sequence[Any]]) -> list[np.ndarray]:
        """Lists of raw item ids -> arrays of item positions; refuses an empty one."""
        where = {raw: position for position, raw in enumerate(self.catalogue.item_ids.tolist())}
        found = []
        for number, history in enumerate(histories):
            if len(history) == 0 and not len(self.user_fields):
                raise ValueError(f"history {number} is empty; give at least one item id")
            for raw in history:
                if raw not in where:
                    raise ValueError(f"item {raw!r} in history {number} is not in the catalogue")
            found.append(np.array([where[raw] for raw in history], dtype=np.int64))
        return found

    # --- scores ------------------------------------------------------------------------------

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y for a batch of tokens and items, and the model's own additional loss."""
        raise NotImplementedError

    def token_scores(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B I"]:
        """Scores y of tokens that are already there (evaluation mode)."""
        self.eval()
        with torch.no_grad():
            y, _ = self.training_scores(T, self.items(), self.item_bias)
        return y

    def scores(
        self, users: Users, history: str = "train+validation", probes: int = 1
    ) -> Float[Tensor, "B I"]:
        """Score every item for users (raw ids)."""
        if probes != 1:
            raise ValueError(f"probes = {probes}, but only a SparCode model has codes to probe")
        return self.token_scores(self.tokens(users, history))

    # --- files ----------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write weights, configuration and catalogue (not the data) to one safetensors file."""
        tensors = {f"weights.{k}": v for k, v in self.state_dict().items()}
        tensors |= {
            f"feature.{f.name}": torch.from_numpy(f.values) for f in self.catalogue.item_features
        }
        meta = {
            "class": type(self).__name__,
            "config": self.config,
            "dtype": str(self.dtype).removeprefix("torch."),
            "item_ids": self.catalogue.item_ids.tolist(),
            "titles": self.catalogue.titles.tolist(),
            "item_features": [
                [f.name, f.kind, list(f.vocabulary)] for f in self.catalogue.item_features
            ],
            "user_features": [list(f) for f in self.catalogue.user_features],
            "stage": getattr(self, "stage", None),
        }
        save_tensors(path, tensors, meta, kind="sparcode-mini model", version=1)


class TwoTower(MatchingModel):
    """y = <sum_i T_i^u, sum_j T_j^c> + item bias: the only meeting point is one dot product.

    The item side does not depend on the query, so `item_matrix` can be cached.
    """

    normalise_tokens = False

    def __init__(
        self,
        split: Split,
        tokenizer: str = "self-attention",
        query_tokens: int = 1,
        **common: Any,
    ) -> None:
        super().__init__(split, tokenizer, query_tokens, {}, **common)

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
        scorer: "products" or "concatenation".
        hidden: hidden units of the scorer.
        bias: b. Negative values make scores sparser, and can kill training.
    """

    def __init__(
        self,
        split: Split,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        *,
        bias: float = 0.0,
        scorer: str = "products",
        hidden: int = 16,
        **common: Any,
    ) -> None:
        own = {"bias": bias, "scorer": scorer, "hidden": hidden}
        super().__init__(split, tokenizer, query_tokens, own, **common)

    @property
    def nonnegative(self) -> bool:
        """True once the final ReLU is hard."""
        return self.slope == 0.0

    def _extra_layers(self, config: dict[str, Any]) -> None:
        self.bias = float(config["bias"])
        self.slope = 0.0  # of the final ReLU below zero; > 0 only while training says so
        self.stage = "new"
        self.scorer: Scorer = make_scorer(
            config["scorer"],
            token_dim=config["token_dim"],
            item_tokens=self.items.count,
            hidden=config["hidden"],
        )

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
        """Return sum_i ReLU(S_i + b) of tokens as they are."""
        A = (  # one token at a time: all K_u at once leave the caches
            activate(self.scorer(T_i, T_c, item_bias), self.bias, self.slope)  # (B, I)
            for T_i in T.unbind(dim=1)
        )
        return functools.reduce(torch.add, A)


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
    """

    def __init__(
        self,
        split: Split,
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
        scorer: str = "products",
        hidden: int = 16,
        **common: Any,
    ) -> None:
        if gradient not in GRADIENTS:
            raise ValueError(f"gradient = {gradient!r}; choose one of {GRADIENTS}")
        if quantizer not in QUANTIZERS:
            raise ValueError(f"quantizer = {quantizer!r}; choose one of {tuple(QUANTIZERS)}")
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
        if quantizer != "product":  # files made before there was a choice have no such key
            own["quantizer"] = quantizer
        MatchingModel.__init__(self, split, tokenizer, query_tokens, own, **common)

    def _extra_layers(self, config: dict[str, Any]) -> None:
        super()._extra_layers(config)
        self.quantizer_on = True  # off in the first stage of training
        self.last_codes: Tensor | None = None  # of the last training step, for the codebook update
        self.quantizer = QUANTIZERS[config.get("quantizer", "product")](
            config["M"],
            config["N"],
            config["token_dim"],
            seed=config["seed"],
            update=config["update"],
            restart=config["restart"],
        )

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y of the quantised tokens, and codebook loss + beta * commitment."""
        if not self.quantizer_on:
            return super().training_scores(T, T_c, item_bias)
        codes = self.quantizer.encode(T)  # (B, K_u, M)
        self.last_codes = codes
        codebook, commitment = self.quantizer.losses(T.flatten(0, 1), codes.flatten(0, 1))
        y = self._quantised_scores(self._reaching(T, codes), codes, T_c, item_bias)
        return y, codebook + self.config["beta"] * commitment

    def _reaching(self, T: Tensor, codes: Tensor) -> Tensor:
        """Tokens through which the gradient for the quantised tokens goes on (values: unused)."""
        if self.config["gradient"] == "none":
            return T.detach()
        if self.config["gradient"] == "rotation":
            return rotation_trick(T, self.quantizer.decode(codes), self.quantizer.parts)
        return T

    def _quantised_scores(self, T: Tensor, codes: Tensor, T_c: Tensor, item_bias: Tensor) -> Tensor:
        distinct, row = distinct_codes(codes.flatten(0, 1))  # (U, M), (B * K_u,)
        if 8 * len(distinct) > len(row) and self.training:
            # nearly every token has a code of its own: sharing rows would save nothing
            T_q = self.quantizer.decode(codes)
            return self.unquantised_scores(straight_through(T, T_q), T_c, item_bias)
        codewords = self.quantizer.decode(distinct)  # (U, D_T)
        row = row.reshape(codes.shape[:2])  # (B, K_u)
        if not self.training:
            A = self.code_scores(distinct, T_c, item_bias)  # (U, I)
            return A[row].sum(dim=1)
        return pooled_by_code(self.scorer, T, codewords, row, T_c, item_bias, self.bias, self.slope)

    @torch.no_grad()
    def code_scores(
        self,
        codes: Int[Tensor, "n M"],
        T_c: Tensor | None = None,
        item_bias: Tensor | None = None,
    ) -> Float[Tensor, "n I"]:
        """A[code, c] = ReLU(S + b): what a token with that code adds to the score of each item."""
        T_c = self.items() if T_c is None else T_c
        item_bias = self.item_bias if item_bias is None else item_bias
        S = self.scorer(self.quantizer.decode(codes), T_c, item_bias)  # (n, I)
        return activate(S, self.bias, self.slope)

    # --- codes ----------------------------------------------------------------------------

    def encode(self, users: Users, history: str = "train+validation", probes: int = 1) -> Codes:
        """Codes of users (raw ids): which lists of the index answer them.

        Args:
            users: raw ids.
            history: parts of the split that are read, such as "train+validation".
            probes: R nearest codes per token, weighted softmax(-d^2 / tau); 1 is the paper's way.

        Returns:
            Codes with .codes (B, K_u, R, M) int64 and .weights (B, K_u, R).

        Raises:
            RuntimeError: training was interrupted before the quantiser was on in full.
        """
        self._check_ready()
        return self.token_codes(self.tokens(users, history), probes)

    def encode_histories(self, histories: Iterable[Sequence[Any]], probes: int = 1) -> Codes:
        """Codes of people who are not in the data: lists of raw item ids, oldest first."""
        self._check_ready()
        return self.token_codes(self.history_tokens(self.histories_of(histories)), probes)

    @torch.no_grad()
    def token_codes(self, T: Float[Tensor, "B K_u D_T"], probes: int = 1) -> Codes:
        """Codes of tokens."""
        if probes == 1:
            codes = self.quantizer.encode(T)[:, :, None]  # (B, K_u, 1, M)
            return Codes(codes, T.new_ones(codes.shape[:3]))
        codes, distances = self.quantizer.nearest(T.flatten(0, 1), probes)  # (B * K_u, R, M)
        weights = (-distances / self.config["probe_temperature"]).softmax(dim=-1)  # (B * K_u, R)
        shape = T.shape[:2]
        return Codes(codes.unflatten(0, shape), weights.unflatten(0, shape))

    def scores(
        self, users: Users, history: str = "train+validation", probes: int = 1
    ) -> Float[Tensor, "B I"]:
        """Score every item: y = sum over tokens and probes of weight * ReLU(S + b)."""
        if probes == 1:
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
        n_u = A.new_zeros((len(row), len(A))).scatter_add_(1, row, weights)  # (B, U)
        return n_u @ A

    def _check_ready(self) -> None:
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


def pad(histories: Sequence[np.ndarray]) -> Int[Tensor, "B L"]:
    """Stack arrays of item positions, padded on the right with -1 (padding is no item)."""
    length = max((len(h) for h in histories), default=0)
    positions = np.full((len(histories), max(length, 1)), -1, dtype=np.int64)
    for row, history in zip(positions, histories, strict=True):
        row[: len(history)] = history
    return torch.from_numpy(positions)


def load_model(
    path: str | Path, split: Split | None = None, dtype: torch.dtype | None = None
) -> Any:
    """Read a model written by `save`.

    Args:
        path: the safetensors file.
        split: the data, if users are to be looked up by id.
        dtype: precision to compute in; by default that of the file.

    Raises:
        ValueError: a foreign, damaged or newer file, or a split with another catalogue.
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
        model.stage = meta.get("stage") or "new"
    return model.eval()


def _check_split(split: Split, catalogue: Catalogue, path: str | Path) -> None:
    """Refuse data that the model could not read."""
    if split.item_ids.tolist() != catalogue.item_ids.tolist():
        raise ValueError(f"the model in {path} was trained on another catalogue than the split's")
    known = {f.name: len(f.vocabulary) for f in split.user_features}
    for name, size in catalogue.user_features:
        if known.get(name) != size:
            raise ValueError(
                f"the model in {path} reads the user feature {name!r} with {size} values; "
                f"the split has {known}"
            )
