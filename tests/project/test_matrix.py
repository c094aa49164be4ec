"""The matrix of `make test-matrix` asks for what the machine has and fails when a run fails."""

import sys

import pytest

import matrix


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        ("DEFAULT", ("default",)),
        ("AVX2", ("default", "avx2")),
        ("AVX512", ("default", "avx2", "avx512")),
        ("SVE256", ("default",)),  # an ARM machine
    ],
)
def test_settings_that_take_effect(best, expected) -> None:
    assert matrix.supported(best) == expected


def test_the_machine_is_asked_without_the_variable(monkeypatch) -> None:
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    names = {name for name in matrix.supported(matrix.best_capability())}
    assert "default" in names


def test_notebooks_are_run_when_there_are_any(tmp_path) -> None:
    assert len(matrix.commands(tmp_path)) == 1
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/00_x.ipynb").touch()
    assert "--nbval" in matrix.commands(tmp_path)[1]


def test_a_run_gets_its_setting() -> None:
    code = (
        "import os, sys; sys.exit([os.environ[n] for n in ('ATEN_CPU_CAPABILITY',"
        "'OMP_NUM_THREADS', 'MKL_NUM_THREADS')] != ['avx2', '2', '2'])"
    )
    assert matrix.run([sys.executable, "-c", code], "avx2", 2)
    assert not matrix.run([sys.executable, "-c", code], "avx2", 1)


@pytest.mark.parametrize("fails", [None, "avx2"])
def test_one_failure_fails_all_and_the_rest_still_runs(fails, monkeypatch, capsys) -> None:
    seen = []

    def run(command, capability, threads):
        seen.append((capability, threads))
        return capability != fails

    monkeypatch.setattr(matrix, "run", run)
    monkeypatch.setattr(matrix, "best_capability", lambda: "AVX2")
    monkeypatch.setattr(matrix, "commands", lambda root: [["pytest"]])
    assert matrix.main() == (1 if fails else 0)
    assert seen == [("default", 1), ("default", 2), ("avx2", 1), ("avx2", 2)]
    out = capsys.readouterr().out
    assert "avx512, threads=1: skipped" in out
    assert ("failed for" in out) is bool(fails)
