"""What runs where Spark keeps the rows: functions of Arrow batches, worked out with Polars.

Spark's own window functions need a minute for what Polars does in a second, measured on 46,000
flights (docs/decisions/0004-whole-engines-on-spark.md); so Spark brings whole groups together and
the same function as on the local engine works on them.
"""

from collections.abc import Callable, Iterable, Iterator

import polars as pl
import pyarrow as pa

from lakehouse.content import content_of
from lakehouse.engines import ByGroup

Batches = Iterable[pa.RecordBatch]
OnBatches = Callable[[Batches], Iterator[pa.RecordBatch]]

CHUNK_ROWS = 100_000


def whole_groups(
    parts: Iterable[pl.DataFrame], by: tuple[str, ...], rows: int = CHUNK_ROWS
) -> Iterator[pl.DataFrame]:
    """Sorted rows in chunks in which no group is cut.

    Args:
        parts: rows sorted by ``by``, cut anywhere.
        by: columns that name a group.
        rows: a chunk holds at least so many rows, the last one apart.
    """
    waiting: list[pl.DataFrame] = []
    height = 0
    for part in parts:
        waiting.append(part)
        height += part.height
        if height < rows:
            continue
        chunk = pl.concat(waiting)
        last = chunk.select(by).row(-1)
        # How many rows the last group has so far: it may go on in the next part.
        open_rows = chunk.filter(
            pl.all_horizontal(
                pl.col(n).eq_missing(pl.lit(v)) for n, v in zip(by, last, strict=True)
            )
        ).height
        if open_rows < chunk.height:
            yield chunk.head(chunk.height - open_rows)
        waiting, height = [chunk.tail(open_rows)], open_rows
    if waiting:
        yield pl.concat(waiting)


def on_groups(function: ByGroup, by: tuple[str, ...], schema: pa.Schema) -> OnBatches:
    """A function of whole groups as one of Arrow batches that are sorted by group."""

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        for chunk in whole_groups(_frames(batches), by):
            yield from function(chunk).to_arrow().cast(schema).to_batches()

    return work


def contents(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Row count and summed row hashes of each batch: the very hash of the local engine."""
    for frame in _frames(batches):
        content = content_of(frame)
        yield pa.RecordBatch.from_pydict({"rows": [content.rows], "sum": [content.sha256]})


def _frames(batches: Batches) -> Iterator[pl.DataFrame]:
    for batch in batches:
        if batch.num_rows:
            yield pl.DataFrame(batch)


def empty_frame(schema: pa.Schema) -> pl.DataFrame:
    """No rows, with the columns of an Arrow schema."""
    return pl.DataFrame(schema.empty_table())
