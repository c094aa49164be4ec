"""Deezer's cold-start data: what people did on their first day, and what they heard afterwards.

Here a query is not a history but features: embeddings (means over songs, artists, ... that a person
streamed, liked or searched on the day of registration) and counts. The relevant items are the songs
of the next 30 days. Training, validation and test are different people, so all queries are cold.

Source: L. Briand et al., "A Semi-Personalized System for User Cold Start Recommendation on Music
Streaming Apps", KDD 2021, https://arxiv.org/abs/2106.03819; the files and their columns are
described in https://github.com/deezer/semi_perso_user_cold_start and lie in the Zenodo record
https://doi.org/10.5281/zenodo.5121674.
"""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pooch

from sparcode_mini.data.download import TIMEOUT, Bar, check_given, data_folder, fetched
from sparcode_mini.data.parquet_table import parquet_module
from sparcode_mini.tools.progress import progress

TITLE = "Deezer's cold-start data"
DOI = "10.5281/zenodo.5121674"
RECORD = "https://zenodo.org/records/5121674"
FOLDER = "deezer"  # in the folder of the source files
SONGS = "song_embeddings.parquet"
# The record itself states a checksum for each file, and every download is checked against it; this
# one is known beforehand, from the picture of the record in the authors' repository.
KNOWN = {SONGS: "md5:b430c50686c0e2dfb4c0aadbc916f636"}
WIDTHS = {"svd": 128, "mf": 256}  # TT-SVD and UT-ALS: two spaces that the features come in
ROWS_AT_ONCE = 1024


class People(NamedTuple):
    """People of one part.

    Attributes:
        ids: (n,) int64, sorted.
        features: (n, L, W) float32; 0 for a missing value.
        songs: n arrays of int64, positions of the songs that each person heard, sorted and unique.
    """

    ids: np.ndarray
    features: np.ndarray
    songs: list[np.ndarray]


class Deezer(NamedTuple):
    """Songs and people: all that a model needs.

    Attributes:
        song_ids: (I,) int64, sorted; a song's position is its place here.
        song_vectors: (I, W) float32.
        pieces: L names; the last ones, "numbers", hold counts and age.
        train, validation, test: people.
    """

    song_ids: np.ndarray
    song_vectors: np.ndarray
    pieces: tuple[str, ...]
    train: People
    validation: People
    test: People


def load(kind: str = "svd") -> Deezer:
    """Read the data, fetching it on first use (several hundred megabytes up to 2 GB).

    If SPARCODE_DATA names a folder, its subfolder "deezer" holds the files, and nothing is fetched.
    Numbers are standardised by the mean and deviation of the training people.

    Args:
        kind: "svd" (TT-SVD, W = 128) or "mf" (UT-ALS, W = 256).

    Raises:
        FileNotFoundError, ConnectionError: a file is missing; the message says where to put it.
        ImportError: pyarrow is not installed.
        ValueError: an unknown kind, a damaged file.
    """
    if kind not in WIDTHS:
        raise ValueError(f"embeddings {kind!r} are unknown; choose one of {sorted(WIDTHS)}")
    parquet_module()  # refuse before gigabytes are fetched
    ids, vectors = read_vectors(locate(SONGS), "song_index", f"features_{kind}")
    parts, pieces = {}, None
    for part in ("train", "validation", "test"):
        path = locate(f"user_features_{part}_{kind}.parquet")
        parts[part], names = read_people(path, WIDTHS[kind], ids)
        if pieces is not None and names != pieces:
            raise ValueError(f"{path} has other columns than the training people's file")
        pieces = names
    assert pieces is not None
    _standardise(parts, [place for place, name in enumerate(pieces) if name == "numbers"])
    return Deezer(ids, vectors, pieces, **parts)


def locate(name: str) -> Path:
    """Return the path of a file of the record; fetch it if it is not here.

    Raises:
        FileNotFoundError, ConnectionError: it is missing, or could not be fetched.
        ValueError: a damaged file.
    """
    folder, given = data_folder()
    path, url = folder / FOLDER / name, f"{RECORD}/files/{name}"
    if given or path.exists():
        return check_given(path, KNOWN.get(name), url, TITLE)

    def retrieve() -> str:
        archive = pooch.create(path=path.parent, base_url=f"doi:{DOI}/", registry=None)
        archive.load_registry_from_doi()  # checksums, as the record states them
        archive.registry.update({name: KNOWN[name]} if name in KNOWN else {})
        return archive.fetch(
            name, downloader=pooch.DOIDownloader(timeout=TIMEOUT, progressbar=Bar(name))
        )

    return fetched(retrieve, path, url, KNOWN.get(name), TITLE)


def read_vectors(path: Path, key: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a table of ids and lists of numbers: sorted ids (n,) int64 and (n, W) float32.

    Raises:
        ValueError: a missing column, lists of different lengths.
    """
    _require(path, parquet_module().read_schema(path).names, (key, column))
    table = parquet_module().read_table(path, columns=[key, column]).to_pandas()
    ids = table[key].to_numpy(dtype=np.int64)
    lengths = {len(vector) for vector in table[column]}
    if len(lengths) != 1:
        raise ValueError(f"{path}, column {column!r}: lists of lengths {sorted(lengths)[:5]}")
    vectors = np.stack(table[column].to_list()).astype(np.float32)  # (n, W)
    order = np.argsort(ids, kind="stable")
    return ids[order], np.nan_to_num(vectors[order])


def read_people(path: Path, width: int, song_ids: np.ndarray) -> tuple[People, tuple[str, ...]]:
    """Read the features and songs of one part; a missing value is 0.

    Args:
        path: a file with the columns user_index, d1d30_songs and one for each number.
        width: W.
        song_ids: (I,) sorted ids of all songs.

    Returns:
        The people, and the names of their L pieces.

    Raises:
        ValueError: a missing column, no embedding of this width, an unknown song.
    """
    file = parquet_module().ParquetFile(path)
    names = [name for name in file.schema_arrow.names if not name.startswith("__")]
    _require(path, names, ("user_index", "d1d30_songs"))
    pieces = pieces_of([n for n in names if n not in ("user_index", "d1d30_songs")], width)
    if not pieces or pieces[0][0] == "numbers":
        raise ValueError(f"{path} has no embedding of {width} columns; its columns are {names[:9]}")
    count = file.metadata.num_rows
    ids, songs = np.empty(count, dtype=np.int64), []
    features = np.zeros((count, len(pieces), width), dtype=np.float32)  # (n, L, W)
    batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names)
    start, total = 0, -(-count // ROWS_AT_ONCE)
    for batch in progress(batches, total=total, desc=f"read {path.name}"):
        rows = slice(start, start := start + batch.num_rows)
        ids[rows] = batch.column("user_index").to_numpy(zero_copy_only=False)
        lists = batch.column("d1d30_songs").to_pylist()
        songs += [_positions(path, one, song_ids) for one in lists]
        for place, (_, columns) in enumerate(pieces):
            for w, name in enumerate(columns):
                features[rows, place, w] = batch.column(name).to_numpy(zero_copy_only=False)
    np.nan_to_num(features, copy=False)
    order = np.argsort(ids, kind="stable")
    if (np.diff(order) != 1).any():  # else no copy of what may be gigabytes
        ids, features, songs = ids[order], features[order], [songs[row] for row in order]
    return People(ids, features, songs), tuple(name for name, _ in pieces)


def pieces_of(columns: Sequence[str], width: int) -> list[tuple[str, list[str]]]:
    """Group columns into pieces: embeddings first, then "numbers", at most `width` in each.

    An embedding is a run of exactly `width` columns whose names differ only in their last number,
    such as age_embedding0, age_embedding1, ...; every other column is a number.
    """
    pieces, numbers = [], []
    for stem, run in itertools.groupby(columns, key=lambda name: re.sub(r"\d+$", "", name)):
        names = list(run)
        if len(names) == width:
            pieces.append((stem.rstrip("_"), names))
        else:
            numbers += names
    starts = range(0, len(numbers), width)
    return pieces + [("numbers", numbers[start : start + width]) for start in starts]


def _require(path: Path, names: Sequence[str], required: Sequence[str]) -> None:
    for name in required:
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}; it has {list(names)[:9]}, ...")


def _positions(path: Path, songs: Any, song_ids: np.ndarray) -> np.ndarray:
    """Return the positions of songs given by ids, sorted, each once."""
    ids = np.unique(np.asarray([] if songs is None else songs, dtype=np.int64))
    places = np.searchsorted(song_ids, ids).clip(max=len(song_ids) - 1)
    if (song_ids[places] != ids).any():
        unknown = ids[song_ids[places] != ids][0]
        raise ValueError(f"{path} names the song {unknown}, which is not in {SONGS}")
    return places


def _standardise(parts: dict[str, People], places: list[int]) -> None:
    """Scale the numbers of all parts in place, by mean and deviation of the training people."""
    numbers = parts["train"].features[:, places]  # (n, P, W)
    mean, sd = numbers.mean(axis=0), numbers.std(axis=0)  # (P, W)
    for people in parts.values():
        people.features[:, places] = (people.features[:, places] - mean) / np.where(sd > 0, sd, 1)
