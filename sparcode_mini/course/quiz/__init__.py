"""The quiz: questions whose wrong answers are real misconceptions, each with its reply.

People write the questions in `assets/course/quiz/NN.toml`. In the order of the flow: `schema` reads
a file, `items` is one question, `bank` has all of them and the tests that are made of them.
`moodle`, `gift`, `qti`, `poll` and `paper` write them, `course.pdf` prints, `build` calls these.
`panel.Quiz` asks them in a notebook.

``python -m sparcode_mini.course.quiz`` stores the numbers of all questions for the notebooks.
"""

from pathlib import Path


def write(out: Path, root: Path) -> None:
    """Write the quiz in all its forms.

    Args:
        out: folder of the files.
        root: the project's folder.

    Raises:
        ValueError: an item is wrong, or there is no browser to print with; what was written before
            stays.
    """
    from sparcode_mini.course.quiz.build import write_all  # it needs what pages are made with

    write_all(out, root)
