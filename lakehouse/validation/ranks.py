"""The most frequent values of text columns."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.validation.kinds import Column

RANKS = 1000
Ranks = tuple[tuple[str, int], ...]


def ranks(frame: nw.LazyFrame[Any], columns: Sequence[Column]) -> dict[Column, Ranks]:
    """The thousand most frequent values of each column with how often they occur.

    Ordered as TFDV orders them: by frequency, and where that is equal from the end of the alphabet.
    """
    if not columns:
        return {}
    counted = nw.concat([_counted(frame, column) for column in columns])
    rows: pl.DataFrame = counted.collect("polars").to_native()
    ordered = rows.sort("column", "count", "value", descending=[False, True, True])
    found = {str(key): part for (key,), part in ordered.group_by("column", maintain_order=True)}
    return {
        column: tuple(found[column.key].select("value", "count").iter_rows()) for column in columns
    }


def _counted(frame: nw.LazyFrame[Any], column: Column) -> nw.LazyFrame[Any]:
    values = frame.select(value=column.value).filter(~nw.col("value").is_null())
    counted = values.group_by("value").agg(nw.len().alias("count"))
    most = counted.sort("count", "value", descending=True).head(RANKS)
    return most.select(nw.lit(column.key).alias("column"), "value", "count")
