"""Files are whole or refused, and a failed save changes nothing."""

import contextlib
import errno
import json
import os
import stat

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparcode_mini.tools.files import (
    atomic_write,
    file_digest,
    load_json,
    load_tensors,
    remembered,
    save_json,
    save_tensors,
)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": np.array([1, -2], dtype=np.int64)}
    save_tensors(path, tensors, {"N": 3, "title": "Amélie"}, kind="model", version=2)
    return path


# --- atomic_write


def test_atomic_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    assert atomic_write(path, b"old") == path
    atomic_write(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert _names(path.parent) == ["file"]


class _Stop(BaseException):
    """Like KeyboardInterrupt, not an Exception."""


@pytest.mark.parametrize("error", [RuntimeError, _Stop])
def test_an_interrupted_writer_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half(file):
        file.write(b"ne")
        raise error

    with pytest.raises(error):
        atomic_write(path, half)
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["file"]


def test_a_failing_rename_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def refuse(*args, **kwargs):
        raise OSError("disk gone")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk gone"):
        save_tensors(saved, {"a": torch.zeros(9)}, {}, kind="model", version=2)
    assert saved.read_bytes() == before
    assert _names(saved.parent) == [saved.name]


def test_a_failing_write_of_a_new_file_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match=r"file can't be written .no space.; choose another place"):
        atomic_write(tmp_path / "file", b"x")
    assert _names(tmp_path) == []


def test_a_full_disk_is_named_with_its_remedy(tmp_path):
    def refuse(file):
        file.write(b"begun")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"file can't be written .No space .*; free some space, or"):
        atomic_write(tmp_path / "file", refuse)
    assert _names(tmp_path) == []


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "plays.csv").touch()
    with pytest.raises(OSError, match=r"plays.csv/a/b can't be written"):
        atomic_write(tmp_path / "plays.csv" / "a" / "b", b"x")


def test_the_folder_sync_may_be_unsupported(tmp_path, monkeypatch):
    real = os.fsync

    def no_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError("not on this file system")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", no_folders)
    assert atomic_write(tmp_path / "file", b"x").read_bytes() == b"x"


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")
def test_permissions_and_links_stay(tmp_path):
    path = tmp_path / "file"
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    atomic_write(path, b"1")
    assert path.stat().st_mode == plain.stat().st_mode  # readable as any new file
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path)
    atomic_write(link, b"2")
    assert link.is_symlink()
    assert path.read_bytes() == b"2"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        atomic_write(tmp_path, b"x")


# --- tensors


def test_tensors_come_back(saved):
    tensors, meta = load_tensors(saved, kind="model", version=2)
    assert meta == {"N": 3, "title": "Amélie"}
    assert sorted(tensors) == ["a", "b"]
    assert torch.equal(tensors["a"], torch.arange(6.0).reshape(2, 3))
    assert torch.equal(tensors["b"], torch.tensor([1, -2]))


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.bool_, np.uint8, np.int32, np.int64, np.float16, np.float64]),
        shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    )
)
def test_any_array_comes_back_bit_by_bit(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("any") / "x"
    save_tensors(path, {"x": array, "t": torch.from_numpy(array)}, {}, kind="k", version=1)
    tensors, _ = load_tensors(path, "k", 1)
    for name in ("x", "t"):
        back = tensors[name].numpy()
        assert (back.dtype, back.shape, back.tobytes()) == (
            array.dtype,
            array.shape,
            array.tobytes(),
        )


def test_views_shared_memory_and_gradients_are_copied(tmp_path):
    base = torch.arange(12.0, requires_grad=True).reshape(3, 4)
    tensors = {
        "transposed": base.T,
        "same": base,
        "column": base[:, 1],
        "reversed": np.arange(4)[::-1],
        "half": base.detach().to(torch.bfloat16),
    }
    path = save_tensors(tmp_path / "x", tensors, {}, kind="k", version=1)
    back, _ = load_tensors(path, "k", 1)
    assert torch.equal(back["transposed"], base.T)
    assert torch.equal(back["column"], base[:, 1])
    assert back["reversed"].tolist() == [3, 2, 1, 0]
    assert back["half"].dtype == torch.bfloat16
    assert not back["same"].requires_grad


def test_a_log_with_nan_can_be_saved(tmp_path):
    path = save_tensors(tmp_path / "x", {}, {"best": float("-inf")}, kind="k", version=1)
    assert load_tensors(path, "k", 1)[1] == {"best": float("-inf")}


@pytest.mark.parametrize(
    ("tensors", "meta", "version", "message"),
    [
        ({"bad": np.array(["a"])}, {}, 1, "'bad'"),
        ({}, {"n": np.int64(3)}, 1, "meta can't be written as JSON"),
        ({}, {}, 0, "version is 0"),
        ({}, {"a": {1: 2, "1": 3}}, 1, "names '1' twice"),
        ({"__metadata__": np.zeros(1)}, {}, 1, "could not be read again"),
        ({"a": np.zeros([1] * 17)}, {}, 1, "no small lists of counts"),
        ({"a": torch.zeros(2).to_sparse()}, {}, 1, "tensor 'a' can't be stored"),
        ({"a": np.array([2], np.uint8).view(bool)}, {}, 1, "neither 0 nor 1"),
    ],
)
def test_what_cannot_be_stored_is_named(tmp_path, tensors, meta, version, message):
    with pytest.raises(ValueError, match=message):
        save_tensors(tmp_path / "x", tensors, meta, kind="k", version=version)
    assert _names(tmp_path) == []


NAMES = st.one_of(st.sampled_from(["a", "__metadata__", "", "ä/\0"]), st.text(max_size=3))
SHAPES = st.lists(st.sampled_from([0, 1, 2, 2**40]), max_size=18).filter(
    lambda shape: 0 in shape or np.prod(shape) < 2**10
)
METAS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=2), st.integers(0, 2)), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(NAMES, SHAPES, max_size=3),
    st.sampled_from([torch.float32, torch.bool, torch.int64, torch.complex64]),
    st.dictionaries(st.text(max_size=2), METAS, max_size=3),
    st.one_of(st.text(max_size=3), st.just("k")),
    st.sampled_from([1, 2, 10**6]),
)
def test_what_is_saved_can_be_loaded(tmp_path_factory, shapes, dtype, meta, kind, version):
    path = tmp_path_factory.mktemp("file") / "x"
    tensors = {}
    for name, shape in shapes.items():
        empty = torch.empty(0, dtype=dtype)
        with contextlib.suppress(RuntimeError):  # torch has no shape beyond 2**63
            tensors[name] = torch.zeros(shape, dtype=dtype) if 0 not in shape else empty.view(shape)
    try:
        save_tensors(path, tensors, meta, kind=kind, version=version)
    except ValueError:
        assert not path.exists()
        return
    back, meta_back = load_tensors(path, kind, version)
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in tensors.items()}
    assert json.dumps(meta_back, sort_keys=True) == json.dumps(
        json.loads(json.dumps(meta)), sort_keys=True
    )


def test_equal_content_gives_equal_bytes(tmp_path):
    for name, meta in (
        ("x", {"a": 1, "b": {"c": 2, "d": 3}}),
        ("y", {"b": {"d": 3, "c": 2}, "a": 1}),
    ):
        save_tensors(tmp_path / name, {}, meta, kind="k", version=1)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_missing_file(tmp_path):
    for load in (lambda p: load_tensors(p, "model", 1), load_json):
        with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere"):
            load(tmp_path / "nowhere")


def test_wrong_kind(saved):
    with pytest.raises(ValueError, match=r"model\.safetensors: it holds a 'model', not a 'index'"):
        load_tensors(saved, kind="index", version=2)


def test_newer_version_is_refused_and_older_is_read(saved):
    with pytest.raises(ValueError, match=r"layout 2 .* up to 1; update sparcode-mini"):
        load_tensors(saved, kind="model", version=1)
    assert load_tensors(saved, kind="model", version=3)[1]["N"] == 3


def test_every_truncation_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut short") as caught:
            load_tensors(saved, kind="model", version=2)
        assert str(saved) in str(caught.value)


def test_every_flipped_byte_is_refused(saved):
    whole = saved.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        saved.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"model\.safetensors"):
            load_tensors(saved, kind="model", version=2)


def test_a_flipped_bit_in_the_numbers_is_found_by_the_checksum(saved):
    damaged = bytearray(saved.read_bytes())
    damaged[-1] ^= 1
    saved.write_bytes(damaged)
    with pytest.raises(ValueError, match="checksum"):
        load_tensors(saved, kind="model", version=2)


def test_changed_meta_is_found_by_the_checksum(saved):
    saved.write_bytes(saved.read_bytes().replace(rb"\"N\": 3", rb"\"N\": 4"))
    with pytest.raises(ValueError, match="checksum"):
        load_tensors(saved, kind="model", version=2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty or cut short"),
        (b"PK\x03\x04 a zip archive, as torch.save writes", "is not a safetensors file"),
        (b'{"a": "json file with some length"}', "is not a safetensors file"),
        ((20).to_bytes(8, "little") + b"{no json at all....}", "header can't be read"),
        ((15).to_bytes(8, "little") + b'{"a": [1, 2, 3]}', "header can't be read"),
    ],
)
def test_foreign_files(tmp_path, content, message):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_tensors(path, "model", 1)
    assert str(path) in str(caught.value)


def test_safetensors_of_another_program(tmp_path):
    path = tmp_path / "theirs"
    safetensors.torch.save_file({"w": torch.ones(2)}, path)
    with pytest.raises(ValueError, match="none of sparcode-mini"):
        load_tensors(path, "model", 1)


# --- JSON


def test_json_round_trip_is_readable(tmp_path):
    obj = {"title": "Amélie", "list": [1, 2.5, None]}
    path = save_json(tmp_path / "x.json", obj)
    assert load_json(path) == obj
    assert path.read_text(encoding="utf-8") == json.dumps(obj, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("obj", [{"x": float("nan")}, {"x": np.zeros(2)}, {1, 2}])
def test_json_refuses_what_it_cannot_hold(tmp_path, obj):
    path = save_json(tmp_path / "x.json", {"old": True})
    with pytest.raises(ValueError, match="can't be written as JSON"):
        save_json(path, obj)
    assert load_json(path) == {"old": True}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": ', "Expecting value"),
        (b"", "Expecting value"),
        (b"\0" * 200, "NUL bytes"),
        (b"[]", r"it holds \[\]"),
        (b"null", "it holds None"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": NaN}', "it holds NaN"),
        (b'{"a": -1e999}', "it holds -1e999"),
        (b'\xef\xbb\xbf{"a": 1}', "BOM"),
        (b'{"a": "\xe9"}', "utf-8"),
        (b'{"a": 1, "b": {"x": 1, "x": 2}}', "it names 'x' twice"),
        (b'{"a": "\\udc00"}', "half a letter"),
    ],
)
def test_damaged_json(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    for load in (load_json, lambda p: remembered(p, {}, dict)):
        with pytest.raises(ValueError, match=message) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path} is not a JSON file")
        assert "delete it" in str(caught.value) and "\n" not in str(caught.value)


def test_whole_letters_written_in_halves_are_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b'{"a": "\\ud83c\\udfac"}')
    assert load_json(path) == {"a": "\N{CLAPPER BOARD}"}


@pytest.mark.parametrize(("form", "result"), [(dict, [1]), (list, {"a": 1}), (dict, "text")])
def test_a_kept_result_of_another_form_is_refused(tmp_path, form, result):
    path = save_json(tmp_path / "part.json", {"asked": 1, "result": result})
    with pytest.raises(ValueError, match=r"part\.json is the result of another .*delete it"):
        remembered(path, 1, dict, form=form)


def test_a_result_is_remembered_for_its_question_only(tmp_path):
    path, calls = tmp_path / "part.json", []

    def make():
        calls.append(1)
        return {"rows": [len(calls)]}

    asked = {"rates": (1e-3, 3e-3), "model": "ab"}
    assert remembered(path, asked, make) == {"rows": [1]}
    assert remembered(path, asked, make) == {"rows": [1]} and len(calls) == 1
    with pytest.raises(ValueError, match=r"part\.json is the result of another setting.*delete it"):
        remembered(path, asked | {"model": "cd"}, make)
    path.write_text("[]", "utf-8")
    with pytest.raises(ValueError, match="delete it"):
        remembered(path, asked, make)
    assert len(calls) == 1


def test_the_digest_of_a_file_follows_its_bytes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert file_digest(path).startswith("e3b0c44298fc1c14")
    path.write_bytes(b"a")
    assert file_digest(path).startswith("ca978112ca1bbdca")
