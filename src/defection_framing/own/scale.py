"""Claims by the million: frames, tellings, and shares by direction, in little memory.

`scale` reads a table as a stream and works partition by partition, by Dask (Rocklin 2015) under the
scheduler that the caller set; results are the same whatever its number of workers. It leaves
`coded/` (Parquet: the claims, each with `row` in the source, `frame`, `probability`, `open` and
`telling`), `shares.csv`, `contrasts.csv` and `tellings.csv`; and what an interrupted run goes on
from: `claims/`, where equal sentences are in one partition, and `sentences/`, where each is once.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as pq
from dask import delayed
from distributed import Client, LocalCluster, as_completed, get_client
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .. import settings, stats
from ..domain import DIRECTIONS, TO_RUSSIA
from ..settings import DefectionError
from ..stats.panel import EventSums
from . import coders, frames, wording
from .coding import likeliest
from .readings import LEAD, english

COLUMNS = ("text", "event", "direction", "camp")
"""Columns that are read; the first two must be there and filled."""

TELLINGS = 9  # as many as the study has topics of claims
ROWS = 20_000  # claims in a partition
_READ = 1000  # sentences that the encoder reads at once: the states of each are 5 kB
_STAMP = "rests_on.txt"  # checksum of the table, and version of the coders


class TableError(DefectionError):
    """What cannot be used; the message names file, row and column, or folder, and what to do."""


def on_this_machine(source: Path, out: Path, workers: int) -> str:
    """`scale` through Dask's local cluster, with so many processes of one thread each."""
    quiet = {"dashboard_address": ":0", "silence_logs": "ERROR"}
    with LocalCluster(n_workers=workers, threads_per_worker=1, **quiet) as here, Client(here):
        return scale(source, out)


def scale(source: Path, out: Path) -> str:
    """Code, cluster and compare the claims of a table; say in a few lines what was done.

    English sentences are coded by `wording`, those in other languages by `coders`. Tellings are
    clusters of the frames' probabilities, by k-means in mini-batches (Sculley 2010). Shares are of
    the claims whose frame is not left open, with intervals clustered on events (`estimated`).
    Claims of no direction, or of both, are coded and not compared.

    Parameters
    ----------
    source : Path
        Parquet, or lines of JSON: `text` and `event`; if known, `direction` (of
        `domain.DIRECTIONS`, or `both`) and `camp`, any name of a group of outlets.
    out : Path
        Folder to write to, or to go on in.

    Raises
    ------
    TableError
        For the first row that cannot be used; if the folder has results of other claims or coders.
    """
    with source.open("rb") as file:
        table = hashlib.file_digest(file, "sha256").hexdigest()
    rests_on = f"{table} {coders.version('coding', 'scale', 'wording')}\n"
    if not (out / "claims").exists():
        _sort(source, out, rests_on)
    elif (out / "claims" / _STAMP).read_text(encoding="utf-8") != rests_on:
        raise TableError(f"{out} has results of other claims or coders; name another folder.")
    for folder in ("sentences", "coded"):
        (out / folder).mkdir(exist_ok=True)
    names = sorted(path.name for path in (out / "claims").glob("*.parquet"))
    left = [name for name in names if not (out / "sentences" / name).exists()]
    _results([delayed(_code)(out, name) for name in left], "coding")
    labels, centres = _cluster(out, names)
    tasks = [delayed(_join)(out, name, own, centres) for name, own in labels.items()]
    return _compare(out, pd.concat(_results(tasks, "joining")))


def _sort(source: Path, out: Path, rests_on: str) -> None:
    """Check the table and write it in partitions; equal sentences come into the same one."""
    read, sorting, n = out / "read", out / "sorting", 0
    for folder in (read, sorting):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    chunks = tqdm(checked(source, ROWS), "reading", unit=f" x {ROWS:,} claims")
    for n, rows in enumerate(chunks, 1):
        rows.to_parquet(read / f"{n:06}.parquet", index=False)
    table = dd.read_parquet(read).shuffle("text", npartitions=n)
    table.to_parquet(sorting, write_index=False, name_function="{:06}.parquet".format)
    settings.write_text(sorting / _STAMP, rests_on)
    sorting.rename(out / "claims")  # in one step: it says that all are there
    shutil.rmtree(read)


def checked(source: Path, size: int) -> Iterator[pd.DataFrame]:
    """Rows, at most `size` at once: `row` (the number in the source, from 1) and `COLUMNS`.

    All but `row` are text; what is missing is empty.

    Raises
    ------
    TableError
        For the first row that cannot be used, or if there is none.
    """
    rows = None
    for rows in _chunks(source, size):
        yield _checked(rows, source)
    if rows is None:
        raise TableError(f"{source} holds no claim; write one to a row.")


def _chunks(source: Path, size: int) -> Iterator[pd.DataFrame]:
    with source.open("rb") as file:
        if source.suffix != ".parquet":
            lines = _lines(file, source)
            while rows := list(islice(lines, size)):
                yield pd.DataFrame(rows)
            return
        try:
            batches, start = pq.ParquetFile(file).iter_batches(size), 1
        except pyarrow.ArrowException:
            raise TableError(f"{source} is damaged or not Parquet; export it again.") from None
        for table in (batch.to_pandas() for batch in batches):
            yield table.assign(row=range(start, start := start + len(table)))


def _lines(file, source) -> Iterator[dict]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            "".join(map(str, row.values())).encode()  # half of a surrogate pair is no text
        except (AttributeError, RecursionError, ValueError):
            example = '{"text": "...", "event": "..."}'
            raise TableError(f"{source}, row {number}: no JSON object, as {example}.") from None
        yield row | {"row": number}


def _checked(rows: pd.DataFrame, source: Path) -> pd.DataFrame:
    """The columns that are used, as text; what is not there or missing is empty."""
    for column in COLUMNS[:2]:
        if column not in rows:
            there = ", ".join(map(str, rows.columns.drop("row")))
            raise TableError(
                f"{source} has no column {column}; give one of these its name: {there}."
            )
    rows = rows.reindex(columns=["row", *COLUMNS])
    rows[list(COLUMNS)] = rows[list(COLUMNS)].astype(object).where(rows.notna(), "").astype(str)
    known = ["both", *DIRECTIONS]
    faults = {
        "text": (~rows["text"].str.contains(r"\w"), "write a sentence"),
        "event": (~rows["event"].str.contains(r"\S"), "name one, or remove the row"),
        "direction": (~rows["direction"].isin(["", *known]), f"write {', '.join(known)} or none"),
    }
    for column, (wrong, remedy) in faults.items():
        for _, row in rows[wrong].head(1).iterrows():
            at = f"{source}, row {row['row']}, column {column}"
            raise TableError(f"{at}: {row[column][:40]!r} will not do; {remedy}.")
    return rows


def _results(tasks: list, what: str) -> list:
    """What tasks give, one for each partition; one by one where no cluster is set."""
    try:
        futures = get_client().compute(tasks)
        done = (future.result() for future in as_completed(futures))
    except ValueError:
        done = (task.compute() for task in tasks)
    return list(tqdm(done, what, len(tasks), unit=" partitions"))


def _code(out: Path, name: str) -> None:
    """Code the distinct sentences of a partition."""
    texts = sorted(set(pd.read_parquet(out / "claims" / name, columns=["text"])["text"]))
    with threadpool_limits(1):  # sums by several threads differ in their last digits
        p = probabilities(texts)
    coded = likeliest("frame", np.sort(coders.train()["frame"].classes), p)
    coded = coded.rename(columns={"value": "frame"}).assign(text=texts)
    # Distances of roots of probabilities are Hellinger's: no rare frame outweighs the others.
    np.save((out / "sentences" / name).with_suffix(".npy"), np.sqrt(p).astype(np.float32))
    settings.write_bytes(out / "sentences" / name, coded.to_parquet(index=False))  # done, it says


def probabilities(texts: Sequence[str]) -> np.ndarray:
    """Probabilities of the frames in alphabetical order of n sentences, shape (n, frames)."""
    texts = np.array([text[:LEAD] for text in texts], dtype=object)
    model, words = coders.train()["frame"], english(texts)
    p = np.empty((len(texts), len(model.classes)))
    if words.any():
        p[words] = wording.proba(texts[words])
    others = np.flatnonzero(~words)
    for start in range(0, len(others), _READ):
        rows = others[start : start + _READ]
        p[rows] = model.proba(frames.kept()[0].seen(texts[rows]))[:, model.classes.argsort()]
    return p


def _cluster(out: Path, names: Sequence[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Telling of each sentence, by partition, the largest 0; and the centres (tellings, frames).

    The vectors stay on the disk, in one file, from which mini-batches are drawn.
    """
    paths = [(out / "sentences" / name).with_suffix(".npy") for name in names]
    parts = [np.load(path, mmap_mode="r") for path in paths]
    ends = np.cumsum([0, *map(len, parts)])
    shape = (int(ends[-1]), parts[0].shape[1])
    vectors = np.lib.format.open_memmap(out / "vectors.npy", "w+", np.float32, shape)
    np.concatenate(parts, out=vectors)
    # Of many starts the best: of the usual three, seeds differ much.
    starts = {"n_init": 50, "init_size": ROWS, "random_state": settings.SEED}
    means = MiniBatchKMeans(min(TELLINGS, len(vectors)), batch_size=4096, **starts)
    with threadpool_limits(1):
        labels = means.fit(vectors).labels_
    order = np.argsort(-np.bincount(labels, minlength=means.n_clusters), kind="stable")
    labels = np.argsort(order)[labels].astype(np.int8)
    own = {name: labels[a:b] for name, a, b in zip(names, ends[:-1], ends[1:], strict=True)}
    return own, means.cluster_centers_[order]


def _join(out: Path, name: str, labels: np.ndarray, centres: np.ndarray) -> pd.DataFrame:
    """Write the claims of a partition with their codes; give the sentence nearest each centre."""
    coded = pd.read_parquet(out / "sentences" / name).assign(telling=labels)
    claims = pd.read_parquet(out / "claims" / name).merge(coded, on="text").sort_values("row")
    settings.write_bytes(out / "coded" / name, claims.to_parquet(index=False))
    vectors = np.load((out / "sentences" / name).with_suffix(".npy"))
    coded["far"] = np.linalg.norm(vectors - centres[labels], axis=1)
    return coded.sort_values(["far", "text"]).drop_duplicates("telling")


def _compare(out: Path, near: pd.DataFrame) -> str:
    """Write the tables, and say what they rest on."""
    table = dd.read_parquet(out / "coded")
    decided, by = table[~table["open"]], ["camp", "direction", "event"]
    shares, contrasts = {}, {}
    for column in ("frame", "telling"):
        counts = decided.groupby([*by, column]).size().compute().unstack(column, fill_value=0)
        # Sorted, for the order in which partitions are done is not always the same.
        counts = counts[counts.index.isin(DIRECTIONS, level="direction")].sort_index()
        counts = counts.sort_index(axis=1)
        camps = {"": counts.groupby(by[1:]).sum()}
        camps |= {camp: counts.xs(camp) for camp in counts.index.unique("camp") if camp}
        for camp, own in camps.items():
            cells = {direction: own.xs(direction) for direction in own.index.unique("direction")}
            for direction, cell in cells.items():
                shares[column, camp, direction] = estimated([cell], [1])
            if cells.keys() >= TO_RUSSIA.keys():
                told = [cells[direction] for direction in TO_RUSSIA]
                contrasts[column, camp] = estimated(told, list(TO_RUSSIA.values()))
    levels = ["column", "camp", "direction", "code"]
    tables = {"shares": (shares, levels), "contrasts": (contrasts, levels[:2] + levels[3:])}
    for file, (made, names) in tables.items():
        made = pd.concat(made, names=names) if made else pd.DataFrame(columns=names)
        made.to_csv(out / f"{file}.csv", float_format="%.6g", lineterminator="\n")
    counts = table.groupby(["telling", "frame"]).size().compute()
    frames = counts.unstack(fill_value=0).sort_index(axis=1)
    near = near.sort_values(["far", "text"]).drop_duplicates("telling").set_index("telling")
    tellings = {"claims": frames.sum(axis=1), "main_frame": frames.idxmax(axis=1)}
    tellings = pd.DataFrame(tellings).join(near["text"].rename("nearest")).sort_index()
    tellings.to_csv(out / "tellings.csv", lineterminator="\n")
    n, left_open = int(frames.to_numpy().sum()), table["open"].mean().compute()
    return (
        f"{n:,} claims coded; {left_open:.0%} are left open and not compared. {wording.MEASURE}\n"
        f"Tables: {out / 'shares.csv'}, contrasts.csv, tellings.csv; claims: {out / 'coded'}."
    )


def estimated(cells: Sequence[pd.DataFrame], weights: Sequence[float]) -> pd.DataFrame:
    """Weighted sum of the shares of codes in cells, with 95% intervals clustered on events.

    A cell has a row to an event and a column to a code: numbers of claims. Each event weighs the
    same, its claims share its weight; it counts as one observation, for its claims copy each other
    (`stats.stacked_contrasts`). Columns `value`, `low`, `high` (none with fewer than
    `stats.MIN_EVENTS` effective events), `n_events`, `n_claims`.
    """
    counts = pd.concat(cells, axis=1, keys=range(len(cells))).fillna(0)
    n = counts.to_numpy(float).reshape(len(counts), len(cells), -1)
    total = n.sum(2)
    mass = (total > 0).astype(float)
    sums = EventSums(n / np.maximum(total, 1)[:, :, None], mass, mass)
    (values,), effective = stats.stacked_contrasts([sums], weights)
    table = pd.DataFrame(values[0], cells[0].columns, ["value", "low", "high"])
    if effective[0] < stats.MIN_EVENTS:
        table[["low", "high"]] = np.nan
    return table.assign(n_events=len(counts), n_claims=int(total.sum()))
