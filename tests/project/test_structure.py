"""The package stays a house: few rooms, no circle, files and words as the style asks."""

import ast
from collections import defaultdict

import pytest

import language
import structure

MODULES = structure.imports()


def test_the_package_has_few_entries():
    entries = [p for p in structure.PACKAGE.iterdir() if p.name != "__pycache__"]
    assert len(entries) <= 20


def test_neither_rooms_nor_modules_import_in_a_circle():
    assert structure.circle(structure.arrows(MODULES)) == []
    assert structure.circle(MODULES) == []


def test_the_structure_finds_a_circle():
    assert structure.circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert structure.arrows({"p.a.x": {"p.b.y", "p.a.z"}, "p.b.y": set()}) == {
        "a": {"b"},
        "b": set(),
    }


def test_no_file_is_longer_than_a_reader_holds_in_mind():
    assert structure.large_files() == []


def test_no_two_classes_of_a_folder_have_one_name():
    places = defaultdict(list)
    for path in structure.PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[path.parent, node.name].append(path.name)
    assert {name: files for (_, name), files in places.items() if len(files) > 1} == {}


def test_no_folder_of_tests_is_crowded():
    folders = [f for f in (structure.ROOT / "tests").rglob("*") if f.is_dir()]
    assert {f.name: n for f in folders if (n := len(list(f.glob("test_*.py")))) > 15} == {}


def test_the_trainer_asks_the_model_and_not_its_class():
    for path in (structure.PACKAGE / "training").glob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        assert "isinstance" not in {getattr(call.func, "id", "") for call in calls}, path.name


@pytest.mark.parametrize("room", structure.rooms())
def test_words_follow_the_house_style(room):
    folder = structure.PACKAGE / room
    paths = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    assert [complaint for path in paths for complaint in language.complaints(path)] == []


def test_a_private_name_stays_in_its_module():
    for path in structure.PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sparcode_mini"):
                private = [a.name for a in node.names if a.name.startswith("_")]
                assert private == [], f"{path}: {node.module}"
