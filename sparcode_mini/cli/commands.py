"""The command line: sparcode-mini train | evaluate | index | recommend | sweep | reproduce | ..."""

import argparse
import sys
from collections.abc import Sequence

from sparcode_mini.cli import (
    deezer,
    doctor,
    evaluate,
    index,
    recommend,
    reproduce,
    study,
    sweep,
    train,
)
from sparcode_mini.cli.common import state_file

COMMANDS = {
    train: "train a model and save it",
    evaluate: "rank the catalogue for every user",
    index: "build the sparse index of a SparCode model",
    recommend: "films for a person, and why",
    sweep: "train the grid over M, N and sparsity (resumable)",
    reproduce: "train and print the table (resumable)",
    study: "an experiment of a lesson (resumable)",
    deezer: "a row of the authors' table 1",
    doctor: "check that everything is in place",
}  # their modules have `add`, which gives the parser its options, and `run`; in the order of --help
RESUMABLE = ("sweep", "reproduce", "study", "deezer")  # the same command goes on after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error that the user can mend ends in one line and exit code 2.

    Returns:
        0 on success, 1 if something is wrong (doctor), 2 on bad input, 130 on Ctrl-C.
    """
    args = parser().parse_args(argv)
    try:
        _check_paths(args)
        code: int = args.run(args)
    except (ValueError, KeyError, FileNotFoundError, RuntimeError, OSError, ImportError) as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f"sparcode-mini {args.command}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; {_kept(args)}", file=sys.stderr)
        return 130
    return code


def _check_paths(args: argparse.Namespace) -> None:
    """Refuse, before long work, files in the place of folders and folders in that of files."""
    from sparcode_mini.tools.files import refuse_folder

    folders = {name: getattr(args, name, None) for name in ("folder", "shards")}
    if (out := getattr(args, "out", None)) is not None:
        refuse_folder(out)
        folders["out"] = out.parent
    for name, folder in folders.items():
        for place in () if folder is None else (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise ValueError(f"--{name}: {place} is a file; give a folder")


def _kept(args: argparse.Namespace) -> str:
    """Say what is kept after Ctrl-C; during its epochs `train` says it itself."""
    if args.command in RESUMABLE or getattr(args, "shards", None):
        return "what was finished is kept, run the same command to go on"
    if args.command == "train" and (state := state_file(args.out)).exists():
        return f"the state is in {state}; add --resume to go on"
    return "nothing kept"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    top = argparse.ArgumentParser(prog="sparcode-mini", description="SparCode on MovieLens-100K.")
    commands = top.add_subparsers(dest="command", required=True)
    for command, text in COMMANDS.items():
        sub = commands.add_parser(
            command.__name__.rpartition(".")[2],
            help=text,
            description=text,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        command.add(sub)
        sub.set_defaults(run=command.run)
    return top


if __name__ == "__main__":
    sys.exit(main())
