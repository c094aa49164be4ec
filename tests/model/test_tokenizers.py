"""All tokenizers: shapes, no look into the future, padding without effect."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sparcode_mini.model.tokenizers import (
    TOKENIZERS,
    AttentionBlock,
    SelfAttentionTokenizer,
    Tokenizer,
    make_tokenizer,
)
from sparcode_mini.tools.reproducible import initialise, set_dropout_rng

B, L, D, K_U, D_T = 3, 6, 8, 2, 4
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

every_kind = pytest.mark.parametrize("kind", TOKENIZERS)


def draw(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def build(kind, *, normalise=False, dropout=0.0, seed=0):
    tokenizer = make_tokenizer(
        kind,
        dim=D,
        query_tokens=K_U,
        token_dim=D_T,
        max_len=10,
        normalise=normalise,
        dropout=dropout,
    ).double()
    initialise(tokenizer, np.random.default_rng(seed))
    return tokenizer.eval()


def mask_of(*lengths, width=L):
    return torch.arange(width) < torch.tensor(lengths)[:, None]


# --- shapes -------------------------------------------------------------------------------------


@every_kind
def test_shapes(kind):
    tokenizer, H_u = build(kind), draw(1, B, L, D)
    state = (K_U, D_T) if kind == "capsules" else (D,)
    assert tokenizer.hidden(H_u).shape == (B, L, *state)
    assert tokenizer.prefixes(H_u).shape == (B, L, K_U, D_T)
    T_u = tokenizer(H_u, mask_of(6, 1, 3))
    assert T_u.shape == (B, K_U, D_T) and T_u.dtype == torch.float64
    assert tokenizer(H_u[:, :1], mask_of(1, 1, 1, width=1)).shape == (B, K_U, D_T)


@every_kind
def test_the_tokens_of_a_query_and_the_queries_differ(kind):
    T_u = build(kind)(draw(1, B, L, D), mask_of(6, 1, 3)).flatten(0, 1)
    distances = torch.cdist(T_u, T_u) + torch.eye(B * K_U)
    assert distances.min() > 1e-2


# --- no future, no padding ----------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("changed", range(L))
def test_a_later_item_never_changes_the_tokens_of_an_earlier_prefix(kind, changed):
    tokenizer, H_u = build(kind, normalise=True), draw(1, B, L, D)
    other = H_u.clone()
    other[:, changed] = 100.0 * draw(2, B, D)
    before, after = tokenizer.prefixes(H_u), tokenizer.prefixes(other)
    assert torch.equal(before[:, :changed], after[:, :changed])
    moved = (before - after).abs().amax(dim=(2, 3))[:, changed:]  # (B, L - changed)
    assert (moved > 1e-6).all()  # but it does change its own prefix and all later ones


@every_kind
def test_gradients_reach_exactly_the_items_read_so_far(kind):
    tokenizer = build(kind)
    for prefix in range(L):
        H_u = draw(1, 1, L, D).requires_grad_()
        (tokenizer.prefixes(H_u)[:, prefix] * draw(2, 1, K_U, D_T)).sum().backward()
        reach = H_u.grad[0].abs().sum(dim=1)  # (L,)
        assert (reach[: prefix + 1] > 0).all() and (reach[prefix + 1 :] == 0).all()


@every_kind
def test_each_prefix_has_the_tokens_of_the_history_that_ends_there(kind):
    tokenizer, H_u = build(kind, normalise=True), draw(1, B, L, D)
    of_prefixes = tokenizer.prefixes(H_u)
    for end in range(1, L + 1):
        alone = tokenizer(H_u[:, :end], mask_of(end, end, end, width=end))
        torch.testing.assert_close(of_prefixes[:, end - 1], alone, **CLOSE)


@every_kind
def test_forward_reads_the_prefix_at_the_last_real_position(kind):
    tokenizer, H_u = build(kind), draw(1, B, L, D)
    lengths = [6, 1, 3]
    T_u, of_prefixes = tokenizer(H_u, mask_of(*lengths)), tokenizer.prefixes(H_u)
    for query, length in enumerate(lengths):
        torch.testing.assert_close(T_u[query], of_prefixes[query, length - 1], **CLOSE)


@every_kind
def test_padding_never_changes_the_tokens(kind):
    tokenizer, H_u = build(kind), draw(1, B, L, D)
    lengths = (5, 1, 3)
    T_u = tokenizer(H_u, mask_of(*lengths))
    other = torch.where(mask_of(*lengths)[..., None], H_u, 100.0 * draw(2, B, L, D))
    assert torch.equal(tokenizer(other, mask_of(*lengths)), T_u)
    longer = torch.cat([H_u, draw(3, B, 4, D)], dim=1)
    torch.testing.assert_close(tokenizer(longer, mask_of(*lengths, width=L + 4)), T_u, **CLOSE)


@every_kind
def test_queries_do_not_see_each_other(kind):
    tokenizer, H_u = build(kind), draw(1, B, L, D)
    together = tokenizer(H_u, mask_of(6, 2, 3))
    for query, length in enumerate((6, 2, 3)):
        alone = tokenizer(H_u[query : query + 1], mask_of(length))
        torch.testing.assert_close(together[query : query + 1], alone, **CLOSE)


@pytest.mark.parametrize(
    ("kind", "minds"), [("dnn", 0), ("gru", 1), ("self-attention", 1), ("capsules", 0)]
)
def test_which_tokenizers_mind_the_order(kind, minds):
    tokenizer, H_u = build(kind), draw(1, B, L, D)
    whole = mask_of(L, L, L)
    change = (tokenizer(H_u, whole) - tokenizer(H_u[:, [1, 0, 2, 4, 5, 3]], whole)).abs().max()
    assert change > 1e-3 if minds else change < 1e-12


# --- normalised tokens --------------------------------------------------------------------------


@every_kind
def test_normalise_gives_each_token_mean_0_and_variance_1(kind):
    T = build(kind, normalise=True).prefixes(draw(1, B, L, D))
    raw = build(kind).prefixes(draw(1, B, L, D))
    assert raw.mean(dim=-1).abs().max() > 0.01
    assert T.mean(dim=-1).abs().max() < 1e-12
    spread = raw.var(dim=-1, correction=0)  # (B, L, K_u); 1e-5 keeps the division finite
    torch.testing.assert_close(T.var(dim=-1, correction=0), spread / (spread + 1e-5), **CLOSE)
    assert (T.var(dim=-1, correction=0) - 1).abs().max() < 0.02
    plain = (raw - raw.mean(dim=-1, keepdim=True)) / (spread + 1e-5).sqrt()[..., None]
    torch.testing.assert_close(T, plain, **CLOSE)


# --- what each kind computes --------------------------------------------------------------------


def test_dnn_by_hand():
    tokenizer, H_u = build("dnn"), draw(1, 1, L, D)
    mean = H_u[0, :3].mean(dim=0)
    mean = (mean - mean.mean()) / (mean.var(correction=0) + 1e-5).sqrt()
    first, _, second = tokenizer.net
    hidden = mean + second.weight @ (first.weight @ mean + first.bias).relu() + second.bias
    torch.testing.assert_close(tokenizer.hidden(H_u)[0, 2], hidden, **CLOSE)


def test_gru_equals_a_cell_that_steps_through_the_history():
    tokenizer, H_u = build("gru"), draw(1, B, L, D)
    cell = nn.GRUCell(D, D).double()
    cell.load_state_dict(
        {name.removesuffix("_l0"): value for name, value in tokenizer.gru.state_dict().items()}
    )
    state = torch.zeros(B, D, dtype=torch.float64)
    for step in range(L):
        state = cell(H_u[:, step], state)
        torch.testing.assert_close(
            tokenizer.hidden(H_u)[:, step], F.layer_norm(state, (D,)), **CLOSE
        )


def attention_block(heads=2):
    block = AttentionBlock(D, heads, dropout=0.0).double()
    initialise(block, np.random.default_rng(3))
    return block.eval()


def test_attention_rows_sum_to_one_and_see_no_future():
    weights = attention_block().attention(draw(1, B, L, D))
    assert weights.shape == (B, 2, L, L)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(B, 2, L).double(), **CLOSE)
    assert (weights.triu(1) == 0).all() and (weights >= 0).all()
    assert (weights[:, :, 0, 0] == 1).all()
    past = torch.ones(L, L, dtype=torch.bool).tril()
    assert (weights[:, :, past] > 0).all()


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_block_equals_the_layer_of_torch(heads):
    block, x = attention_block(heads), draw(1, B, L, D)
    theirs = nn.TransformerEncoderLayer(
        D, heads, 2 * D, dropout=0.0, norm_first=True, batch_first=True, dtype=torch.float64
    )
    theirs.load_state_dict(
        {
            "self_attn.in_proj_weight": block.qkv.weight,
            "self_attn.in_proj_bias": block.qkv.bias,
            "self_attn.out_proj.weight": block.out.weight,
            "self_attn.out_proj.bias": block.out.bias,
            "linear1.weight": block.ff[0].weight,
            "linear1.bias": block.ff[0].bias,
            "linear2.weight": block.ff[2].weight,
            "linear2.bias": block.ff[2].bias,
            **{f"norm1.{k}": v for k, v in block.norm_attention.state_dict().items()},
            **{f"norm2.{k}": v for k, v in block.norm_ff.state_dict().items()},
        }
    )
    future = torch.ones(L, L, dtype=torch.bool).triu(1)
    torch.testing.assert_close(block(x), theirs(x, src_mask=future), **CLOSE)


def test_self_attention_scales_embeddings_adds_positions_and_normalises_at_the_end():
    tokenizer, H_u = build("self-attention"), draw(1, B, L, D)
    assert len(tokenizer.blocks) == 2
    x = H_u * D**0.5 + tokenizer.positions.weight[:L]
    for block in tokenizer.blocks:
        x = block(x)
    torch.testing.assert_close(tokenizer.hidden(H_u), F.layer_norm(x, (D,)), **CLOSE)


# --- dropout ------------------------------------------------------------------------------------


@every_kind
def test_dropout_acts_in_training_only_and_its_generator_decides(kind):
    tokenizer, H_u = build(kind, dropout=0.5), draw(1, B, L, D)
    quiet = tokenizer.prefixes(H_u)
    assert torch.equal(quiet, build(kind, dropout=0.0).prefixes(H_u))

    def noisy(seed):
        set_dropout_rng(tokenizer.train(), np.random.default_rng(seed))
        return tokenizer.prefixes(H_u)

    assert torch.equal(noisy(1), noisy(1))
    assert not torch.allclose(noisy(1), noisy(2))
    assert not torch.allclose(noisy(1), quiet)


# --- errors -------------------------------------------------------------------------------------


@every_kind
def test_an_empty_history_is_named(kind):
    with pytest.raises(ValueError, match="the history of query 1 is empty; give at least one item"):
        build(kind)(draw(1, B, L, D), mask_of(2, 0, 0))


@pytest.mark.parametrize("max_len", [1, 5])
def test_a_history_longer_than_the_table_of_positions(max_len):
    # With one position torch would spread it over all embeddings without a word.
    tokenizer = SelfAttentionTokenizer(D, K_U, D_T, False, 0.0, max_len=max_len).double()
    expected = f"a history of 6 embeddings; max_len is {max_len}: keep the newest {max_len}"
    with pytest.raises(ValueError, match=expected):
        tokenizer.prefixes(draw(1, B, L, D))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "cnn"}, "tokenizer 'cnn' is unknown; .* dnn, gru, self-attention, capsules"),
        ({"query_tokens": 0}, "query_tokens = 0; a query needs at least one token"),
        ({"dim": 7}, "dim = 7 can't be split over heads = 2; choose a divisor"),
        ({"dropout": 1.0}, r"dropout is 1.0; it must lie in \[0, 1\)"),
    ],
)
def test_tokenizers_that_do_not_exist(change, message):
    options = {"kind": "self-attention", "dim": 8, "query_tokens": 2, "token_dim": 4} | {
        "max_len": 5,
        "normalise": True,
        "dropout": 0.1,
    }
    with pytest.raises(ValueError, match=message):
        make_tokenizer(**options | change)


def test_the_base_class_leaves_the_summary_open():
    with pytest.raises(NotImplementedError):
        Tokenizer(D, K_U, D_T, False).hidden(draw(1, B, L, D).float())
