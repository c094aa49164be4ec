"""Scores are held against the formulas as they are written, training against evaluation."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import base as matching
from sparcode_mini.model import load, pooling
from sparcode_mini.model.base import pad
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.gradients import straight_through
from sparcode_mini.model.items import field_embedding
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.model.variants.scorers import SCORERS

SERVED = [{"M": 1}, {"M": 2, "N": 3}, {"scorer": "concatenation"}, {"scorer": "attention"}]
MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


@pytest.fixture(scope="module")
def users(toy_split):
    return toys.known_users(toy_split)


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


# --- scores -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@torch.no_grad()
def test_two_tower_is_one_dot_product(toy_split, users, tokenizer):
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
    model.item_bias.data = torch.arange(60, dtype=torch.float64) / 10
    query = model.tokens(users).sum(dim=1)
    expected = query @ model.item_matrix().T + model.item_bias
    near(model.scores(users), expected)
    assert model.item_matrix().shape == (60, 8)
    assert not model.nonnegative
    assert float(expected.min()) < 0


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("scorer", SCORERS)
@torch.no_grad()
def test_all_to_all_is_the_formula(toy_split, users, tokenizer, scorer):
    model = shaken(
        toys.small(sm.AllToAll, toy_split, tokenizer=tokenizer, scorer=scorer, bias=-0.1)
    )
    T = centred(model, model.tokens(users))
    y = model.scores(users)
    near(y, by_formula(model, T))
    assert model.nonnegative
    assert 0.05 < float((y > 0).double().mean()) < 0.95


@pytest.mark.parametrize("options", SERVED)
@torch.no_grad()
def test_sparcode_is_the_formula_over_quantised_tokens(toy_split, users, options):
    model = shaken(toys.small(sm.SparCode, toy_split, query_tokens=3, bias=0.05, **options))
    T = centred(model, model.tokens(users))
    expected = by_formula(model, model.quantizer.decode(model.quantizer.encode(T)))
    near(model.scores(users), expected)
    near(model.token_scores(T), expected)
    near(model.scores_of_codes(model.encode(users)), expected)
    assert not torch.allclose(expected, by_formula(model, T))
    assert 0.05 < float((expected > 0).double().mean()) < 0.95


@torch.no_grad()
def test_code_scores_are_one_token_each(toy_split):
    model = shaken(toys.small(sm.SparCode, toy_split))
    codes = torch.arange(6)[:, None]
    near(model.code_scores(codes), by_formula(model, model.quantizer.decode(codes)[:, None]))
    few, bias = model.items()[:7], model.item_bias[:7]
    near(model.code_scores(codes, few, bias), model.code_scores(codes)[:, :7])


def test_the_bias_shifts_the_scores_in_its_own_direction(toy_split, users):
    y = {
        b: shaken(toys.small(cls, toy_split, bias=b)).scores(users)
        for cls in (sm.AllToAll, sm.SparCode)
        for b in (-0.5, 0.0, 0.5)
    }
    assert (y[-0.5] <= y[0.0]).all()
    assert (y[0.0] <= y[0.5]).all()
    assert float(y[-0.5].mean()) < float(y[0.0].mean()) < float(y[0.5].mean())
    assert int((y[-0.5] > 0).sum()) < int((y[0.0] > 0).sum()) < int((y[0.5] > 0).sum())


@torch.no_grad()
def test_probes_weigh_the_nearest_codes(toy_split, users):
    model = shaken(toys.small(sm.SparCode, toy_split, M=2, N=3, probe_temperature=2.0))
    T, codes = model.tokens(users), model.encode(users, probes=4)
    distance = (T[:, :, None] - model.quantizer.decode(codes.codes)).square().sum(-1)  # (B, K_u, R)
    near(codes.weights, (-distance / 2.0).softmax(-1))
    near(codes.weights.sum(-1), torch.ones(len(users), 2, dtype=torch.float64))
    assert (distance.diff(dim=-1) >= -1e-12).all()
    y = 0
    for token in range(2):
        for probe in range(4):
            vectors = model.quantizer.decode(codes.codes[:, token, probe])
            y = y + codes.weights[:, token, probe, None] * by_formula(model, vectors[:, None])
    near(model.scores(users, probes=4), y)


# --- shapes and errors --------------------------------------------------------------------------


@pytest.mark.parametrize("probes", [1, 3])
def test_shapes_of_codes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, query_tokens=3, M=2, N=3)
    codes = model.encode(users, probes=probes)
    assert codes.codes.shape == (len(users), 3, probes, 2)
    assert codes.weights.shape == (len(users), 3, probes)
    assert (codes.codes.dtype, codes.weights.dtype) == (torch.int64, torch.float64)
    assert int(codes.codes.min()) >= 0
    assert int(codes.codes.max()) < 3
    if probes == 1:
        assert (codes.weights == 1).all()
    np.testing.assert_array_equal(codes.codes[:, :, 0], model.encode(users).codes[:, :, 0])
    assert model.tokens(users).shape == (len(users), 3, 8)
    assert model.scores(users).shape == (len(users), 60)


@pytest.mark.parametrize("probes", [0, -1, 10])
def test_bad_probes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    message = rf"probes = {probes}; choose 1\.\.9"
    with pytest.raises(ValueError, match=message):
        model.encode(users, probes=probes)
    with pytest.raises(ValueError, match=message):
        model.scores(users, probes=probes)
    with pytest.raises(ValueError, match="only a SparCode model has codes"):
        toys.small(sm.TwoTower, toy_split).scores(users, probes=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "rnn"}, "tokenizer 'rnn' is unknown"),
        ({"query_tokens": 0}, "query_tokens = 0"),
        ({"M": 3}, r"M = 3 does not divide token_dim = 8; choose one of \[1, 2, 4, 8\]"),
        ({"N": 0}, "N = 0"),
        ({"scorer": "dot"}, "scorer 'dot' is unknown"),
        ({"hidden": 0}, "hidden = 0"),
        ({"gradient": "some"}, "gradient = 'some'"),
        ({"update": "sgd"}, "update = 'sgd'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"user_features": ("age", "shoe size")}, r"'shoe size' is unknown; there are \['age'"),
    ],
)
def test_bad_options(toy_split, options, message):
    with pytest.raises(ValueError, match=message):
        toys.small(sm.SparCode, toy_split, **options)


def test_unknown_people_and_films(trained, toy_split):
    with pytest.raises(ValueError, match="unknown user 'u77'"):
        trained.encode(["u01", "u77"])
    with pytest.raises(ValueError, match="'future' is not known"):
        trained.encode(["u01"], history="future")
    with pytest.raises(ValueError, match="item 7 in history 1 is not in the catalogue"):
        trained.encode_histories([[101], [102, 7]])
    with pytest.raises(ValueError, match="history 1 is empty; give at least one item"):
        trained.encode_histories([[101], []])
    with pytest.raises(ValueError, match="user 'u99' has no item"):
        trained.encode(["u01", toys.NO_HISTORY])


def test_no_queries_at_all(trained):
    for ask in (lambda: trained.encode([]), lambda: trained.encode_histories([])):
        with pytest.raises(ValueError, match="no queries"):
            ask()


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_codes_of_an_interrupted_training_are_refused(trained, users, stage):
    model = toys.twin(trained)
    model.stage = stage
    message = f"stopped in its '{stage}' stage.*resume=True"
    for ask in (
        lambda: model.encode(users),
        lambda: model.encode_histories([[101]]),
        lambda: model.scores(users, probes=2),
    ):
        with pytest.raises(RuntimeError, match=message):
            ask()


# --- histories ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("probes", [1, 2])
def test_a_history_by_hand_is_the_history_of_the_user(toy_split, users, tokenizer, probes):
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer)
    for part in ("train", "train+validation"):
        raw = [toy_split.item_ids[h].tolist() for h in toy_split.history(users, part)]
        a, b = model.encode(users, part, probes), model.encode_histories(raw, probes)
        assert torch.equal(a.codes, b.codes)
        assert torch.equal(a.weights, b.weights)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_the_last_items_count(toy_split, tokenizer):
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)  # reads 10 items
    long = [np.arange(25), np.arange(15, 25), np.arange(14, 24), np.arange(12)]
    T = model.history_tokens(long)
    assert torch.equal(T[0], T[1])
    assert not torch.allclose(T[0], T[2])
    near(T[3], model.history_tokens([np.arange(2, 12)])[0])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_query_does_not_depend_on_its_batch(toy_split, tokenizer, monkeypatch):
    # padded beside a longer one, or cut into another batch: the tokens are the same
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
    histories = [np.arange(n) for n in (1, 9, 4, 10, 2)]
    together = model.history_tokens(histories)
    monkeypatch.setattr(matching, "QUERY_BATCH", 2)
    near(model.history_tokens(histories), together)
    for history, T in zip(histories, together, strict=True):
        near(model.history_tokens([history])[0], T)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("user_features", [(), ("age", "hobbies")])
@torch.no_grad()
def test_prefixes_are_histories(toy_split, tokenizer, user_features):
    # what training sees after p items is what a query with these p items gets
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer, user_features=user_features)
    sequences = [np.array([5, 3, 8, 1]), np.array([2, 9])]
    users = np.array([1, 6])
    model.eval()
    prefixes = model.prefix_tokens(pad(sequences), torch.from_numpy(users), model.items())
    assert prefixes.shape == (2, 4, 2, 8)
    for row, sequence in enumerate(sequences):
        for p in range(len(sequence)):
            T = model.history_tokens([sequence[: p + 1]], users[row : row + 1])
            near(prefixes[row, p], T[0])


def test_order_matters_to_readers_of_sequences(toy_split):
    forward, back = [np.array([1, 2, 3, 4])], [np.array([4, 3, 2, 1])]
    for tokenizer in TOKENIZERS:
        model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
        same = torch.allclose(model.history_tokens(forward), model.history_tokens(back))
        assert same == (tokenizer in ("dnn", "capsules"))


def test_tokens_of_sparcode_have_one_scale(toy_split, users):
    T = toys.small(sm.SparCode, toy_split).tokens(users)
    near(T.mean(-1), torch.zeros(T.shape[:2], dtype=T.dtype))
    near(T.var(-1, unbiased=False), torch.ones(T.shape[:2], dtype=T.dtype), 0.05)
    raw = toys.small(sm.TwoTower, toy_split).tokens(users)
    assert float(raw.mean(-1).abs().max()) > 0.01


# --- fields -------------------------------------------------------------------------------------


def test_field_embedding_by_hand():
    table = torch.nn.Embedding(4, 2, dtype=torch.float64)
    table.weight.data = torch.tensor([[9.0, 9], [1, 0], [0, 1], [4, 4]], dtype=torch.float64)
    values = torch.tensor([[1, 2, 0], [3, 0, 0], [0, 0, 0], [2, 2, 1]])
    expected = torch.tensor([[0.5, 0.5], [4, 4], [9, 9], [1 / 3, 2 / 3]], dtype=torch.float64)
    near(field_embedding(table, values), expected)


def test_item_tokens_are_id_and_features(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    T_c = model.items()
    assert T_c.shape == (60, 3, 8)  # id, year, genres
    assert model.items.count == 3
    assert torch.equal(T_c[:, 0], model.items.id.weight)
    names = [f.name for f in toy_split.item_features]
    year = toy_split.item_features[names.index("year")]
    assert torch.equal(
        T_c[:, 1 + names.index("year")],
        model.items.fields[names.index("year")].weight[torch.from_numpy(year.values[:, 0])],
    )


def test_user_features_are_read(toy_split, users):
    model = toys.small(sm.SparCode, toy_split, user_features=("age",))
    before = model.tokens(users)
    (age,) = (f for f in toy_split.user_features if f.name == "age")
    old = age.values[toy_split.user_positions(users), 0] == age.vocabulary.index("old")
    model.user_fields[0].weight.data[age.vocabulary.index("old"), 0] += 1.0
    moved = (model.tokens(users) - before).abs().amax(dim=(1, 2)).numpy() > 1e-9
    np.testing.assert_array_equal(moved, old)
    assert 0 < old.sum() < len(old)


def test_user_features_stand_in_for_a_history(toy_split):
    model = toys.small(sm.SparCode, toy_split, user_features=("hobbies", "age"))
    assert model.encode([toys.NO_HISTORY, "u01"]).codes.shape == (2, 2, 1, 1)
    stranger = model.encode_histories([[]])
    assert stranger.codes.shape == (1, 2, 1, 1)
    near(
        model.history_tokens([np.array([], dtype=np.int64)])[0],
        model.history_tokens([np.array([-1])])[0],
    )


# --- what training does -------------------------------------------------------------------------


def loss_of(model, T, detour=False):
    """A made-up matching loss and where its gradient goes: (y, dT, d scorer, dT^c, d bias)."""
    T = T.clone().requires_grad_()
    T_c = model.items().detach().requires_grad_()
    model.zero_grad()
    if detour:  # token by token, as the straight-through formula says
        T_st = straight_through(T, model.quantizer.decode(model.quantizer.encode(T)))
        y = model.unquantised_scores(T_st, T_c, model.item_bias)
    else:
        y, _ = model.training_scores(T, T_c, model.item_bias)
    pull = torch.from_numpy(np.random.default_rng(5).normal(size=tuple(y.shape)))
    (y * pull).sum().backward()
    grads = [p.grad.clone() for p in model.scorer.parameters() if p.grad is not None]
    return [y.detach(), T.grad, T_c.grad, model.item_bias.grad.clone(), *grads]


def path_of(model, T, monkeypatch):
    """Which way training_scores goes: does it score each distinct code once?"""
    calls = []
    pooled = pooling.pooled_by_code
    monkeypatch.setattr(pooling, "pooled_by_code", lambda *a: calls.append(1) or pooled(*a))
    model.training_scores(T, model.items(), model.item_bias)
    monkeypatch.setattr(pooling, "pooled_by_code", pooled)
    return "distinct" if calls else "many"


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize(("bias", "slope"), [(0.0, 0.0), (-0.2, 0.0), (0.1, 0.1)])
@pytest.mark.parametrize(("path", "options"), [("distinct", {"N": 4}), ("many", {"M": 4, "N": 6})])
def test_both_ways_of_training_are_straight_through(
    toy_split, users, monkeypatch, scorer, bias, slope, path, options
):
    model = shaken(toys.small(sm.SparCode, toy_split, scorer=scorer, bias=bias, **options))
    T = model.tokens(users)
    model.train()
    model.slope = slope
    assert path_of(model, T, monkeypatch) == path
    found, expected = loss_of(model, T), loss_of(model, T, detour=True)
    assert float(found[1].abs().max()) > 0.01
    for a, b in zip(found, expected, strict=True):
        near(a, b)


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
@pytest.mark.parametrize("mlp_on", [True, False])
def test_the_training_forward_is_the_evaluation_forward(toy_split, users, options, mlp_on):
    model = shaken(toys.small(sm.SparCode, toy_split, bias=0.1, **options))
    model.scorer.mlp_on = mlp_on
    T, served = model.tokens(users), model.scores(users)
    model.train()
    y, own = model.training_scores(T, model.items(), model.item_bias)
    near(y.detach(), served)
    assert float(own.detach()) > 0


def test_without_the_quantiser_sparcode_is_all_to_all(toy_split, users):
    model = shaken(toys.small(sm.SparCode, toy_split))
    model.stage = "linear"
    T = model.tokens(users)
    y, own = model.training_scores(T, model.items(), model.item_bias)
    near(y.detach(), by_formula(model, T).detach())
    assert float(own) == 0.0


def head_gradient(model, users, split):
    """Gradient that the matching loss alone sends to the last layer of the tokenizer."""
    model.train()
    model.zero_grad()
    histories = [h[:5] for h in split.history(users)]
    T = model.prefix_tokens(pad(histories), None, model.items().detach())[:, -1]
    y, _ = model.training_scores(T, model.items().detach(), model.item_bias)
    torch.nn.functional.cross_entropy(y, torch.arange(len(y))).backward()
    return model.tokenizer.head.weight.grad


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
def test_the_matching_loss_reaches_the_tokenizer(toy_split, users, options):
    def gradient(kind):
        model = toys.small(sm.SparCode, toy_split, gradient=kind, dropout=0.0, **options)
        return head_gradient(model, users, toy_split)

    assert float(gradient("straight-through").abs().max()) > 1e-4
    none = gradient("none")
    assert none is None or float(none.abs().max()) == 0.0


def test_commitment_alone_reaches_the_tokenizer_without_straight_through(toy_split, users):
    model = toys.small(sm.SparCode, toy_split, gradient="none", beta=0.5)
    T = model.tokens(users).requires_grad_()
    _, own = model.training_scores(T, model.items(), model.item_bias)
    own.backward()
    T_q = model.quantizer.decode(model.quantizer.encode(T))
    near(T.grad, 0.5 * 2 * (T - T_q).detach() / T.numel())


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
def test_the_matching_loss_leaves_the_codebooks_alone(toy_split, users, options):
    model = toys.small(sm.SparCode, toy_split, update="gradient", **options)
    T = model.tokens(users)
    model.train()
    y, own = model.training_scores(T, model.items(), model.item_bias)
    y.square().sum().backward(retain_graph=True)
    moved = model.quantizer.codebooks.grad
    assert moved is None or float(moved.abs().max()) == 0.0
    own.backward()
    assert float(model.quantizer.codebooks.grad.abs().max()) > 0.0
    assert not toys.small(sm.SparCode, toy_split).quantizer.codebooks.requires_grad


# --- random numbers, files ----------------------------------------------------------------------


@pytest.mark.parametrize("cls", MODELS)
def test_the_seed_alone_decides_the_weights(toy_split, cls):
    torch.manual_seed(0)
    a = toys.small(cls, toy_split, tokenizer="gru", seed=4)
    torch.manual_seed(1)
    b, c = (toys.small(cls, toy_split, tokenizer="gru", seed=s) for s in (4, 5))
    assert toys.same_weights(a, b)
    assert not toys.same_weights(a, c)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_save_and_load(toy_split, users, tmp_path, cls, tokenizer):
    own = {} if cls is sm.TwoTower else {"bias": 0.1, "scorer": "concatenation"}
    model = toys.small(cls, toy_split, tokenizer=tokenizer, **own)
    model.save(tmp_path / "model")
    again = sm.load_model(tmp_path / "model", split=toy_split)
    assert type(again) is cls
    assert again.config == model.config
    assert not again.training
    assert again.dtype == torch.float64
    assert toys.same_weights(model, again)
    assert torch.equal(again.scores(users), model.scores(users))


@pytest.mark.parametrize("cls", [sm.AllToAll, sm.SparCode])
@pytest.mark.parametrize("path", [None, True, False])
def test_every_scorer_is_saved_and_loaded(toy_split, users, tmp_path, cls, path):
    for scorer in SCORERS:
        model = toys.small(cls, toy_split, scorer=scorer, linear_path=path)
        assert ("linear_path" in model.config.to_file()) == (path is not None)
        model.save(tmp_path / "model")
        again = sm.load_model(tmp_path / "model", split=toy_split)
        assert again.config == model.config and type(again.scorer) is SCORERS[scorer]
        assert again.scorer.has_linear_path == model.scorer.has_linear_path
        assert torch.equal(again.scores(users), model.scores(users))


def test_a_model_without_data(trained, toy_split, users, tmp_path):
    trained.save(tmp_path / "model")
    model = sm.load_model(tmp_path / "model")
    for ask in (model.encode, model.tokens, model.scores):
        with pytest.raises(ValueError, match=r"loaded without data.*encode_histories"):
            ask(users)
    raw = [toy_split.item_ids[h].tolist() for h in toy_split.history(users)]
    codes = model.encode_histories(raw)
    assert torch.equal(codes.codes, trained.encode(users).codes)
    near(model.scores_of_codes(codes), trained.scores(users))
    assert model.catalogue.titles.tolist() == toy_split.titles.tolist()
    index = sm.SparseIndex.build(model, codes="all")
    assert len(index) == 6
    with pytest.raises(ValueError, match="loaded without data"):
        sm.SparseIndex.build(model)


def test_a_model_with_user_features_and_without_data(toy_split, tmp_path):
    model = toys.small(sm.SparCode, toy_split, user_features=("age", "hobbies"))
    model.save(tmp_path / "model")
    alone = sm.load_model(tmp_path / "model")
    history = [toy_split.item_ids[:4].tolist()]
    assert torch.equal(alone.encode_histories(history).codes, model.encode_histories(history).codes)
    again = sm.load_model(tmp_path / "model", split=toy_split)
    assert torch.equal(
        again.scores(["u01", toys.NO_HISTORY]), model.scores(["u01", toys.NO_HISTORY])
    )
    bare = sm.data.from_frames(
        toys.toy_ratings().interactions, items=toys.toy_ratings().items
    ).split()
    with pytest.raises(ValueError, match="user feature 'age'"):
        sm.load_model(tmp_path / "model", split=bare)


def test_precision_on_loading(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split, dtype=torch.float32)
    model.save(tmp_path / "model")
    y, double = model.scores(users), sm.load_model(tmp_path / "model", toy_split, torch.float64)
    assert y.dtype == torch.float32
    assert double.dtype == double.quantizer.codebooks.dtype == torch.float64
    assert double.scores(users).dtype == torch.float64
    same = (double.encode(users).codes == model.encode(users).codes).flatten(1).all(dim=1)
    assert float(same.double().mean()) > 0.9
    torch.testing.assert_close(double.scores(users)[same].float(), y[same], rtol=1e-4, atol=1e-5)
    double.save(tmp_path / "double")
    single = sm.load_model(tmp_path / "double", toy_split, torch.float32)
    assert toys.same_weights(single, model)
    assert sm.load_model(tmp_path / "double").dtype == torch.float64


def test_another_catalogue_is_refused(trained, tmp_path):
    trained.save(tmp_path / "model")
    other = toys.toy_ratings(n_items=59).split()
    with pytest.raises(ValueError, match="another catalogue"):
        sm.load_model(tmp_path / "model", split=other)


def test_other_item_features_are_refused(trained, toy_split, users, tmp_path):
    trained.save(tmp_path / "model")
    tables = toys.toy_ratings()
    turned = tables.items.assign(year=tables.items["year"].to_numpy()[::-1])  # the same years
    other = sm.data.from_frames(tables.interactions, tables.users, turned).split(0.2, 0.2)
    assert other.fingerprint == toy_split.fingerprint
    with pytest.raises(ValueError, match="other values of the item feature 'year'"):
        sm.load_model(tmp_path / "model", split=other)
    bare = sm.data.from_frames(
        tables.interactions, tables.users, tables.items[["item"]].assign(studio="new")
    ).split(0.2, 0.2)  # the model keeps its own features, and needs no further ones
    again = sm.load_model(tmp_path / "model", split=bare)
    assert torch.equal(again.scores(users), trained.scores(users))


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_an_interrupted_training_is_remembered_in_the_file(trained, tmp_path, stage):
    model = toys.twin(trained)
    model.stage = stage
    model.save(tmp_path / "model")
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.load_model(tmp_path / "model").encode_histories([[101]])


def test_files_that_are_no_models_are_refused(trained, trained_index, tmp_path, monkeypatch):
    path = tmp_path / "file"
    trained_index.save(path)
    with pytest.raises(ValueError, match="holds a 'sparcode-mini index'"):
        sm.load_model(path)
    trained.save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short"):
        sm.load_model(path)
    with pytest.raises(FileNotFoundError):
        sm.load_model(tmp_path / "nothing")
    trained.save(path)
    monkeypatch.delitem(load.MODELS, "SparCode")
    with pytest.raises(ValueError, match="holds a 'SparCode'; this version knows"):
        sm.load_model(path)


def test_codes_are_a_plain_pair(trained):
    codes = trained.encode(["u01"])
    assert isinstance(codes, Codes)
    assert codes == (codes.codes, codes.weights)


def test_pad():
    assert pad([np.array([3, 1]), np.array([], dtype=np.int64)]).tolist() == [[3, 1], [-1, -1]]
    assert pad([np.array([], dtype=np.int64)]).tolist() == [[-1]]


def test_a_bare_model_says_what_is_missing(toy_split):
    model = matching.MatchingModel(toy_split, tokenizer="dnn", token_dim=8)
    with pytest.raises(NotImplementedError):
        model.scores(["u01"])


def test_an_interrupted_model_scores_the_same_after_loading(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split, seed=1)

    def stop(row):
        raise KeyboardInterrupt

    sm.fit(model, toy_split, epochs=4, batch=8, on_epoch=stop)
    model.save(tmp_path / "m.safetensors")
    again = sm.load_model(tmp_path / "m.safetensors", toy_split)
    assert (again.stage, again.slope, again.quantizer_on) == ("linear", model.slope, False)
    assert torch.equal(again.scores(users), model.scores(users))


def test_someone_without_a_history_is_named(trained, toy_split):
    (empty,) = [
        user
        for user, items in zip(toy_split.user_ids, toy_split.histories("train"), strict=True)
        if len(items) == 0
    ]
    with pytest.raises(ValueError, match=f"user '{empty}' has no item"):
        trained.tokens([toy_split.user_ids[0], empty], "train")


def test_histories_that_are_none_are_refused(trained):
    with pytest.raises(ValueError, match="one list of item ids per person"):
        trained.encode_histories([101, 102])
    with pytest.raises(ValueError, match=r"item 9999 in history 0.*find_titles"):
        trained.encode_histories([[9999]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_dim": 0},
        {"history_len": 0},
        {"bias": float("nan")},
        {"beta": -1.0},
        {"restart": 5.0},
        {"probe_temperature": 0.0},
    ],
)
def test_options_that_cannot_work_are_refused(toy_split, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sm.SparCode(toy_split, "dnn", **wrong)
