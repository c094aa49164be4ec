"""What `fuzz.py` tries: how hostile files of each kind are drawn, and how a user reads them."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import mutations
import sparcode_mini as sm
from sparcode_mini.data.read_table import read_ratings
from sparcode_mini.tools.files import load_tensors

HISTORIES = [[(user + step * (1 + user % 3)) % 40 for step in range(10)] for user in range(60)]


class Reader:
    """Draws hostile files of one kind and reads them; `make` writes a good one first.

    Args:
        folder: for the files.
    """

    file = "file.safetensors"

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.file
        self.make()

    def make(self) -> None:
        """Write a good file."""
        raise NotImplementedError

    def draw(self, rng: random.Random) -> bytes:
        """Return the bytes of one file."""
        raise NotImplementedError

    def read(self) -> None:
        """Read the file as a user would."""
        raise NotImplementedError


def toy_split() -> sm.data.Split:
    """Return 60 people who walk in three ways through 40 items, which have features."""
    rows = [(u, item, t) for u, items in enumerate(HISTORIES) for t, item in enumerate(items)]
    items = pd.DataFrame({"item": range(40), "title": [f"Film {i}" for i in range(40)]})
    items = items.assign(year=[str(1990 + i % 4) for i in range(40)], tags=[["a", "b"]] * 40)
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return sm.data.from_frames(table, items=items).split()


def toy_model(split: sm.data.Split) -> sm.SparCode:
    """Return a model whose training takes a moment."""
    return sm.SparCode(split, query_tokens=2, M=2, N=8, token_dim=8, hidden=4, seed=0)


class TensorReader(Reader):
    """Files of tensors: changed anyhow, in the header, or inside with a right checksum again."""

    kind = ""

    def __init__(self, folder: Path) -> None:
        self.split = toy_split()
        super().__init__(folder)
        self.data = self.path.read_bytes()
        self.tensors, self.meta = load_tensors(self.path, self.kind, 2)

    def draw(self, rng: random.Random) -> bytes:
        """Return the bytes of one file."""
        way = rng.random()
        if way < 0.15:
            return mutations.bytes_changed(rng, self.data)
        if way < 0.4:
            return mutations.header_changed(rng, self.data)
        tensors, meta = dict(self.tensors), self.meta
        if rng.random() < 0.6:
            for _ in range(rng.choice([1, 1, 2])):
                meta = mutations.json_changed(rng, meta)
        else:
            name = rng.choice(sorted(tensors))
            tensor = tensors.pop(name)
            if rng.random() < 0.8:
                tensors[name] = mutations.tensor_changed(rng, tensor)
            if rng.random() < 0.2:
                tensors[name + "x"] = tensor
        return mutations.sealed(tensors, mutations.json_text(rng, meta), self.kind)


class ModelReader(TensorReader):
    """Model files: loaded, and asked for the tokens of one history."""

    kind = "sparcode-mini model"

    def make(self) -> None:
        """Write a good file."""
        toy_model(self.split).save(self.path)

    def read(self) -> None:
        """Read the file as a user would."""
        model = sm.load_model(self.path)
        if model.content is None:
            model.history_tokens([np.array([0, 1])])


class IndexReader(TensorReader):
    """Index files: loaded, and searched once."""

    kind = "sparcode-mini index"

    def make(self) -> None:
        """Write a good file."""
        sm.SparseIndex.build(toy_model(self.split), codes="all").save(self.path)

    def read(self) -> None:
        """Read the file as a user would."""
        index = sm.SparseIndex.load(self.path)
        index.search(np.zeros((1, 1, index.codes.shape[1]), dtype=np.int64), k=3)


class StateReader(TensorReader):
    """Training states: a training goes on from them."""

    kind = "sparcode-mini training"

    def make(self) -> None:
        """Write a good file."""
        sm.fit(toy_model(self.split), self.split, epochs=3, batch=64, checkpoint=self.path)

    def read(self) -> None:
        """Read the file as a user would."""
        model, options = toy_model(self.split), {"epochs": 3, "batch": 64}
        sm.fit(model, self.split, checkpoint=self.path, resume=True, **options)


class TableReader(Reader):
    """Tables of ratings in text, changed; what is read is compared with what is written."""

    file = "table.csv"
    separator = ","
    table = "user,item,rating,time\n" + "\n".join(f"{i % 9},{i},3,{100 + i}" for i in range(60))

    def make(self) -> None:
        """Write a good file."""
        self.path.write_text(self.table.replace(",", self.separator), "utf-8")

    def draw(self, rng: random.Random) -> bytes:
        """Return the bytes of one file."""
        return mutations.table_changed(rng, self.table, self.separator)

    def read(self) -> None:
        """Read the file as a user would, and check that each id is there as it is written."""
        table = read_ratings(self.path).interactions
        with self.path.open(encoding="utf-8-sig", newline="") as text:
            names, *rows = (
                line.rstrip("\r\n").split(self.separator) for line in text if line.strip("\r\n")
            )
        if any(cell[:1] == '"' for row in [names, *rows] for cell in row):
            return  # fields with quotes have tests of their own
        for name in ("user", "item"):
            written = [row[names.index(name)] for row in rows]
            assert table[name].map(str).tolist() == written, f"{name}s are not as they are written"
        assert len(table) == len(rows)


class TsvReader(TableReader):
    """The same with tabs."""

    file, separator = "table.tsv", "\t"


class ItemsReader(TableReader):
    """Tables of items, changed: each title and each category is there as it is written."""

    file = "items.csv"
    table = "item,title,kind,price\n" + "\n".join(f"{i},T{i},k{i % 3},{i}.5" for i in range(60))

    def make(self) -> None:
        """Write a good file, and plays of its items."""
        super().make()
        self.plays = self.path.with_name("plays.csv")
        self.plays.write_text(TableReader.table, "utf-8")

    def read(self) -> None:
        """Read the file as a user would."""
        ratings = read_ratings(self.plays, items=self.path)
        items = ratings.items
        assert items is not None
        with self.path.open(encoding="utf-8-sig", newline="") as text:
            names, *rows = (
                line.rstrip("\r\n").split(self.separator) for line in text if line.strip("\r\n")
            )
        split = ratings.split()
        if any(cell[:1] == '"' for row in [names, *rows] for cell in row):
            return  # fields with quotes have tests of their own
        for name in ("item", "title"):
            if name in names:
                written = [row[names.index(name)] or None for row in rows]
                read = [None if cell is None else str(cell) for cell in items[name]]
                assert read == written, f"{name}s are not as they are written"
        for feature in split.item_features:
            if feature.kind == "categorical":
                written = {row[names.index(feature.name)] for row in rows} - {""}
                assert set(feature.vocabulary[1:]) == written, feature.name


class ParquetReader(Reader):
    """Parquet files with changed bytes; ids of a file whose data is whole come back as written."""

    file = "table.parquet"

    def make(self) -> None:
        """Write a good file."""
        rows = [
            (f"u{u}", item, t) for u, items in enumerate(HISTORIES) for t, item in enumerate(items)
        ]
        frame = pd.DataFrame(rows, columns=["user", "item", "time"])
        frame.to_parquet(self.path, write_page_checksum=True, compression="none")
        self.data, self.rows = self.path.read_bytes(), len(rows)

    def draw(self, rng: random.Random) -> bytes:
        """Return the bytes of one file."""
        return mutations.bytes_changed(rng, self.data)

    def read(self) -> None:
        """Read the file as a user would."""
        read_ratings(self.path)


READERS: dict[str, Callable[[Path], Reader]] = {
    "model": ModelReader, "index": IndexReader, "state": StateReader, "csv": TableReader,
    "tsv": TsvReader, "items": ItemsReader, "parquet": ParquetReader,
}  # fmt: skip
