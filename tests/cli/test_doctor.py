from sparcode_mini.cli import doctor
from sparcode_mini.data import movielens


def test_doctor_finds_everything_in_place(run):
    assert run("doctor", "--fetch")[0] == 0


def test_doctor_says_what_is_missing(run, monkeypatch, tmp_path):
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(doctor, "OPTIONAL", ("no-such-package",))
    monkeypatch.setattr(movielens, "present", lambda: False)
    code, text = run("doctor")
    assert code == 1
    assert "NO  data" in text.out and "SPARCODE_DATA" in text.out
    monkeypatch.delenv("SPARCODE_DATA")
    assert "--fetch" in run("doctor")[1].out
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    code, text = run("doctor")
    assert "NO  no-such-package" in text.out and "pip install" in text.out
    assert "NO  model sparcode" in text.out
    code, text = run("doctor", "--fetch")
    assert code == 1 and "SPARCODE_DATA" in text.out
    (tmp_path / "sparcode.safetensors").write_bytes(b"not a model")
    assert "NO  model sparcode" in run("doctor")[1].out


def test_doctor_says_which_letters_have_a_font(monkeypatch):
    from sparcode_mini.plots import glyphs

    found = doctor._fonts()
    assert found.good and "Chinese, Japanese, Korean, emoji, Arabic, Hebrew" in found.detail
    monkeypatch.setattr(glyphs, "scripts", lambda: {"Chinese": None, "Thai": None, "Arabic": "x"})
    assert doctor._fonts() == (
        "fonts", False, f"titles in Latin, Arabic; boxes for Chinese, Thai: {glyphs.REMEDY}"
    )  # fmt: skip
