"""Construction in shards: a fixed number of codes at a time; a finished shard is a Parquet file.

A shard whose file exists is done: a run after a stop makes the missing shards only, and any
process that sees the folder and the model file can make any of them. On machines of one kind the
shards together are, bit for bit, the index of a build in one go: the list of a code depends neither
on its shard nor on the process that makes it.

Symbols: C lists (codes), M codebooks, I items.
"""

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, from_numpy

from sparcode_mini.index.build import LISTS_AT_ONCE, codebooks_of, codes_to_build, lists_of
from sparcode_mini.index.lists import Lists, joined, rounded
from sparcode_mini.index.origin import fingerprint
from sparcode_mini.index.search import CodesLike
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codebook_tables import CODES_AT_ONCE
from sparcode_mini.model.score_blocks import tables_pay
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.files import atomic_write, file_digest, load_json, save_json
from sparcode_mini.tools.locks import hold

LAYOUT = 1
CLAIM_SECONDS = 10.0  # to wait for another process that writes the plan
# What reading a damaged file raises, besides pyarrow's own errors.
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError)
# Of a file: a score and an item in eight bytes each, twice over for levels and pages.
BYTES_PER_ENTRY, SLACK = 32, 2**20
LONGEST = 2**31 - 1  # entries of a shard; where a list starts is an int32


class Plan(NamedTuple):
    """Everything that decides the index; a folder holds the shards of one plan (plan.json)."""

    layout: int
    model: str  # SHA-256 of the model file
    n_items: int
    codes: str  # SHA-256 of the codes (C, M) int32
    n_codes: int
    codes_per_shard: int
    best: int | None
    precision: str | None  # None: as computed
    engine: str
    by_tables: bool


class Task(NamedTuple):
    """One shard to be made, as it is sent to a worker."""

    model_file: str
    folder: str
    plan: Plan
    number: int
    codes: np.ndarray  # (codes_per_shard or fewer, M) int64

    @property
    def file(self) -> Path:
        """Return the path of the finished shard."""
        return Path(self.folder) / f"shard-{self.number:06}.parquet"


class ShardedBuild:
    """The construction of one index, shard by shard.

    Args:
        model_file: a SparCode saved by `save`; workers on other machines read it from this path.
        model: the same, loaded.
        folder: for plan.json and the shards; made if missing.
        codes, probes: as `SparseIndex.build`.
        best: entries kept per list; None for all.
        precision: as `SparseIndex.quantised`; None keeps the values as they are computed.
        engine: "plain" or "compiled".
        codes_per_shard: a multiple of 128.

    Raises:
        ValueError: the folder holds shards of another plan, or arguments as `SparseIndex.build`.
        ImportError: pyarrow is not installed.
    """

    def __init__(
        self,
        model_file: str | Path,
        model: SparCode,
        folder: str | Path,
        codes: str | CodesLike = "seen",
        best: int | None = None,
        precision: str | None = None,
        engine: str = "plain",
        codes_per_shard: int = LISTS_AT_ONCE,
        probes: int = 1,
    ) -> None:
        _parquet()
        if codes_per_shard < 1 or codes_per_shard % CODES_AT_ONCE:
            raise ValueError(
                f"codes_per_shard = {codes_per_shard}; give a multiple of {CODES_AT_ONCE}, the "
                "codes that are scored at once"
            )
        model.check_ready()
        self.model, self.folder = model, Path(folder).resolve()
        self.model_file = Path(model_file).resolve()
        self.codes: Tensor = codes_to_build(model, codes, probes)  # (C, M)
        self.plan = Plan(
            layout=LAYOUT,
            model=file_digest(self.model_file),
            n_items=model.n_items,
            codes=hashlib.sha256(self.codes.int().numpy().tobytes()).hexdigest(),
            n_codes=len(self.codes),
            codes_per_shard=codes_per_shard,
            best=best,
            precision=precision,
            engine=engine,
            by_tables=tables_pay(model, len(self.codes)),
        )
        self._claim_folder()

    def _claim_folder(self) -> None:
        """Write plan.json, or compare the plan with the one in the folder."""
        if self.folder.is_file():
            raise ValueError(f"{self.folder} is a file; give a folder for the shards")
        file, plan = self.folder / "plan.json", self.plan._asdict()
        if not file.exists():
            with hold(file, "run the same command again", seconds=CLAIM_SECONDS):
                if not file.exists():  # by another process, meanwhile
                    save_json(file, plan)
        stored = load_json(file)
        differences = sorted(n for n in plan if stored.get(n, "nothing") != plan[n])
        if differences:
            raise ValueError(
                f"{self.folder} holds shards of another plan (it differs in "
                f"{', '.join(differences)}); give another folder, or delete this one"
            )

    def tasks(self) -> list[Task]:
        """Return all shards, finished or not."""
        parts = self.codes.split(self.plan.codes_per_shard)
        names = str(self.model_file), str(self.folder)
        return [Task(*names, self.plan, n, part.numpy()) for n, part in enumerate(parts)]

    def missing(self) -> list[Task]:
        """Return the shards that are still to be made."""
        return [task for task in self.tasks() if not task.file.exists()]

    def run(self) -> Iterator[int]:
        """Make the missing shards in this process; yield the number of each finished one."""
        for task in self.missing():
            make_shard(task, self.model)
            yield task.number

    def merge(self) -> SparseIndex:
        """Read all shards as one index.

        Raises:
            ValueError: shards are missing, damaged or of another plan.
        """
        todo = self.missing()
        if todo:
            raise ValueError(
                f"{len(todo)} of {len(self.tasks())} shards are missing in {self.folder}, the "
                f"first is {todo[0].file.name}; run the build again, it makes what is missing"
            )
        codes, lists, scales = zip(*map(read_shard, self.tasks()), strict=True)
        return SparseIndex(
            np.concatenate(codes),
            *joined(lists),
            self.plan.n_items,
            codebooks_of(self.model),
            None if scales[0] is None else np.concatenate(scales),
            made_from=fingerprint(self.model),
        )


def make_shard(task: Task, model: SparCode) -> None:
    """Score the codes of a shard against all items and write its file, whole or not at all."""
    plan = task.plan
    lists = lists_of(
        model, from_numpy(task.codes), plan.best, engine=plan.engine, by_tables=plan.by_tables
    )
    scales = None
    if plan.precision is not None:
        lists, scales = rounded(lists, plan.precision)
    if len(lists.items) > LONGEST:
        raise ValueError(
            f"{task.file.name} has {len(lists.items):,} entries, more than one file can hold; "
            "give fewer codes per shard, or a smaller best"
        )
    table = _table(task, lists, scales)
    atomic_write(
        task.file,
        lambda file: _parquet().write_table(
            table, file, use_dictionary=False, write_page_checksum=True
        ),
    )


def _table(task: Task, lists: Lists, scales: np.ndarray | None) -> Any:
    """Return a table of code, items, values (and scale of 8-bit values), with a row per list."""
    pa = importlib.import_module("pyarrow")
    starts = pa.array(lists.offsets.astype(np.int32))
    codes = task.codes.astype(np.int32)  # (C, M)
    columns = {
        "code": pa.FixedSizeListArray.from_arrays(pa.array(codes.ravel()), codes.shape[1]),
        "items": pa.ListArray.from_arrays(starts, pa.array(lists.items)),
        "values": pa.ListArray.from_arrays(starts, pa.array(lists.values)),
    }
    if scales is not None:
        columns["scale"] = pa.array(scales)
    return pa.table(columns).replace_schema_metadata({"plan": _key(task.plan)})


def read_shard(task: Task) -> tuple[np.ndarray, Lists, np.ndarray | None]:
    """Read codes (C, M) int32, lists and scales (or None) of a finished shard.

    Raises:
        ValueError: it is damaged, or of another plan.
    """
    remedy, pa = "delete it and run the build again", importlib.import_module("pyarrow")
    try:
        with _parquet().ParquetFile(task.file, page_checksum_verification=True) as file:
            plan = (file.schema_arrow.metadata or {}).get(b"plan")
            content = None
            if plan == _key(task.plan).encode():
                _check_sizes(file.metadata, task)
                content = _lists_of_table(file.read(), task.plan)
    except (*DAMAGE, pa.ArrowException) as error:
        raise ValueError(f"{task.file} is damaged ({error}); {remedy}") from error
    if content is None:
        raise ValueError(f"{task.file} belongs to another plan; {remedy}")
    if not np.array_equal(content[0], task.codes):
        raise ValueError(f"{task.file} holds the codes of another shard; {remedy}")
    return content


def _check_sizes(metadata: Any, task: Task) -> None:
    """Refuse, before they are read, more rows, entries or bytes than the shard can have."""
    if metadata.num_rows != len(task.codes):
        raise ValueError(f"it has {metadata.num_rows:,} lists, not {len(task.codes):,}")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    most = max(task.codes.size, len(task.codes) * task.plan.n_items)
    entries = max((column.num_values for column in columns), default=0)
    size = sum(column.total_uncompressed_size for column in columns)
    if entries > most * max(1, len(groups)) or size > BYTES_PER_ENTRY * most + SLACK:
        raise ValueError(f"it claims {entries:,} entries and {size:,} bytes; {most:,} can be")


def _lists_of_table(table: Any, plan: Plan) -> tuple[np.ndarray, Lists, np.ndarray | None]:
    precision = plan.precision
    names = ["code", "items", "values", *(["scale"] if precision == "int8" else [])]
    if table.column_names != names:  # the page checksums don't cover names and types
        raise ValueError(f"its columns are {table.column_names}, not {names}")
    code, items, values = (table[c].combine_chunks() for c in ("code", "items", "values"))
    if any(x.null_count or x.flatten().null_count for x in (code, items, values)):
        raise ValueError("it has empty cells")
    if not items.value_lengths().equals(values.value_lengths()):
        raise ValueError("a list has more items than values, or fewer")
    codes = code.flatten().to_numpy().reshape(len(table), -1)  # (C, M)
    offsets = np.concatenate([[0], np.cumsum(items.value_lengths().to_numpy(), dtype=np.int64)])
    lists = Lists(offsets, items.flatten().to_numpy(), values.flatten().to_numpy())
    stored = {None: lists.values.dtype, "int8": "uint8"}.get(precision, precision)
    if lists.values.dtype != stored or lists.items.dtype != np.int32:
        raise ValueError(f"it holds {lists.items.dtype} items, {lists.values.dtype} values")
    scales = table["scale"].to_numpy() if precision == "int8" else None
    SparseIndex(codes, *lists, plan.n_items, scales=scales)  # checks items, values and scales
    return codes, lists, scales


def _key(plan: Plan) -> str:
    return hashlib.sha256(json.dumps(plan._asdict(), sort_keys=True).encode()).hexdigest()


def _parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            "shards are Parquet files, which need pyarrow: pip install 'sparcode-mini[shards]'"
        ) from error
