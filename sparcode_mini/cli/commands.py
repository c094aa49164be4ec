"""The command line: sparcode-mini train | evaluate | index | recommend | sweep | reproduce | ..."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import sparcode_mini as sm
from sparcode_mini.cli import (
    course,
    deezer,
    doctor,
    evaluate,
    grade,
    index,
    recommend,
    reproduce,
    roster,
    study,
    sweep,
    train,
    xray,
)
from sparcode_mini.cli.common import state_file
from sparcode_mini.cli.options import Parser, parsed
from sparcode_mini.tools.program import Program

COMMANDS = {
    train: "train a model and save it",
    evaluate: "rank the catalogue for every user",
    index: "build the sparse index of a SparCode model",
    recommend: "films for a person, and why",
    xray: "the same as a page: one HTML file, live in any browser",
    sweep: "train the grid over M, N and sparsity (resumable)",
    reproduce: "train and print the table (resumable)",
    study: "an experiment of a lesson (resumable)",
    deezer: "a row of the authors' table 1",
    course: "the kit for a class: editions, slides, plans, quiz, homework",
    roster: "the receipts of a class: which laptops need what",
    grade: "marks of an assignment of the course, as a table",
    doctor: "check that everything is in place",
}  # their modules have `add`, which gives the parser its options, and `run`; in the order of --help
RESUMABLE = ("sweep", "reproduce", "study", "deezer")  # the same command goes on after Ctrl-C


def run(argv: Sequence[str], program: Program) -> int:
    """Run one command.

    Args:
        argv: the words of the command.
        program: is told its name, and what is kept when it is stopped.

    Returns:
        The exit code of the command.
    """
    commands = parser()
    if argv and argv[0] in {name_of(command) for command in COMMANDS}:
        program.name = f"{program.name} {argv[0]}"  # also for what is wrong with its options
    args = parsed(commands, argv)
    program.kept = lambda: _kept(args)  # a state of before is kept from the first moment on
    for name in sm.__all__:  # loaded now, where Ctrl-C ends the process without more ado
        getattr(sm, name)
    program.working(program.kept)
    try:
        _check_paths(args)
        code: int = args.run(args)
    except ValueError as error:
        if type(error) is not ValueError:
            raise
        raise ValueError(args.parser.as_typed(str(error), args)) from error
    return code


def _check_paths(args: argparse.Namespace) -> None:
    """Refuse, before long work, files in the place of folders and folders in that of files."""
    from sparcode_mini.tools.files import refuse_folder

    folders = {name: getattr(args, name, None) for name in ("folder", "shards")}
    if (out := getattr(args, "out", None)) is not None:
        refuse_folder(out)
        _forbid_input(args, out)
        folders["out"] = out.parent
    for name, folder in folders.items():
        for place in () if folder is None else (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise ValueError(f"--{name}: {place} is a file; give a folder")


def _forbid_input(args: argparse.Namespace, out: Path) -> None:
    """Refuse to write the result over a file that the command reads."""
    model = getattr(args, "model", None)  # of `train` it is a word
    read = [args.__dict__.get(name) for name in ("data", "items", "index", "two_tower", "receipts")]
    read += [model] if isinstance(model, Path) else []
    for path in (Path(given) for given in read if given is not None):
        if path.exists() and out.exists() and out.samefile(path):
            raise ValueError(f"--out {out} is the file that is read; choose another name")


def _kept(args: argparse.Namespace) -> str:
    """Say what is kept after Ctrl-C; during its epochs `train` says it itself."""
    if args.command in RESUMABLE or getattr(args, "shards", None):
        return "what was finished is kept, run the same command to go on"
    if args.command == "train" and (state := state_file(args.out)).exists():
        return f"the state is in {state}; add --resume to go on"
    if getattr(args, "saved", False):  # after all work, in the last lines that are printed
        return f"all was done and is saved in {args.out}"
    return "nothing kept"


def name_of(command: ModuleType) -> str:
    """Return the name of a command: that of its module."""
    return command.__name__.rpartition(".")[2]


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    top = Parser(prog="sparcode-mini", description="SparCode on MovieLens-100K.")
    commands = top.add_subparsers(dest="command", required=True)
    for command, text in COMMANDS.items():
        sub = commands.add_parser(
            name_of(command),
            help=text,
            description=text,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        command.add(sub)
        sub.set_defaults(run=command.run, parser=sub)
    return top
