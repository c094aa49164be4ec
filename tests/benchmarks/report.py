"""Every speed figure of the project in one run: a report with pictures, and the numbers as JSON.

    python tests/benchmarks/report.py [--quick | --brief] [--folder build/bench] [--store]

One thread, so run it on a machine that has nothing else to do. About 15 minutes; nothing fails by
the clock. --quick takes small sizes (a minute), --brief all sizes but a tenth of the time for each
figure. --store also writes assets/results/speed.json, which lesson 09 reads; a test asks that it be
neither quick nor brief.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import assignment
import construction
import encoding
import growth
import lookup
import torch
from timing import briefly, machine

import training
from sparcode_mini import results
from sparcode_mini.lessons.serving import draw_speed as plots
from sparcode_mini.lessons.serving import speed
from sparcode_mini.tools.files import save_json
from sparcode_mini.tools.progress import progress


def measure(quick: bool, brief: bool) -> dict[str, Any]:
    """All benchmarks in turn, each with its seconds."""
    parts = {
        "encoding": lambda: encoding.run(quick),
        "assignment": lambda: assignment.run(quick),
        "training": lambda: training.measure(2 if quick or brief else 10),
        "lookup": lambda: lookup.run(quick),
        "construction": lambda: construction.run(quick),
        "growth": lambda: growth.run(quick),
    }
    found: dict[str, Any] = {"about": machine(), "seconds": {}}
    for name, run in progress(parts.items(), desc="benchmarks"):
        start = time.perf_counter()
        found[name] = run()
        found["seconds"][name] = time.perf_counter() - start
    return found


def main() -> None:
    """Measure, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the report")
    parser.add_argument("--brief", action="store_true", help="a tenth of the time for each figure")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--store", action="store_true", help="also as assets/results/speed.json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with briefly(args.quick or args.brief):
        found = measure(args.quick, args.brief)
    args.folder.mkdir(parents=True, exist_ok=True)
    save_json(args.folder / "speed.json", found)
    text = speed.report(found)
    print(text)
    for name, drawn in plots.pictures(found).items():
        drawn.save(args.folder / f"{name}.png")
        text += f"\n\n![{drawn.alt}]({name}.png)"
    (args.folder / "report.md").write_text(text + "\n", "utf-8")
    if args.store:
        config = {"quick": args.quick, "brief": args.brief}
        results.store(results.RESULTS / "speed.json", config, found)
    print(f"wrote {args.folder / 'report.md'} in {sum(found['seconds'].values()):.0f} s")


if __name__ == "__main__":
    main()
