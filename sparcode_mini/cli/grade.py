"""The command `sparcode-mini grade`: marks of an assignment of the course, as a table."""

import argparse
from pathlib import Path

from sparcode_mini.cli.options import real, whole
from sparcode_mini.course.parts import ROOT


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("submissions", type=Path, help="folder: one notebook or folder a student")
    sub.add_argument("--assignment", required=True, help="a1, a2 or a3")
    sub.add_argument("--out", type=Path, default=Path("grades.csv"), help="the table, a new CSV")
    sub.add_argument("--seconds", type=real(1, 3600), default=60.0, help="limit of one task")
    sub.add_argument(
        "--memory", type=whole(1, 1000), default=4, help="limit of one submission in GB (Linux)"
    )
    sub.add_argument("--root", type=Path, default=ROOT, help="the project's folder")


def run(args: argparse.Namespace) -> int:
    """Mark all submissions, and print a line for each."""
    from sparcode_mini.course.homework.data import assignments
    from sparcode_mini.course.homework.grading import Limits
    from sparcode_mini.course.homework.table import grade_folder

    known = assignments(args.root)
    if args.assignment not in known:
        raise ValueError(f"no assignment is named {args.assignment!r}; there are {list(known)}")
    limits = Limits(args.seconds, args.memory * 2**30)
    grades = grade_folder(args.submissions, known[args.assignment], args.out, limits)
    for one in grades:
        comment = f"  {one.comments[0]}" if one.comments else ""
        print(f"{one.name}: {sum(one.points.values())}{comment}")
    print(f"{args.out}: {len(grades)} submissions")
    return 0
