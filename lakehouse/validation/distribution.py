"""How the values of numeric columns are distributed, in a few passes over any number of rows.

A column is told as slices of its range. One pass cuts each range into equal slices and counts;
the slices that a decile falls into are cut again until one value is left in them. What comes back
is bounded however long the table is, and the deciles are exact. A short table is told by value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakehouse.validation.kinds import Column

SLICES = 1 << 14
BY_VALUE_ROWS = 1 << 16
DECILES = 10
# Each cut makes a slice 16,384 times finer: four reach the last bit of a float64.
_CUTS = 6

Range = tuple[float, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Extent:
    """How far a column's values reach.

    Attributes:
        low: the lowest finite value.
        high: the highest finite value.
        below: how many values are minus infinity.
        above: how many values are infinity.
    """

    low: float
    high: float
    below: int = 0
    above: int = 0


@dataclass(frozen=True)
class Distribution:
    """Disjoint slices of a column's finite values, from the lowest to the highest.

    Attributes:
        low: lowest value in each slice.
        high: highest value in each slice; the same where one value fills it.
        count: how many values lie in each.
    """

    low: Floats
    high: Floats
    count: NDArray[np.int64]

    @property
    def cumulative(self) -> NDArray[np.int64]:
        """How many values lie in a slice or below it."""
        return np.cumsum(self.count)

    def undecided(self, extent: Extent) -> tuple[Range, ...]:
        """Slices of several values that a decile of all values, infinite ones too, falls into."""
        finite = int(self.count.sum())
        total = extent.below + finite + extent.above
        ranks = np.arange(1, DECILES) * total // DECILES - extent.below
        ranks = ranks[(ranks >= 0) & (ranks < finite)]
        hit = np.unique(np.searchsorted(self.cumulative, ranks, side="right"))
        return tuple(
            (float(self.low[index]), float(self.high[index]))
            for index in hit
            if self.low[index] < self.high[index]
        )

    def with_cut(self, cut: "Distribution") -> "Distribution":
        """The same with some slices replaced by the finer ones of ``cut``."""
        inside = np.searchsorted(cut.low, self.low) < np.searchsorted(
            cut.high, self.high, side="right"
        )
        kept = Distribution(self.low[~inside], self.high[~inside], self.count[~inside])
        order = np.argsort(np.concatenate([kept.low, cut.low]), kind="stable")
        return Distribution(
            np.concatenate([kept.low, cut.low])[order],
            np.concatenate([kept.high, cut.high])[order],
            np.concatenate([kept.count, cut.count])[order],
        )


def distributions(
    frame: nw.LazyFrame[Any],
    extents: Mapping[Column, Extent],
    rows: int,
    by_value_rows: int = BY_VALUE_ROWS,
) -> dict[Column, Distribution]:
    """How each column's finite values are distributed.

    Args:
        frame: the rows.
        extents: the columns that have finite values, and how far each reaches.
        rows: how many rows the frame has.
        by_value_rows: up to so many rows, every slice is one value.
    """
    if rows <= by_value_rows:
        return _collect([_by_value(frame, column) for column in extents], extents)
    whole = [_sliced(frame, column, [(e.low, e.high)]) for column, e in extents.items()]
    found = _collect(whole, extents)
    for _ in range(_CUTS):
        open_ = {column: told.undecided(extents[column]) for column, told in found.items()}
        todo = {column: slices for column, slices in open_.items() if slices}
        if not todo:
            break
        cuts = _collect([_sliced(frame, column, todo[column]) for column in todo], todo)
        found |= {column: found[column].with_cut(cut) for column, cut in cuts.items()}
    return found


def _by_value(frame: nw.LazyFrame[Any], column: Column) -> nw.LazyFrame[Any]:
    values = frame.select(value=column.value).filter(nw.col("value").is_finite())
    return _counted(values.with_columns(slice=nw.col("value")), column)


def _sliced(frame: nw.LazyFrame[Any], column: Column, ranges: Sequence[Range]) -> nw.LazyFrame[Any]:
    """Counts of one column's values within some ascending ranges, each cut into slices."""
    value = nw.col("value")
    inside = reduce(lambda some, other: some | other, (_within(value, r) for r in ranges))
    first, *others = reversed(list(enumerate(ranges)))
    slice_ = reduce(
        lambda above, at: nw.when(value <= at[1][1]).then(_slice(value, *at)).otherwise(above),
        others,
        _slice(value, *first),
    )
    values = frame.select(value=column.value).filter(inside)
    return _counted(values.with_columns(slice=slice_), column)


def _within(value: nw.Expr, range_: Range) -> nw.Expr:
    return (value >= range_[0]) & (value <= range_[1])


def _slice(value: nw.Expr, index: int, range_: Range) -> nw.Expr:
    low, high = range_
    # Halves first: the width of the widest range is more than a float64 can hold.
    part = (value / 2 - low / 2) / (high / 2 - low / 2) if low < high else value * 0
    return (part * SLICES).floor().clip(0, SLICES - 1).cast(nw.Int64) + index * SLICES


def _counted(values: nw.LazyFrame[Any], column: Column) -> nw.LazyFrame[Any]:
    value = nw.col("value")
    grouped = values.group_by("slice").agg(
        nw.len().alias("count"), value.min().alias("low"), value.max().alias("high")
    )
    return grouped.select(nw.lit(column.key).alias("column"), "low", "high", "count")


def _collect(
    counted: Sequence[nw.LazyFrame[Any]], columns: Mapping[Column, object]
) -> dict[Column, Distribution]:
    if not counted:
        return {}
    rows: pl.DataFrame = nw.concat(counted).collect("polars").to_native().sort("column", "low")
    told = {str(key): part for (key,), part in rows.group_by("column", maintain_order=True)}
    return {column: _distribution(told[column.key]) for column in columns}


def _distribution(part: pl.DataFrame) -> Distribution:
    count = part["count"].cast(pl.Int64).to_numpy()
    return Distribution(part["low"].to_numpy(), part["high"].to_numpy(), count)
