"""Small data and small models that several test files share."""

import contextlib
import copy
import itertools

import jaxtyping
import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st

import sparcode_mini as sm
from sparcode_mini.training.batches import HistoryExamples
from sparcode_mini.training.recipe import Recipe
from sparcode_mini.training.run import Run

SMALL = {"token_dim": 8, "history_len": 10, "dtype": torch.float64}
TINY = {"token_dim": 8, "hidden": 4, "query_tokens": 2}  # of a study's models
TRAIN = ["train", "--N", "8", "--token-dim", "8", "--query-tokens", "2"]  # a quick command
HISTORY = np.array([4, 9, 31, 7])  # item positions of a person
NO_HISTORY = "u99"  # a user of the user table who never rated anything


def toy_ratings(n_users=36, n_items=60, seed=0):
    """Films stand on a ring; each user walks along it from somewhere, and skips a film at times.

    A user meets an item once at most, so an item tells its place in the user's history.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        steps = np.cumsum(rng.choice([1, 1, 1, 2], size=int(rng.integers(9, 17))))
        ring = (int(rng.integers(n_items)) + steps) % (n_items - 2)  # the last two stay unrated
        rows += [(f"u{user:02}", 100 + int(item), time) for time, item in enumerate(ring)]
    interactions = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    items = pd.DataFrame(
        {
            "item": 100 + np.arange(n_items),
            "title": [f"Film {i}" for i in range(n_items)],
            "year": [None if i % 7 == 0 else str(1990 + i % 5) for i in range(n_items)],
            "genres": [
                [f"genre {g}" for g in range(3) if i % (g + 2) == 0] for i in range(n_items)
            ],
        }
    )
    names = [*sorted(set(interactions["user"])), NO_HISTORY]
    users = pd.DataFrame(
        {
            "user": names,
            "age": [("young", "old")[i % 2] for i in range(len(names))],
            "hobbies": [[f"hobby {h}" for h in range(i % 4)] for i in range(len(names))],
        }
    )
    shuffled = interactions.sample(frac=1.0, random_state=seed)
    return sm.data.from_frames(shuffled, users=users, items=items)


def events(*rows):
    """A table of (user, item, timestamp)."""
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


def small(cls, split, **options):
    """A small model in float64, with a query of two tokens."""
    own = {} if cls is sm.TwoTower else {"hidden": 4}
    if cls is sm.SparCode:
        own["N"] = 6
    return cls(split, **{"query_tokens": 2, **SMALL, **own, **options})


def same_weights(a, b):
    """Are all weights and buffers of two models equal, bit for bit?"""
    x, y = a.state_dict(), b.state_dict()
    return list(x) == list(y) and all(torch.equal(x[name], y[name]) for name in x)


def with_bias(model, bias):
    """The same model with another b."""
    other = copy.copy(model)
    other.bias = bias
    return other


def twin(model):
    """A copy that a test may change."""
    return copy.deepcopy(model)


def known_users(split):
    """Raw ids of the users with a history."""
    return split.user_ids[[len(h) > 0 for h in split.histories("train")]]


def index_of(table, codes, codebooks=None):
    """SparseIndex whose lists are the positive entries of a table (C, I), for `codes` (C, M)."""
    table = np.asarray(table)
    rows = [np.lexsort((np.arange(table.shape[1]), -row))[: int((row > 0).sum())] for row in table]
    offsets = np.cumsum([0] + [len(row) for row in rows])
    items = np.concatenate([np.empty(0, dtype=np.int32), *rows])
    values = np.concatenate(
        [np.empty(0, dtype=table.dtype), *(t[r] for t, r in zip(table, rows, strict=True))]
    )
    return sm.SparseIndex(codes, offsets, items, values, table.shape[1], codebooks)


def plain_top_k(y, k, exclude):
    """Reference ranking: positive scores, larger first, equal ones by position, then padding."""
    positions, values = np.full((len(y), k), -1), np.zeros((len(y), k))
    for b, row in enumerate(y):
        banned = set() if exclude is None else set(exclude[b].tolist())
        allowed = [c for c in range(len(row)) if row[c] > 0 and c not in banned]
        best = sorted(allowed, key=lambda c: (-row[c], c))[:k]
        positions[b, : len(best)], values[b, : len(best)] = best, [row[c] for c in best]
    return positions, values


def assert_same_index(a, b):
    """Two indices are equal bit for bit."""
    for name in ("codes", "offsets", "items", "values", "codebooks", "scales"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == other.dtype and one.tobytes() == other.tobytes()
    assert a.n_items == b.n_items


# --- trainings ---------------------------------------------------------------------------------

QUICK = {"epochs": 6, "seed": 2, "batch": 16, "warmup": 2, "lr": 1e-2, "stages": (0.3, 0.5)}


def fitted(cls, split, options=None, **recipe):
    """A new small model after training: (model, log)."""
    model = small(cls, split, **(options or {}))
    return model, sm.fit(model, split, **(QUICK | recipe))


def plain(log):
    """The rows without wall times, which differ from run to run."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in log.rows]


def stop_after(*epochs):
    def on_epoch(row):
        if row["epoch"] in epochs:
            raise KeyboardInterrupt

    return on_epoch


def run_of(model, split, **recipe):
    recipe = Recipe(**recipe)
    return Run(model, HistoryExamples(model, split, recipe), recipe)


# --- scores -------------------------------------------------------------------------------------


def near(a, b, tolerance=1e-10):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def by_formula(model, T):
    """y = sum_i ReLU(S_i + b), one token at a time, the scorer to the letter."""
    T_c, y = model.items(), 0
    for i in range(T.shape[1]):
        S = model.scorer.as_written(T[:, i], T_c, model.item_bias)  # (B, I)
        y = y + (S + model.bias).clamp(min=0)
    return y


def shaken(model, seed=0):
    """The model with an item bias and scorer offsets that are not zero."""
    rng = np.random.default_rng(seed)
    for name, parameter in model.named_parameters():
        if name == "item_bias" or name.startswith("scorer"):
            parameter.data += torch.from_numpy(0.3 * rng.normal(size=tuple(parameter.shape)))
    return model


@torch.no_grad()
def centred(model, T):
    """Move the item bias so that about half of the scores are positive; return T."""
    S = model.scorer(T.flatten(0, 1), model.items(), model.item_bias).unflatten(0, T.shape[:2])
    model.item_bias.data -= S.amax(dim=1).median() + model.bias
    return T


@st.composite
def index_problems(draw):
    """An index and what is asked of it.

    Few integers, so that ties, empty lists, repeated and missing codes are the rule.
    """
    M, N, n_items = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    everything = np.array(list(itertools.product(range(N), repeat=M)))  # (N^M, M)
    listed = rng.permutation(everything)[: draw(st.integers(1, len(everything)))]
    density = draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    table = rng.integers(1, 4, (len(listed), n_items)) * (
        rng.random((len(listed), n_items)) < density
    )
    B, K_u, R = draw(st.integers(0, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    keys = everything[rng.integers(len(everything), size=(B, K_u, R))]  # (B, K_u, R, M)
    weights = rng.integers(1, 5, (B, K_u, R)) / 4.0  # exact in binary, and so are their sums
    exclude = None
    if draw(st.booleans()):
        sizes = rng.integers(0, n_items + 1, B)
        exclude = [rng.permutation(n_items)[:size] for size in sizes]
    codebooks = rng.integers(-3, 4, (M, N, 2)).astype(np.float32)
    index = index_of(table.astype(np.float32), listed, codebooks)
    k = draw(st.integers(1, n_items))
    return index, table, listed, keys, weights, k, exclude, codebooks


# --- numbers in all the types that people pass --------------------------------------------------

WHOLE = [np.dtype(order + kind) for kind in ("i1", "i2", "i4", "i8") for order in "<>"]
WHOLE += [np.dtype(order + kind) for kind in ("u1", "u2", "u4", "u8") for order in "<>"]
REAL = [np.dtype(order + kind) for kind in ("f2", "f4", "f8") for order in "<>"] + [np.dtype("g")]
OTHER = [np.dtype(kind) for kind in ("?", "c8", "c16", "O", "U3", "S3", "m8[s]", "M8[s]")]


@contextlib.contextmanager
def as_users_call():
    """Annotations are checked in tests only; whoever passes another type gets this far."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


@st.composite
def whole_numbers(draw, low, high, least=0, most=4):
    """An array of some type, and the numbers that it means (None: it must be refused).

    Numbers lie in low..high and beyond, with the smallest and largest of the type among them.
    """
    dtype = draw(st.sampled_from(WHOLE + REAL + OTHER))
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        edges = st.sampled_from(
            [limits.min, limits.max, max(limits.min, -1), min(high, limits.max)]
        )
        inside = st.integers(max(low, limits.min), min(high, limits.max))
        numbers = draw(st.lists(inside | inside | inside | edges, min_size=least, max_size=most))
        good = all(low <= number <= high for number in numbers)
        return np.array(numbers, dtype=dtype), numbers if good else None
    numbers = draw(st.lists(st.integers(max(low, 0), min(high, 9)), min_size=least, max_size=most))
    return np.array(numbers).astype(dtype), None if numbers else []


@st.composite
def real_numbers(draw, size):
    """An array (size,) of numbers > 0 of some type, and the floats that it means.

    None if it must be refused: another type than numbers, NaN or an infinity.
    """
    dtype = draw(st.sampled_from(WHOLE + REAL + OTHER))
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        edges = st.sampled_from([limits.max, limits.max - 1, limits.max // 2, 1])
        numbers = draw(st.lists(edges | st.integers(1, 100), min_size=size, max_size=size))
    elif dtype.kind == "f":
        limits = np.finfo(min(dtype, np.dtype("f8"), key=lambda d: d.itemsize))
        edges = st.sampled_from([float(limits.max), float(limits.tiny), 0.5, np.nan, np.inf])
        numbers = draw(st.lists(st.sampled_from([0.25, 3.5]) | edges, min_size=size, max_size=size))
    else:
        numbers = draw(st.lists(st.integers(1, 9), min_size=size, max_size=size))
    with np.errstate(all="ignore"):
        array = np.array(numbers, dtype=dtype if dtype.kind in "iu" else None).astype(dtype)
    if dtype.kind not in "iufb" or not np.isfinite(array.astype(float)).all():
        return array, None
    return array, array.astype(np.float64)


NO_COUNTS = [True, np.True_, 2.0, np.float64(2), "2", None, [2], np.array([2]), 2 + 0j, b"2"]
NO_COUNTS += [torch.tensor(True), torch.tensor(2.0), np.timedelta64(2), float("nan"), 10**400]
COUNTS_OF_TWO = [2, np.int8(2), np.uint8(2), np.uint64(2), np.array(2), torch.tensor(2)]
