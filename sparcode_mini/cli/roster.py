"""The command `sparcode-mini roster`: the receipts of a class, counted; what each laptop needs."""

import argparse
from pathlib import Path

from sparcode_mini.course.laptops import receipts
from sparcode_mini.tools.files import atomic_write


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    text = "CSV in which one column holds the receipts, or a text file with one receipt a line"
    sub.add_argument("receipts", type=Path, help=text)
    sub.add_argument("--out", type=Path, help="also write all rows with what is to be done, as CSV")


def run(args: argparse.Namespace) -> int:
    """Print the counts and a line for whoever needs something; return 1 if somebody does."""
    entries = receipts.judge(receipts.read(args.receipts))
    needy = [entry for entry in entries if entry.kind not in receipts.FINE]
    print(receipts.summary(entries))
    for entry in needy:
        print(receipts.advice(entry))
    if args.out is not None:
        atomic_write(args.out, receipts.as_csv(entries).encode("utf-8-sig"))  # for Excel
        print(f"saved {args.out}")
    return 1 if needy else 0
