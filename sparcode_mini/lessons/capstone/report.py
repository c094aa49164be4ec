"""The lines at the end of the capstone."""

from collections.abc import Sequence

from sparcode_mini.lessons.capstone.parts import SERVING, Workbench

MOST_APART = 0.02  # points: what the learner's index may differ from the library's stored value
PROBING = ("probes", *SERVING[1:])  # the quantiser gives several codes


def outcome(
    bench: Workbench, ndcg: float, stored: float, people: int, names: Sequence[str] = SERVING
) -> str:
    """Return whether the put-together index is as good as the library's, and whose it is.

    Args:
        bench: knows which parts are the learner's.
        ndcg: mean NDCG@50 of its answers.
        stored: of the library with the same model.
        people: how many were asked.
        names: of the parts that were used.
    """
    apart, yours = 100 * abs(ndcg - stored), bench.yours(names)
    others = [name for name in names if name not in yours]
    return "\n".join(
        (
            f"Your parts: {', '.join(yours) or 'none yet'}",
            f"Parts of the library: {', '.join(others) or 'none'}",
            f"NDCG@50 of {people} people: {ndcg:.4f}; stored value of the library: {stored:.4f}",
            f"Apart by {apart:.2f} points; allowed: {MOST_APART} points",
            _last_line(apart <= MOST_APART, yours, others),
        )
    )


def _last_line(passed: bool, yours: list[str], others: list[str]) -> str:
    if not passed:
        suspects = ", ".join(yours) or "the cells between the exercises"
        return (
            f"NOT YET. Something differs from the library on the real data. Look at: {suspects}. "
            "Put the library's part in its place, one at a time, such as search = parts.search"
        )
    if not yours:
        return "PASSED, but with the library's parts only. Write one of your own, and run again."
    if others:
        count = f"{len(yours)} of {len(yours) + len(others)} parts are"
        return f"PASSED. {count} yours, and the index finds as much as the library's."
    return "PASSED. This SparCode is your own, and it finds as much as the library's."
