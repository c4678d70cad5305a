"""Between narwhals frames of the lake and Polars frames of the pure functions."""

from typing import Any

import narwhals as nw
import polars as pl


def collect(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """The rows, in memory."""
    rows: pl.DataFrame = frame.collect("polars").to_native()
    return rows


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    """Rows in memory as a frame that the lake takes."""
    return nw.from_native(frame.lazy())
