"""Rows of a table as a file for others: any version, some columns, one engine; streamed.

CSV is opened in spreadsheets, which take text that begins with ``=``, ``+``, ``-`` or ``@`` for a
formula; such text gets an apostrophe in front (OWASP ASVS 1.2.10). Numbers stay numbers, and
Parquet holds everything as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

import polars as pl

from lakehouse.lake import Lake
from lakehouse.tables import TABLES

Format = Literal["parquet", "csv"]
BATCH_ROWS = 50_000
_RISKY = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


class SelectionError(ValueError):
    """What was asked for is not there; the message says what is."""


@dataclass(frozen=True)
class Selection:
    """Which rows of a table.

    Attributes:
        table: its name.
        version: as of which version; None: the newest.
        columns: which of them, in this order; empty: all.
        fleet: only rows of that fleet.
        engine: only rows of that engine.
    """

    table: str
    version: int | None = None
    columns: tuple[str, ...] = ()
    fleet: str | None = None
    engine: str | None = None


def selected(lake: Lake, what: Selection) -> pl.LazyFrame:
    """The rows, lazily.

    Raises:
        SelectionError: there is no such table, version or column.
    """
    if what.table not in TABLES:
        raise SelectionError(f"{what.table!r} is no table; there are {', '.join(TABLES)}")
    newest = lake.version(what.table)
    if what.version is not None and not 0 <= what.version <= (-1 if newest is None else newest):
        told = "it does not exist yet" if newest is None else f"the newest is {newest}"
        raise SelectionError(f"{what.table} has no version {what.version}: {told}")
    version = newest if what.version is None else what.version
    rows: pl.LazyFrame = lake.look_up(what.table, version).to_native()
    known = rows.collect_schema().names()
    wanted = [("fleet", what.fleet), ("engine", what.engine)]
    for name in (*what.columns, *(name for name, value in wanted if value is not None)):
        if name not in known:
            raise SelectionError(f"{what.table} has no column {name!r}: {', '.join(known)}")
    mine = [pl.col(name) == value for name, value in wanted if value is not None]
    return rows.filter(pl.lit(True), *mine).select(what.columns or known)


def csv_chunks(rows: pl.LazyFrame) -> Iterator[bytes]:
    """Rows as CSV (UTF-8, comma, text in quotes, header), some at a time."""
    yield csv_head(rows.collect_schema())
    for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        yield csv_rows(batch)


def csv_head(schema: pl.Schema) -> bytes:
    """The header of the CSV of such rows."""
    return pl.DataFrame(schema=schema).write_csv().encode()


def csv_rows(batch: pl.DataFrame) -> bytes:
    """Rows as CSV without a header; text that would be taken for a formula is guarded."""
    texts = [name for name, kind in batch.schema.items() if kind == pl.String]
    text = batch.with_columns(_guarded(name) for name in texts).write_csv(
        include_header=False,
        quote_style="non_numeric",
        datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ",
    )
    return text.encode()


def write(rows: pl.LazyFrame, target: Path, format_: Format) -> int:
    """Write rows to a new file, in memory that does not grow with them; returns its bytes.

    Raises:
        FileExistsError: there is one already.
    """
    with new_file(target) as aside:
        if format_ == "parquet":
            rows.sink_parquet(aside, compression="zstd")
        else:
            with aside.open("wb") as file:
                file.writelines(csv_chunks(rows))
    return target.stat().st_size


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A place to write at, which becomes ``target`` when all went well and nothing when not.

    Raises:
        FileExistsError: there is such a file already.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already: choose another name")
    aside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        yield aside
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)


def _guarded(name: str) -> pl.Expr:
    cell = pl.col(name)
    risky = cell.str.contains(_RISKY) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then(pl.lit("'") + cell).otherwise(cell).alias(name)
