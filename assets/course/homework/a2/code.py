"""Assignment A2: the code of its cells. The words are in text.md; the README explains the marks."""

# %% text title
# %% fill student
STUDENT = 1  # write your student number here

# %% setup start
import numpy as np

from sparcode_mini.course.homework.student import generator, require
from sparcode_mini.lessons.core import Case, judge, same


def flat(index):
    """Join offsets, items and values to one row of numbers, so that they can be compared."""
    return np.concatenate([np.asarray(part, dtype=float) for part in index])


# A small table (3 codes, 4 items), and its index with nothing cut.
A_small = np.array([[0.5, -1.0, 2.0, 0.0], [-2.0, 0.0, -0.5, 0.0], [1.5, 3.0, 0.5, 1.5]])
all_entries = (
    [0, 2, 2, 6],
    [2, 0, 1, 0, 3, 2],
    [2.0, 0.5, 3.0, 1.5, 1.5, 0.5],
)


# %% text q1-text
# %% answer q1
def cut_index(A, budget):
    """Return offsets (codes + 1,), items and values of the `budget` largest positive entries.

    A (codes, I) holds S + b of each code and item.
    """
    ### BEGIN SOLUTION
    codes, items = np.nonzero(A > 0)
    values = A[codes, items]
    kept = np.lexsort((items, codes, -values))[:budget]
    codes, items, values = codes[kept], items[kept], values[kept]
    order = np.lexsort((items, -values, codes))
    lengths = np.bincount(codes, minlength=len(A))
    return np.append(0, np.cumsum(lengths)), items[order], values[order]
    ### END SOLUTION


# %% test q1-public points=1
require(
    judge(
        cut_index,
        [Case("three codes, four items, nothing is cut", (A_small, 100), flat(all_entries))],
        "The second list is empty, and its two offsets are equal.",
        join=flat,
    )
)


# %% hidden q1-hidden points=4
def expected_index(A, budget):
    entries = [(-A[k, c], k, c) for k in range(len(A)) for c in range(A.shape[1]) if A[k, c] > 0]
    kept = sorted(entries)[:budget]
    lists = [sorted((s, c) for s, j, c in kept if j == k) for k in range(len(A))]
    offsets = np.append(0, np.cumsum([len(one) for one in lists]))
    pairs = [pair for one in lists for pair in one]
    return flat((offsets, [c for _, c in pairs], [-s for s, _ in pairs]))


A_hidden = generator(STUDENT, "a2 q1").integers(-6, 7, (9, 25)) / 2.0  # many equal scores
for budget in (1, 20, 60, 1000):
    case = Case(f"9 codes, 25 items, budget {budget}", (A_hidden, budget),
                expected_index(A_hidden, budget))  # fmt: skip
    require(judge(cut_index, [case], "", join=flat))


# %% text q2-text
# %% answer q2
def largest_loss(A, index, codes):
    """Return the most that any item's score can fall for a query that reads the lists `codes`.

    A (codes, I) holds S + b, index (offsets, items, values) is a cut of it.
    """
    ### BEGIN SOLUTION
    offsets, items, _ = index
    lost = np.zeros(A.shape[1])
    for code in codes:
        dropped = np.maximum(A[code], 0.0)
        dropped[items[offsets[code] : offsets[code + 1]]] = 0.0
        lost += dropped
    return lost.max()
    ### END SOLUTION


# %% test q2-public points=1
two_kept = (np.array([0, 1, 1, 2]), np.array([2, 1]), np.array([2.0, 3.0]))
require(
    judge(
        largest_loss,
        [
            Case("item 0 loses 0.5 and 1.5", (A_small, two_kept, np.array([0, 2])), 2.0),
            Case("list 1 is empty with and without a cut", (A_small, two_kept, np.array([1])), 0.0),
        ],
        "A single item decides: the losses of different items do not add.",
    )
)

# %% hidden q2-hidden points=3
rng_2 = generator(STUDENT, "a2 q2")
A_loss = rng_2.normal(size=(7, 30)).round(3)
sizes_loss = rng_2.integers(0, 6, 7)
best_items = [np.argsort(-A_loss[k], kind="stable")[:n] for k, n in enumerate(sizes_loss)]
kept_loss = (
    np.append(0, np.cumsum(sizes_loss)),
    np.concatenate(best_items).astype(int),
    np.concatenate([A_loss[k][one] for k, one in enumerate(best_items)]),
)
for query in ([0, 1, 2, 3], [4, 4, 5, 6], [6]):
    fall = np.zeros(30)
    for k in query:
        kept_row = np.isin(np.arange(30), best_items[k])
        fall += np.where(kept_row | (A_loss[k] < 0), 0.0, A_loss[k])
    case = Case(f"a query of the codes {query}", (A_loss, kept_loss, np.array(query)), fall.max())
    require(judge(largest_loss, [case], ""))


# %% text q3-text
# %% answer q3
def rescore(index, item, scores):
    """Return the index in which `item` has the scores S + b of `scores` (codes,), and no others."""
    ### BEGIN SOLUTION
    offsets, items, values = index
    codes = np.repeat(np.arange(len(scores)), np.diff(offsets))
    others, liked = items != item, np.flatnonzero(scores > 0)
    codes = np.concatenate([codes[others], liked])
    items = np.concatenate([items[others], np.full(len(liked), item)])
    values = np.concatenate([values[others], scores[liked]])
    order = np.lexsort((items, -values, codes))
    lengths = np.bincount(codes, minlength=len(scores))
    return np.append(0, np.cumsum(lengths)), items[order], values[order]
    ### END SOLUTION


# %% test q3-public points=1
whole = tuple(np.array(part) for part in all_entries)
lists_after = ([0, 2, 3, 6], [0, 2, 2, 1, 0, 3], [0.5, 0.25, 1.0, 3.0, 1.5, 1.5])
case_3 = Case(
    "item 2 falls in list 0, comes into list 1 and leaves list 2",
    (whole, 2, np.array([0.25, 1.0, -1.0])),
    flat(lists_after),
)
require(judge(rescore, [case_3], "No other item was scored for this.", join=flat))


# %% hidden q3-hidden points=4
def all_lists(A):
    order = [np.lexsort((np.arange(len(row)), -row))[: int((row > 0).sum())] for row in A]
    values = np.concatenate([row[one] for row, one in zip(A, order, strict=True)])
    return np.append(0, np.cumsum([len(one) for one in order])), np.concatenate(order), values


rng_3 = generator(STUDENT, "a2 q3")
A_before = rng_3.integers(-4, 6, (6, 12)) / 2.0
columns = [rng_3.integers(-4, 6, 6) / 2.0, np.full(6, -1.0), np.full(6, 2.5)]
for item, column in zip((3, 0, 12), columns, strict=True):  # item 12 is new
    A_after = np.column_stack([A_before, np.full(6, -1.0)])
    A_after[:, item] = column
    case = Case(f"6 lists, item {item}", (all_lists(A_before), item, column),
                flat(all_lists(A_after)))  # fmt: skip
    require(judge(rescore, [case], "", join=flat))

# %% text q4-text
# %% setup own-table
BUDGETS = (100, 200, 400, 800, 1600, 3200)


def own_table(student):
    """Return one student's table (40 codes, 200 items), and 60 queries of 3 codes each."""
    rng = generator(student, "a2 q4")
    scores = rng.normal(size=(40, 200)) + rng.normal(size=200) - 0.5
    return scores, rng.integers(0, 40, (60, 3))


A_own, queries_own = own_table(STUDENT)

# %% answer q4
my_budget = None  # the smallest of BUDGETS that keeps 90% of the ten best items


### BEGIN SOLUTION
def ten_best(index):
    offsets, items, values = index
    answers = []
    for codes in queries_own:
        y = np.zeros(A_own.shape[1])
        for code in codes:
            entries = slice(offsets[code], offsets[code + 1])
            y[items[entries]] += values[entries]
        answers.append(set(np.argsort(-y, kind="stable")[:10].tolist()))
    return answers


uncut = ten_best(cut_index(A_own, A_own.size))
for my_budget in BUDGETS:
    answers = ten_best(cut_index(A_own, my_budget))
    if np.mean([len(a & b) / 10 for a, b in zip(answers, uncut, strict=True)]) >= 0.9:
        break
### END SOLUTION

# %% test q4-public points=0
require(my_budget in BUDGETS, f"my_budget is one of {BUDGETS}")

# %% hidden q4-hidden points=3
A_mine, queries_mine = own_table(STUDENT)
A_mine = np.maximum(A_mine, 0)
exact_ten = np.argsort(-A_mine[queries_mine].sum(1), axis=1, kind="stable")[:, :10]
kept_share = []
for budget in BUDGETS:
    least = np.sort(A_mine, axis=None)[-budget]
    cut_scores = np.where(A_mine >= least, A_mine, 0)[queries_mine].sum(1)
    cut_ten = np.argsort(-cut_scores, axis=1, kind="stable")[:, :10]
    pairs = zip(exact_ten, cut_ten, strict=True)
    kept_share.append(np.mean([len(np.intersect1d(a, b)) / 10 for a, b in pairs]))
right_budget = BUDGETS[int(np.argmax(np.array(kept_share) >= 0.9))]
require(same(my_budget, right_budget), "my_budget is another one for your table")

# %% text q5-text
# %% written q5 points=3
