"""The command line."""

from sparcode_mini.cli.commands import main

__all__ = ["main"]
