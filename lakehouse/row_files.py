"""Rows as the bytes of a file, some at a time, so that no table need fit into memory.

CSV is opened in spreadsheets, which take text that begins with ``=``, ``+``, ``-`` or ``@`` for a
formula; such text gets an apostrophe in front (OWASP ASVS 1.2.10). Numbers stay numbers, and
Parquet holds everything as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal
from uuid import uuid4

import polars as pl

Format = Literal["parquet", "csv"]
# What is in memory at once, and sent at once.
BATCH_ROWS = 10_000
_RISKY = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_ARROW = pl.CompatLevel.oldest()


def csv_chunks(rows: pl.LazyFrame) -> Iterator[bytes]:
    """Rows as CSV (UTF-8, comma, text in quotes, header), some at a time."""
    head = csv_head(rows.collect_schema())
    for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        # With the first rows, so that whoever has the head knows that the rows can be read.
        yield head + csv_rows(batch)
        head = b""
    if head:
        yield head


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


def parquet_chunks(rows: pl.LazyFrame, origin: Mapping[str, str]) -> Iterator[bytes]:
    """Rows as Parquet, a row group at a time; its metadata says where they come from."""
    # Its import takes as long as that of everything else; only who exports pays for it.
    from pyarrow.parquet import ParquetWriter

    schema = rows.collect_schema()
    texts = [name for name, kind in schema.items() if kind == pl.String]
    notes = {f"stillwater.{name}": value for name, value in origin.items()}
    fields = pl.DataFrame(schema=schema).to_arrow(compat_level=_ARROW).schema.with_metadata(notes)
    written = BytesIO()
    with ParquetWriter(written, fields, compression="zstd", use_dictionary=texts) as writer:
        for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            writer.write_table(batch.to_arrow(compat_level=_ARROW))
            yield _taken(written)
    yield _taken(written)


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


def _taken(buffer: BytesIO) -> bytes:
    """What was written since the last time; the writer itself counts on."""
    found = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return found


def _guarded(name: str) -> pl.Expr:
    cell = pl.col(name)
    risky = cell.str.contains(_RISKY) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then(pl.lit("'") + cell).otherwise(cell).alias(name)
