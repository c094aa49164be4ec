"""The exercises' solutions, and plausible mistakes with words that name them."""


def network(x, W, a, w):
    return w @ (W @ x + a).relu()


def ranked(S):
    return S.flatten().sort(descending=True).values


SOLUTIONS = {
    "y_of": lambda S, b: (S + b).relu().sum(0),
    "products_score": lambda Z, T_c, W, a, w: network((Z * T_c).flatten(), W, a, w),
    "flops": lambda A, share: (share * A.mean(1).square()).sum(),
    "both_get_it": lambda T, q: q + T - T.detach(),
    "bias_for": lambda S, n: -ranked(S)[n],
}
MISTAKES = [
    ("y_of", lambda S, b: (S.sum(0) + b).relu(), "One ReLU for each token"),
    ("y_of", lambda S, b: (S + b).sum(0), "ReLU is missing"),
    ("y_of", lambda S, b: (S - b).relu().sum(0), "bias is added"),
    ("y_of", lambda S, b: S.relu().sum(0) + b, "inside the ReLU"),
    ("y_of", lambda S, b: S.relu().sum(0), "b is missing"),
    ("y_of", lambda S, b: (S + b).relu(), "Sum over the tokens"),
    ("y_of", lambda S, b: (S + b).relu().sum(1), "sum over the items"),
    ("products_score", lambda Z, T, W, a, w: network((Z + T).flatten(), W, a, w), "do not add"),
    ("products_score", lambda Z, T, W, a, w: network((Z * T).T.flatten(), W, a, w), "Side by side"),
    ("products_score", lambda Z, T, W, a, w: w @ (W @ (Z * T).flatten() + a), "need their ReLU"),
    ("products_score", lambda Z, T, W, a, w: network((Z * T).flatten(), W, 0 * a, w), "offset h_0"),
    ("products_score", lambda Z, T, W, a, w: network(T.flatten(), W, a, w), "never meets"),
    (
        "products_score",
        lambda Z, T, W, a, w: network((Z * T).flatten(), W, a, w) + (Z * T).sum(),
        "linear path",
    ),
    (
        "products_score",
        lambda Z, T, W, a, w: network((Z * T).flatten(), W, a, w).reshape(1),
        "one number",
    ),
    ("flops", lambda A, share: (share * A.mean(1)).sum(), "That is L1"),
    ("flops", lambda A, share: (share * A.square().mean(1)).sum(), "after the mean"),
    ("flops", lambda A, share: (share * A.sum(1).square()).sum(), "not the sum"),
    ("flops", lambda A, share: A.mean(1).square().sum(), "hardly read"),
    ("flops", lambda A, share: A.mean(1).square().mean(), "Not the mean over the lists"),
    ("flops", lambda A, share: (share @ A).square().mean(), "not the mean of an item"),
    ("flops", lambda A, share: share * A.mean(1).square(), "sum over the lists is missing"),
    ("both_get_it", lambda T, q: T, "value of q"),
    ("both_get_it", lambda T, q: T + q, "T away again"),
    ("both_get_it", lambda T, q: q, "Nothing arrives at the token"),
    ("both_get_it", lambda T, q: T + (q - T).detach(), "Nothing arrives at the codeword"),
    ("both_get_it", lambda T, q: q.detach(), "Nothing arrives at the token"),
    ("both_get_it", lambda T, q: 2 * q + T - (q + T).detach(), "twice"),
    ("bias_for", lambda S, n: ranked(S)[n], "sign"),
    ("bias_for", lambda S, n: -ranked(S)[n - 1], "One too few"),
    ("bias_for", lambda S, n: -ranked(S).flip(0)[n], "from the largest"),
    ("bias_for", lambda S, n: -ranked(S)[n].clamp(min=0), "may be positive"),
]
