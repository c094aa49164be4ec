"""Assignment A3: the code of its cells. The words are in text.md; the README explains the marks."""

# %% text title
# %% fill student
STUDENT = 1  # write your student number here

# %% setup start
import numpy as np
import pandas as pd

from sparcode_mini.course.homework.student import generator, require
from sparcode_mini.lessons.core import Case, judge, same

scores = pd.read_csv("scores.csv")  # person, model, seed, ndcg50
scores.groupby("model")["ndcg50"].agg(["count", "mean"])


# %% text q1-text
# %% answer q1
def as_table(people, seeds, values):
    """Return a table (seeds, people) of values that come in any order, both sorted by number."""
    ### BEGIN SOLUTION
    order = np.lexsort((people, seeds))
    return values[order].reshape(len(np.unique(seeds)), -1)
    ### END SOLUTION


# %% test q1-public points=1
mixed = (np.array([3, 1, 1, 3]), np.array([0, 1, 0, 1]), np.array([0.3, 0.1, 0.2, 0.4]))
require(
    judge(
        as_table,
        [Case("two people, two seeds, in any order", mixed, [[0.2, 0.3], [0.1, 0.4]])],
        "Now row i is seed i, and each column is a person.",
    )
)

# %% hidden q1-hidden points=2
rng_1 = generator(STUDENT, "a3 q1")
truth = rng_1.random((3, 20))
who = np.tile(np.sort(rng_1.choice(500, 20, replace=False)), 3)
when = np.repeat([2, 5, 11], 20)
turn = rng_1.permutation(60)
shuffled = (who[turn], when[turn], truth.ravel()[turn])
require(judge(as_table, [Case("three seeds, 20 people with gaps", shuffled, truth)], ""))


# %% text q2-text
# %% answer q2
def drawn_differences(a, b, people, seeds_a, seeds_b):
    """Return the difference of the means for each draw, (draws,).

    a (seeds, n) and b (seeds, n) hold the same people; people (draws, n), seeds_a (draws, k_a) and
    seeds_b (draws, k_b) say which columns and rows each draw takes, with repetition.
    """
    ### BEGIN SOLUTION
    drawn = zip(people, seeds_a, seeds_b, strict=True)
    return np.array([a[rows][:, n].mean() - b[others][:, n].mean() for n, rows, others in drawn])
    ### END SOLUTION


# %% test q2-public points=1
a_small, b_small = np.array([[0.2, 0.6], [0.4, 0.8]]), np.array([[0.1, 0.5]])
draw = (np.array([[0, 1], [0, 0]]), np.array([[0, 1], [1, 1]]), np.array([[0], [0]]))
require(
    judge(
        drawn_differences,
        [Case("two draws by hand", (a_small, b_small, *draw), [0.2, 0.3])],
        "The same people stand on both sides of a draw; the seeds are drawn for each model.",
    )
)

# %% hidden q2-hidden points=4
rng_2 = generator(STUDENT, "a3 q2")
a_2, b_2 = rng_2.random((3, 15)), rng_2.random((2, 15))
n_2, rows_2, others_2 = (rng_2.integers(0, high, (40, high)) for high in (15, 3, 2))
by_hand = [
    np.mean([a_2[i, j] for i in rows_2[d] for j in n_2[d]])
    - np.mean([b_2[i, j] for i in others_2[d] for j in n_2[d]])
    for d in range(40)
]
case_2 = Case("3 and 2 seeds, 15 people, 40 draws", (a_2, b_2, n_2, rows_2, others_2), by_hand)
require(judge(drawn_differences, [case_2], ""))


# %% text q3-text
# %% answer q3
def verdicts(lows, highs, margin):
    """Return a verdict for each interval: "better", "worse", "equal" or "open"."""
    ### BEGIN SOLUTION
    words = []
    for low, high in zip(lows, highs, strict=True):
        if -margin < low and high < margin:
            words.append("equal")
        elif low > 0:
            words.append("better")
        else:
            words.append("worse" if high < 0 else "open")
    return words
    ### END SOLUTION


# %% test q3-public points=1
lows, highs = np.array([0.02, -0.05, -0.02]), np.array([0.05, 0.04, 0.03])
require(
    judge(
        verdicts,
        [Case("three intervals, margin 0.01", (lows, highs, 0.01), ["better", "open", "open"])],
        "An interval that holds 0 is no proof of equality.",
    )
)

# %% hidden q3-hidden points=2
narrow = (np.array([-0.004, 0.001, -0.05, -0.009]), np.array([0.006, 0.004, -0.02, 0.02]))
require(
    judge(
        verdicts,
        [
            Case("margin 0.01", (*narrow, 0.01), ["equal", "equal", "worse", "open"]),
            Case("margin 0.002", (*narrow, 0.002), ["open", "better", "worse", "open"]),
        ],
        "",
    )
)

# %% text q4-text
# %% setup own-people
DRAWS = 2_000


def own_sample(student, frame):
    """Return the scores of 80 people of one student, and the draws (people, seeds, seeds)."""
    rng = generator(student, "a3 q4")
    chosen = rng.choice(np.sort(frame["person"].unique()), 80, replace=False)
    draws = [rng.integers(0, high, (DRAWS, high)) for high in (80, 3, 3)]
    return frame[frame["person"].isin(chosen)], draws


scores_own, (people_own, seeds_sparcode, seeds_tower) = own_sample(STUDENT, scores)

# %% answer q4
my_difference = None  # SparCode less two-tower, mean over people and seeds
my_low, my_high = None, None  # the middle 95% of the drawn differences: np.quantile


### BEGIN SOLUTION
def table_of(model):
    rows = scores_own[scores_own["model"] == model]
    return as_table(*(rows[name].to_numpy() for name in ("person", "seed", "ndcg50")))


sparcode_own, tower_own = table_of("sparcode"), table_of("two-tower")
my_difference = sparcode_own.mean() - tower_own.mean()
drawn_own = drawn_differences(sparcode_own, tower_own, people_own, seeds_sparcode, seeds_tower)
my_low, my_high = np.quantile(drawn_own, [0.025, 0.975])
### END SOLUTION

# %% test q4-public points=0
require(my_low < my_difference < my_high, "the difference lies inside its interval")

# %% hidden q4-hidden points=3
frame_4, (n_4, rows_4, others_4) = own_sample(STUDENT, scores)
wide = frame_4.pivot(index=["model", "seed"], columns="person", values="ndcg50")
a_4, b_4 = wide.loc["sparcode"].to_numpy(), wide.loc["two-tower"].to_numpy()
require(same(my_difference, a_4.mean() - b_4.mean()), "my_difference is that of other people")
left = a_4[rows_4[:, :, None], n_4[:, None, :]].mean(axis=(1, 2))
right = b_4[others_4[:, :, None], n_4[:, None, :]].mean(axis=(1, 2))
ends = np.quantile(left - right, [0.025, 0.975])
require(same([my_low, my_high], ends), "my_low and my_high are those of other draws or levels")

# %% text q5-text
# %% written q5 points=6
