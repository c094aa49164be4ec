"""The tests that students see in a1 refuse the slips that they are likely to make."""

import pytest

from sparcode_mini.course.homework.data import assignments
from sparcode_mini.course.parts import ROOT

CELLS = assignments(ROOT)["a1"].cells
KEYS = "return (codes * places).sum(dim=1)"
CODES = "return torch.stack([keys // N ** (M - 1 - m) % N for m in range(M)], dim=1)"
COUNTS = "counts = decay * counts + (1 - decay) * chosen.sum(dim=0)"
SUMS = "sums = decay * sums + (1 - decay) * chosen.T @ T"
LOSS = "loss = (g * passed_on).sum() + codebook_loss + beta * commitment"
GRADIENTS = "return torch.autograd.grad(loss, (T, C))"
SLIPS = {
    "keys of two digits only": ("q1", {KEYS: "return codes[:, 0] * N + codes[:, 1]"}),
    "keys with a point": ("q1", {KEYS: "return (codes * places).sum(dim=1).double()"}),
    "codes of two digits only": ("q1", {CODES: "return torch.stack([keys // N, keys % N], 1)"}),
    "codes with a point": ("q1", {CODES: CODES + ".double()"}),
    "decay and 1 - decay exchanged": (
        "q2",
        {
            COUNTS: "counts = (1 - decay) * counts + decay * chosen.sum(dim=0)",
            SUMS: "sums = (1 - decay) * sums + decay * chosen.T @ T",
        },
    ),
    "the counts with decay twice": ("q2", {COUNTS: COUNTS.replace("(1 - decay)", "decay")}),
    "the sums with decay twice": ("q2", {SUMS: SUMS.replace("(1 - decay)", "decay")}),
    "a mean over d only": (
        "q3",
        {LOSS: "loss = (g * passed_on).sum() + len(T) * (codebook_loss + beta * commitment)"},
    ),
    "the ranking divided by n": ("q3", {LOSS: LOSS.replace(".sum()", ".sum() / len(T)")}),
    "one token overwrites the other": (
        "q3",
        {
            GRADIENTS: "at_C, near = torch.zeros_like(C), nearest(T.detach(), C.detach())\n"
            "    at_C[near] = (2 * (T_q - T) / T.numel()).detach()\n"
            "    return torch.autograd.grad(loss, T)[0], at_C.detach()"
        },
    ),
    "a negative distortion": ("q4", {"len(T_own)\n": "len(T_own)\nmy_distortion = -5.0\n"}),
    "a share above 1": ("q4", {"len(T_own)\n": "len(T_own)\nmy_share = 17.0\n"}),
    "a share below 1/8": ("q4", {"len(T_own)\n": "len(T_own)\nmy_share = 0.1\n"}),
}


def run_public(task: str, changes: dict[str, str]) -> None:
    """Run the cells up to the public test of a task, with a solution that is changed.

    Raises:
        AssertionError: the public test refuses the solution.
    """
    names: dict[str, object] = {}
    for cell in CELLS:
        source = cell.source
        if (cell.kind, cell.name) == ("answer", task):
            for old, new in changes.items():
                assert source.count(old) == 1, f"the solution of {task} has no {old!r}"
                source = source.replace(old, new)
        if cell.name == f"{task}-public":
            test = source
            break
        if cell.kind in ("setup", "fill", "answer"):
            exec(source, names)
    exec(test, names)


@pytest.mark.parametrize("task", ["q1", "q2", "q3", "q4"])
def test_the_solution_passes(task):
    run_public(task, {})


@pytest.mark.parametrize(("task", "changes"), SLIPS.values(), ids=list(SLIPS))
def test_a_slip_is_refused(task, changes):
    with pytest.raises(AssertionError, match=r"Not yet|torch\.int64|is above 0|between 1/8"):
        run_public(task, changes)
