"""Assignment A1: the code of its cells. The words are in text.md; the README explains the marks."""

# %% text title
# %% fill student
STUDENT = 1  # write your student number here

# %% setup start
import numpy as np
import torch

from sparcode_mini.course.homework.student import generator, require
from sparcode_mini.lessons.core import Case, judge, same


def nearest(T, C):
    """Return the code of each token (n,): T is (n, d), C is (N, d)."""
    return torch.cdist(T, C).argmin(dim=1)


def rows(parts):
    """Join counts, sums and codewords to one table with a row for each codeword."""
    return np.column_stack([np.asarray(part) for part in parts])


def both(parts):
    """Join the two gradients to one table: first the rows of T, then those of C."""
    return np.concatenate([np.asarray(part) for part in parts])


# %% text q1-text
# %% answer q1
def keys_of(codes, N):
    """Return the key of each code: codes (n, M) -> keys (n,), whole numbers."""
    ### BEGIN SOLUTION
    M = codes.shape[1]
    places = torch.tensor([N ** (M - 1 - m) for m in range(M)])
    return (codes * places).sum(dim=1)
    ### END SOLUTION


def codes_from(keys, M, N):
    """Return the code of each key: keys (n,) -> codes (n, M)."""
    ### BEGIN SOLUTION
    return torch.stack([keys // N ** (M - 1 - m) % N for m in range(M)], dim=1)
    ### END SOLUTION


# %% test q1-public points=1
codes = torch.tensor([[0, 0], [0, 3], [1, 0], [3, 2]])
require(judge(keys_of, [Case("M = 2, N = 4", (codes, 4), [0, 3, 4, 14])], "Now the way back."))
keys = torch.tensor([0, 3, 4, 14])
require(judge(codes_from, [Case("the same, back", (keys, 2, 4), codes)], "Both directions agree."))

# %% hidden q1-hidden points=3
digits = torch.from_numpy(generator(STUDENT, "a1 q1").integers(0, 7, (50, 3)))
numbers = digits[:, 0] * 49 + digits[:, 1] * 7 + digits[:, 2]
require(judge(keys_of, [Case("M = 3, N = 7", (digits, 7), numbers)], ""))
require(judge(codes_from, [Case("M = 3, N = 7", (numbers, 3, 7), digits)], ""))
require(judge(keys_of, [Case("M = 1: the code itself", (digits[:, :1], 7), digits[:, 0])], ""))


# %% text q2-text
# %% answer q2
def ema_step(counts, sums, T, codes, decay):
    """Return counts (N,), sums (N, d) and codewords (N, d) after one EMA step.

    T is (n, d), codes (n,) says which codeword each token chose.
    """
    ### BEGIN SOLUTION
    chosen = torch.nn.functional.one_hot(codes, len(counts)).to(T.dtype)  # (n, N)
    counts = decay * counts + (1 - decay) * chosen.sum(dim=0)
    sums = decay * sums + (1 - decay) * chosen.T @ T
    return counts, sums, sums / counts[:, None]
    ### END SOLUTION


# %% test q2-public points=1
counts, sums = torch.tensor([2.0, 1.0]), torch.tensor([[2.0, 0.0], [0.0, 3.0]])
tokens, choice = torch.tensor([[4.0, 0.0], [2.0, 2.0]]), torch.tensor([0, 0])
step_case = Case(
    "two tokens, both on codeword 0, decay 0.5 (count, sum, codeword of each)",
    (counts, sums, tokens, choice, 0.5),
    [[2.0, 4.0, 1.0, 2.0, 0.5], [0.5, 0.0, 1.5, 0.0, 3.0]],
)
require(judge(ema_step, [step_case], "A codeword that nobody chose stays in place.", join=rows))


# %% hidden q2-hidden points=4
def expected_step(counts, sums, T, codes, decay):
    new_counts, new_sums = decay * counts, decay * sums
    for token, code in zip(T, codes.tolist(), strict=True):
        new_counts[code] += 1 - decay
        new_sums[code] += (1 - decay) * token
    return rows((new_counts, new_sums, new_sums / new_counts[:, None]))


rng_2 = generator(STUDENT, "a1 q2")
T_many, S_many = (torch.from_numpy(rng_2.normal(size=(n, 3))) for n in (30, 5))
picks = torch.from_numpy(rng_2.integers(0, 4, 30))  # nobody picks 4
for decay in (0.9, 0.99):
    state = (torch.ones(5, dtype=torch.float64), S_many, T_many, picks, decay)
    case = Case(f"30 tokens, 5 codewords, decay {decay}", state, expected_step(*state))
    require(judge(ema_step, [case], "", join=rows))


# %% text q3-text
# %% answer q3
def gradients(T, C, g, beta):
    """Return the gradient of the loss at the tokens T (n, d) and at the codebook C (N, d)."""
    ### BEGIN SOLUTION
    T, C = T.clone().requires_grad_(), C.clone().requires_grad_()
    T_q = C[nearest(T.detach(), C.detach())]
    passed_on = T + (T_q - T).detach()
    codebook_loss = (T.detach() - T_q).square().mean()
    commitment = (T - T_q.detach()).square().mean()
    loss = (g * passed_on).sum() + codebook_loss + beta * commitment
    return torch.autograd.grad(loss, (T, C))
    ### END SOLUTION


# %% test q3-public points=1
easy = (
    torch.tensor([[1.0, 0.0]]),
    torch.tensor([[0.0, 0.0], [5.0, 0.0]]),
    torch.tensor([[3.0, 1.0]]),
    0.5,
)
by_hand = [[3.5, 1.0], [-1.0, 0.0], [0.0, 0.0]]
require(
    judge(
        gradients,
        [Case("one token at (1, 0), codewords (0, 0) and (5, 0)", easy, by_hand)],
        "The codeword goes to the token, the token takes the gradient of the ranking.",
        join=both,
    )
)


# %% hidden q3-hidden points=4
def expected_gradients(T, C, g, beta):
    codes = nearest(T, C)
    gap = 2 * (T - C[codes]) / T.numel()
    return both((g + beta * gap, torch.zeros_like(C).index_add(0, codes, -gap)))


rng_3 = generator(STUDENT, "a1 q3")
T_3, C_3, g_3 = (torch.from_numpy(rng_3.normal(size=(n, 4))) for n in (12, 3, 12))
for beta in (0.0, 0.25, 2.0):
    problem = (T_3, C_3, g_3, beta)
    case = Case(f"12 tokens, 3 codewords, beta {beta}", problem, expected_gradients(*problem))
    require(judge(gradients, [case], "", join=both))


# %% text q4-text
# %% setup own-tokens
def own_tokens(student):
    """Return the tokens (300, 2) of one student: five groups of unequal size."""
    rng = generator(student, "a1 q4")
    centres = rng.normal(size=(5, 2)) * 4
    group = rng.choice(5, size=300, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    return torch.from_numpy(centres[group] + rng.normal(size=(300, 2)))


T_own = own_tokens(STUDENT)

# %% answer q4
my_distortion = None  # mean squared distance of T_own to its codewords, after the last step
my_share = None  # share of T_own on the codeword that most tokens choose
### BEGIN SOLUTION
C_own = T_own[:8].clone()
state_own = torch.ones(8, dtype=torch.float64), C_own.clone()
for _ in range(30):
    *state_own, C_own = ema_step(*state_own, T_own, nearest(T_own, C_own), 0.9)
codes_own = nearest(T_own, C_own)
my_distortion = (T_own - C_own[codes_own]).square().sum(dim=1).mean().item()
my_share = torch.bincount(codes_own).max().item() / len(T_own)
### END SOLUTION

# %% test q4-public points=0
require(isinstance(my_distortion, float), "my_distortion is one number: use .item()")
require(isinstance(my_share, float), "my_share is one number between 0 and 1")

# %% hidden q4-hidden points=3
T_check = own_tokens(STUDENT)
C_check, n_check, s_check = T_check[:8], torch.ones(8, dtype=torch.float64), T_check[:8]
for _ in range(30):
    hot = torch.nn.functional.one_hot(nearest(T_check, C_check), 8).double()
    n_check, s_check = 0.9 * n_check + 0.1 * hot.sum(0), 0.9 * s_check + 0.1 * hot.T @ T_check
    C_check = s_check / n_check[:, None]
distance = torch.cdist(T_check, C_check).square().amin(1).mean().item()
largest = torch.bincount(nearest(T_check, C_check)).max().item() / 300
require(same(my_distortion, distance), "my_distortion is that of other tokens or of other steps")
require(same(my_share, largest), "my_share is that of other tokens or of other steps")

# %% text q5-text
# %% written q5 points=3
