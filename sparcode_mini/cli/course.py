"""The command `sparcode-mini course`: the kit for a class, whole or in part."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sparcode_mini.course.parts import PARTS, ROOT, TRANSLATED, WHEN_NAMED, writer
from sparcode_mini.tools.language import language, speaking, translated

BUILD = Path("build") / "course"


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    names = "".join(f"\n  {name:<10} {words}" for name, words in PARTS.items())
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.epilog = f"parts:{names}"
    sub.add_argument("part", nargs="*", metavar="PART", help=f"default: all; {', '.join(PARTS)}")
    sub.add_argument(
        "--folder", type=Path, default=BUILD, help="where the parts go, each in a folder of its own"
    )
    sub.add_argument("--root", type=Path, default=ROOT, help="the project's folder")


def run(args: argparse.Namespace) -> int:
    """Write the parts, one after the other; one that fails does not keep the others from it."""
    unknown = [name for name in args.part if name not in PARTS]
    if unknown:
        raise ValueError(f"no part is named {unknown[0]!r}; there are {', '.join(PARTS)}")
    failed = {}
    for name in args.part or [name for name in PARTS if name not in WHEN_NAMED]:
        start = time.perf_counter()
        folder = args.folder / name
        spoken = language() if name in TRANSLATED else "en"
        if spoken != language():
            print(translated(f"{name}: in English only"), flush=True)
        try:
            with speaking(spoken):
                writer(name)(folder, args.root)
        except ModuleNotFoundError as error:
            failed[name] = f"needs {error.name}: pip install 'sparcode-mini[lab,site,course]'"
            continue
        except (ValueError, OSError) as error:
            failed[name] = str(error)
            continue
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        seconds = time.perf_counter() - start
        print(f"{folder}: {size / 1e6:.1f} MB, {seconds:.0f} s", flush=True)
    if failed:
        lines = "\n".join(f"  {name}: {reason}" for name, reason in failed.items())
        raise ValueError(f"not made, or not whole:\n{lines}")
    return 0
