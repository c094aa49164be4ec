"""A file is judged by its header: what does not fit is refused before a tensor is read."""

import json
import math
import os
import re
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mutations import DTYPES, sealed
from sparcode_mini.tools import json_text
from sparcode_mini.tools.files import load_tensors, open_tensors, save_tensors
from sparcode_mini.tools.header import LENGTH, LONGEST

KIND = "sparcode-mini model"
TEXTS = {"kind": KIND, "version": "1", "meta": "{}", "sha256": "x"}
ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HUGE = 2**62


def header(content, body=b""):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return len(data).to_bytes(LENGTH, "little") + data + body


def refused(path, content, load=lambda path: load_tensors(path, KIND, 1)):
    """The one line with which a file is refused; it names the file."""
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load(path)
    assert type(caught.value) is ValueError and str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < len(str(path)) + 400
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, "no object of texts"),
        ({"sha256": None}, "no object of texts"),
        ({"kind": ["model"]}, "no object of texts"),
        ({"meta": {}}, "no object of texts"),
        ({"version": "9" * 5000}, "its version reads '99999999999999999999'"),
        ({"version": "١"}, "its version reads"),
        ({"version": "0"}, "its version reads '0'"),
        ({"version": "1\n"}, "its version reads"),
        ({"version": "2"}, "has layout 2"),
        ({"kind": "other" * 99}, "holds a 'otherother"),
        ({"meta": "[" * 100_000}, "its meta can't be read: its brackets are nested too deeply"),
        ({"meta": "[]"}, "its meta is no JSON object"),
        ({"meta": '{"a": 1, "a": 2}'}, "it names 'a' twice"),
    ],
)
def test_hostile_texts(tmp_path, change, message):
    assert message in refused(tmp_path / "x", header({"__metadata__": TEXTS | change}))


@pytest.mark.parametrize("texts", [["kind"], 5, "kind", {"kind": 1}])
def test_texts_of_another_type(tmp_path, texts):
    assert "no object of texts" in refused(tmp_path / "x", header({"__metadata__": texts}))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (5, "needs dtype, shape and data_offsets"),
        ({"dtype": "F32", "shape": [1]}, "needs dtype"),
        (ENTRY | {"more": 1}, "needs dtype"),
        (ENTRY | {"dtype": "F1"}, "unknown dtype 'F1'"),
        (ENTRY | {"dtype": "F8_E4M3", "shape": [4]}, "unknown dtype"),
        (ENTRY | {"dtype": ["F32"]}, "unknown dtype"),
        (ENTRY | {"shape": 1}, "no small lists of counts"),
        (ENTRY | {"shape": [True]}, "no small lists of counts"),
        (ENTRY | {"shape": [1.0]}, "no small lists of counts"),
        (ENTRY | {"shape": [-1]}, "no small lists of counts"),
        (ENTRY | {"shape": [1] * 99}, "no small lists of counts"),
        (ENTRY | {"shape": [0, HUGE, 8]}, "beyond all memory"),
        (ENTRY | {"data_offsets": ["0", "4"]}, "no small lists of counts"),
        (ENTRY | {"data_offsets": [-4, 0]}, "no small lists of counts"),
        (ENTRY | {"data_offsets": [0, 2]}, "a shape that its data_offsets do not fit"),
        (ENTRY | {"data_offsets": [4, 0]}, "a shape that its data_offsets do not fit"),
        (ENTRY | {"data_offsets": [4, 8]}, "does not begin where the one before it ends"),
        (ENTRY | {"shape": [HUGE // 4], "data_offsets": [0, HUGE]}, "cut short"),
    ],
)
def test_hostile_tensors(tmp_path, entry, message):
    content = header({"a": entry, "__metadata__": TEXTS}, bytes(4))
    assert message in refused(tmp_path / "x", content)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"\xff\xfe": 1}', "utf-8"),
        ('{"a": 1}'.encode("utf-16-le"), "NUL bytes"),
        (b'{"__metadata__": {"version": 1e999}}', "it holds 1e999"),
        (b'{"a": 1, "a": 2}', "it names 'a' twice"),
    ],
)
def test_hostile_json(tmp_path, data, message):
    assert message in refused(tmp_path / "x", header(data))


def test_bytes_too_many_and_overlapping_tensors(tmp_path):
    good = {"__metadata__": TEXTS, "a": ENTRY, "b": ENTRY | {"data_offsets": [4, 8]}}
    assert "checksum" in refused(tmp_path / "x", header(good, bytes(8)))
    assert "1 bytes follow" in refused(tmp_path / "x", header(good, bytes(9)))
    assert "does not begin" in refused(tmp_path / "x", header(good | {"b": ENTRY}, bytes(4)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings(max_examples=200)
@given(where=st.sampled_from(["texts", "entry", *TEXTS, *ENTRY]), value=JSON)
def test_any_json_in_any_place_is_refused(tmp_path_factory, where, value):
    texts = value if where == "texts" else TEXTS | ({where: value} if where in TEXTS else {})
    entry = value if where == "entry" else ENTRY | ({where: value} if where in ENTRY else {})
    content = header({"a": entry, "__metadata__": texts}, bytes(4))
    refused(tmp_path_factory.mktemp("any") / "x", content)  # its checksum is wrong, at the latest


def test_a_boolean_is_0_or_1(tmp_path):
    data = sealed({"a": torch.tensor([True, False])}, b"{}", KIND)
    path = tmp_path / "x"
    path.write_bytes(data)
    assert load_tensors(path, KIND, 1)[0]["a"].tolist() == [True, False]
    assert "neither 0 nor 1" in refused(path, data[:-1] + b"\2")


# --- what is no ordinary file


def test_a_header_that_is_a_hole_takes_no_memory(tmp_path):
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write((LONGEST - 9).to_bytes(LENGTH, "little") + b"{")
        file.truncate(10**12)
    script = (
        "import resource, sys; from sparcode_mini.tools.files import load_tensors\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "try: load_tensors(sys.argv[1], 'k', 1)\n"
        "except ValueError as error: print(peak() - before, error)"
    )
    if os.name != "posix" or sys.platform == "darwin":
        pytest.skip("measures kilobytes as Linux counts them")
    run = [sys.executable, "-c", script, str(path)]
    words = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert int(words.split()[0]) < 20_000 and "NUL bytes" in words


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, word in ((tmp_path / "pipe", "pipe"), ("/dev/zero", "device"), (tmp_path, "folder")):
        with pytest.raises(ValueError, match=word):
            load_tensors(path, KIND, 1)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_tensors(tmp_path / "pipe" / "x", KIND, 1)
    with pytest.raises(ValueError, match="can't be read"):
        load_tensors(tmp_path / ("x" * 999), KIND, 1)


# --- shapes first, and the format


def test_shapes_are_known_before_tensors_are_read(tmp_path):
    path = save_tensors(tmp_path / "x", {"a": np.zeros((2, 3), np.int32)}, {"n": 1}, KIND, 1)
    path.write_bytes(path.read_bytes()[:-1] + b"\1")  # a wrong checksum
    with pytest.raises(ValueError, match=r"x: a is \(2, 3\)"), open_tensors(path, KIND, 1) as file:
        assert file.meta == {"n": 1} and file.shapes["a"].dtype == torch.int32
        assert file.shapes["a"].is_meta
        raise ValueError(f"a is {tuple(file.shapes['a'].shape)}")
    with pytest.raises(ValueError, match="checksum"), open_tensors(path, KIND, 1) as file:
        file.read()


@settings(max_examples=40)
@given(
    shapes=st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4),
    dtype=st.sampled_from(DTYPES),
)
def test_the_format_is_that_of_safetensors(tmp_path_factory, shapes, dtype):
    folder = tmp_path_factory.mktemp("format")
    tensors = {
        f"t{i}": torch.arange(math.prod(shape)).reshape(shape).to(dtype)
        for i, shape in enumerate(shapes)
    }
    path = save_tensors(folder / "ours", tensors, {"é": 1}, KIND, 1)
    theirs = safetensors.torch.load_file(path)
    assert set(theirs) == set(tensors)
    with safetensors.safe_open(path, framework="pt") as file:
        texts = file.metadata()
    safetensors.torch.save_file(theirs, folder / "theirs", texts)
    again, meta = load_tensors(folder / "theirs", KIND, 1)
    assert meta == {"é": 1}
    for name, tensor in tensors.items():
        assert again[name].dtype == tensor.dtype and torch.equal(again[name], tensor)


def test_equal_content_gives_equal_bytes(tmp_path):
    a, b = np.arange(3), np.zeros((2, 2), np.float32)
    one = save_tensors(tmp_path / "1", {"a": a, "b": b}, {"x": 1}, KIND, 1).read_bytes()
    other = save_tensors(tmp_path / "2", {"b": b, "a": a}, {"x": 1}, KIND, 1).read_bytes()
    assert one == other


VALUES = st.recursive(
    st.one_of(st.integers(), st.text('[{,:"\\a', max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text('[:"\\', max_size=3), inner)
    ),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([2, 3, 2**16]))
def test_values_are_counted_outside_of_texts(value, part):
    data = json.dumps(value).encode()
    number = sum(map(re.sub(rb'"(\\.|[^"\\])*"', b"", data).count, json_text.MARKS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "PART", part)
        assert not json_text.has_more_values(data, number)
        assert number == 0 or json_text.has_more_values(data, number - 1)


@pytest.mark.parametrize("shape", ["[],", "{},", "1,", '"x",', "[", '{"a":'])
@pytest.mark.parametrize("place", ["header", "meta"])
def test_too_many_values_are_refused_before_they_are_made(tmp_path, monkeypatch, shape, place):
    text = '{"a":[' + shape * 1_000_001
    if place == "meta":
        text = json.dumps({"__metadata__": TEXTS | {"meta": text}})
    (tmp_path / "x").write_bytes(header(text.encode()))
    monkeypatch.setattr(json_text, "_object", counted := mock.Mock(side_effect=dict))
    with pytest.raises(ValueError, match="more than 1,000,000 values"):
        load_tensors(tmp_path / "x", KIND, 1)
    assert counted.call_count <= 2


def test_more_titles_than_weights_can_stand_for_are_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr("sparcode_mini.tools.tensor_file.MOST_VALUES", 10)
    save_tensors(tmp_path / "x", {"a": np.zeros(9, np.uint8)}, {"a": [1] * 16}, KIND, 1)
    load_tensors(tmp_path / "x", KIND, 1)
    with pytest.raises(ValueError, match="more than 19 values"):
        save_tensors(tmp_path / "y", {"a": np.zeros(9, np.uint8)}, {"a": [1] * 19}, KIND, 1)
