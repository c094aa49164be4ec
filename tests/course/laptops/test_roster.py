"""The roster: any table, damaged receipts by line, copies, and one line for whoever needs help."""

import pytest

from sparcode_mini import cli
from sparcode_mini.course.laptops import receipts
from sparcode_mini.course.laptops.check_laptop import checksum


def line(state="ok", data="data", seconds=9, laptop="0a1b2", system="win11", python="py312"):
    body = f"SPC1-{system}-{python}-{state}-{data}-{seconds}s-{laptop}"
    return f"{body}-{checksum(body)}"


@pytest.fixture
def roster(tmp_path, capsys):
    def run(content, *words, encoding="utf-8"):
        path = tmp_path / "receipts.csv"
        path.write_bytes(content.encode(encoding))
        code = cli.main(["roster", str(path), *map(str, words)])
        return code, capsys.readouterr()

    return run


def test_a_class_is_counted_and_each_need_has_a_line(roster, tmp_path):
    rows = [
        "Timestamp;Surname;First name;Your receipt",
        f"1;Lee;Ana;{line(laptop='00001')}",
        f"2;Öz;Can;{line(laptop='00002', data='nodata')}",
        f"3;Roe;Jo;{line('intelmac', 'nodata', 0, '00003', 'mac14')}",
        f"4;Poe;Al;{line(laptop='00004', seconds=90)}",
        "5;Fox;Bo;",
    ]
    code, text = roster("\n".join(rows), "--out", tmp_path / "todo.csv", encoding="cp1252")
    first, *rest, last = text.out.splitlines()
    assert code == 1
    assert first == "1 ok, 1 without data, 1 slow, 1 Intel Mac, 1 without a receipt"
    assert rest[0].startswith("line 3, Öz Can: without data. What to do: at home")
    assert rest[1].startswith("line 4, Roe Jo: Intel Mac. What to do: there is no PyTorch")
    assert len(rest) == 4 and last.startswith("saved")
    saved = (tmp_path / "todo.csv").read_text("utf-8-sig").splitlines()
    assert len(saved) == 6 and saved[1] == "2,Lee Ana,ok,,win11,py312,9"


def test_plain_lines_and_what_word_processors_do(roster):
    typed = line().replace("-", "–").lower()
    assert roster(f"My receipt: {typed}\n")[0] == 0
    assert roster(line(), encoding="utf-16")[0] == 0
    assert roster("﻿" + line())[1].out == "1 ok\n"


@pytest.mark.parametrize("place", range(5, len(line())))
def test_each_mistyped_letter_is_noticed(place):
    text = line()
    wrong = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
    with pytest.raises(ValueError, match=r"wrong or missing|no receipt"):
        receipts.parse(wrong)


def test_damaged_receipts_are_refused_by_line_and_the_others_count(roster):
    code, text = roster(f"{line()}\n{line()[:-1]}\nSPC2-x-y\n")
    assert code == 1 and text.out.startswith("1 ok, 2 damaged\n")
    assert "line 2: damaged" in text.out and "of another version of the check" in text.out


def test_the_first_line_is_counted_where_there_is_no_header(roster):
    damaged = line()[:9]
    code, text = roster(f"{damaged}\n{line()}\n")
    assert code == 1 and text.out.startswith("1 ok, 1 damaged\nline 1: damaged")
    code, text = roster(f"Ann,{line(data='nodata')}\nBo,{line(laptop='00002')}\n")
    assert text.out.startswith("1 ok, 1 without data\nline 1, Ann: without data")
    code, text = roster(f"2026-11-30 14:02,Ann,{line(data='nodata')}\n")
    assert "line 1, Ann: without data" in text.out
    code, text = roster(f"When,Who,Line\n14:02,Ann,{line(data='nodata')}\n")
    assert "line 2, Ann: without data" in text.out


def test_who_will_install_needs_the_python_of_the_stick(roster):
    rows = [line("new", "nodata", 0, f"0000{minor}", python=f"py31{minor}") for minor in (2, 3)]
    text = roster("\n".join(rows))[1].out
    assert text.startswith("1 not installed yet, 1 not installed yet, without the Python of the")
    assert (
        "line 2: not installed yet, without the Python of the stick. What to do: the stick " in text
    )


def test_copies_and_second_checks(roster):
    old, new = line(data="nodata"), line()
    code, text = roster(f"name,receipt\nAna,{old}\nAna,{new}\n")
    assert (code, text.out) == (0, "1 ok, 1 checked again\n")
    code, text = roster(f"name,receipt\nAna,{new}\nBo,{new}\nAna,{new}\n")
    assert text.out.splitlines()[0] == "1 ok, 1 with the receipt of another, 1 checked again"
    assert "line 3, Bo: with the receipt of another (the laptop of line 2)" in text.out


def test_bad_input_is_named(roster, tmp_path, capsys):
    code, text = roster("a,b\n1,2\n")
    assert code == 2 and "has no receipt" in text.err
    assert cli.main(["roster", str(tmp_path / "none.csv")]) == 2
    assert "can't be read" in capsys.readouterr().err
    code, text = roster(line(), "--out", tmp_path / "receipts.csv")
    assert code == 2 and "is the file that is read" in text.err


def test_a_name_is_no_formula(tmp_path):
    entry = receipts.judge([receipts.Row(1, "=cmd()", line())])
    assert ",'=cmd()," in receipts.as_csv(entry)
