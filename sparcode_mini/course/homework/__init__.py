"""The assignments of the course and the project: editions for students and graders, and marks.

`source` reads an assignment, `data` finds all of them, `editions` turns one into notebooks,
`samples` into submissions with known marks, and `build` writes all files. `grading` marks one
submission, with `process`, `child` and `values` around its code, and `table` a whole class.
`student` is what the notebooks of the students use.
"""

from pathlib import Path


def write(out: Path, root: Path) -> None:
    """Write the part; see `build`."""
    from sparcode_mini.course.homework.build import write_part  # students don't need it

    write_part(out, root)
