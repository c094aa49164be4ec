"""MovieLens-100K in miniature, in the formats of both sources, and a stand-in for pip."""

import hashlib
import subprocess
from pathlib import Path

INTERACTIONS = "2\t1\t3\t881250949\n1\t3\t5\t881250950\n2\t4\t1\t881250949\n"


FLAGS = {"Comedy": 5, "Drama": 8, "Western": 18, "unknown": 0}


def grouplens_item(number, title, *genres):
    flags = ["0"] * 19
    for genre in genres:
        flags[FLAGS[genre]] = "1"
    return "|".join([str(number), title, "01-Jan-1995", "", "http://x", *flags]) + "\n"


GROUPLENS = {
    "u.data": INTERACTIONS.encode(),
    "u.user": b"1|24|M|technician|85711\n2|53|F|other|94043\n",
    "u.item": (
        grouplens_item(1, "Cérémonie, La (1995) ", "Drama")
        + grouplens_item(2, "unknown", "unknown")
        + grouplens_item(3, "Time of Giving, The (1995) (V)", "Comedy", "Western")
        + grouplens_item(4, "Contempt (Mépris, Le) (1963)", "Drama")
    ).encode("latin-1"),
}


WHEEL = {
    "inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + INTERACTIONS,
    "user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    "1\t24\tM\ttechnician\t85711\n2\t53\tF\tother\t94043\n",
    "item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "1\tCérémonie, La\t1995\tDrama\n2\tunkonwn\tunkonwn\tunknown\n"
    "3\tTime of Giving, The (1995)\tV\tComedy Western\n"
    "4\tContempt (Mépris, Le)\t1963\tDrama\n",
}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refuse(*args, **kwargs):
    raise AssertionError("a test must not start pip")


def fake_pip(wheel):
    """Stand in for `pip download`: copy the miniature wheel into the --dest folder."""

    def run(command, **kwargs):
        assert command[1:4] == ["-m", "pip", "download"]
        assert "--no-deps" in command and "--only-binary=:all:" in command
        destination = Path(command[command.index("--dest") + 1])
        (destination / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    return run
