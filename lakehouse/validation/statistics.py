"""Statistics of a frame's columns: what TFX's StatisticsGen writes, in TFX's own protos.

Equal in content to TFDV 1.16's ``generate_statistics_from_csv`` with its default options
(``statistics/generators/basic_stats_generator.py``, ``top_k_uniques_stats_generator.py``). Written
once for both engines: every pass is a narwhals query, and its result is small.
"""

import math
from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from tensorflow_metadata.proto.v0 import statistics_pb2

from lakehouse.validation.distribution import (
    BY_VALUE_ROWS,
    Distribution,
    Extent,
    distributions,
)
from lakehouse.validation.histograms import (
    Spread,
    constant_histogram,
    quantile_histogram,
    quantiles,
    standard_histogram,
)
from lakehouse.validation.kinds import Column, columns_of
from lakehouse.validation.protos import Statistics
from lakehouse.validation.ranks import Ranks, ranks

TOP_VALUES = 20
Numbers = Mapping[str, Any]
_NOTHING = Distribution(np.empty(0), np.empty(0), np.empty(0, np.int64))


def statistics(frame: nw.LazyFrame[Any], by_value_rows: int = BY_VALUE_ROWS) -> Statistics:
    """Statistics of every column, in the frame's order.

    Passes over the frame: one for counts and moments, one for histograms and quantiles (a few more
    while a decile of a long table shares its slice with other values), one for the values of text.

    Args:
        frame: the rows; a null is a missing value, NaN is counted apart.
        by_value_rows: up to so many rows, quantiles are told value by value.
    """
    columns = columns_of(frame)
    numbers = _numbers(frame, columns)
    rows = int(numbers["rows"])
    extents = {
        column: Extent(*(numbers.get(f"{column.key}_{name}", 0) for name in _EXTENT))
        for column in columns
        if column.is_numeric and numbers[f"{column.key}_low"] is not None
    }
    spread = distributions(frame, extents, rows, by_value_rows)
    texts = [c for c in columns if not c.is_numeric and numbers[f"{c.key}_count"]]
    values = ranks(frame, texts)
    dataset = statistics_pb2.DatasetFeatureStatistics(num_examples=rows)
    for column in columns if rows else ():  # TFDV knows no feature of no example
        mine = {name: numbers.get(f"{column.key}_{name}") for name in _NAMES}
        feature = dataset.features.add(type=column.type)
        feature.path.step.append(column.name)
        if column.is_numeric:
            tell_numeric(feature.num_stats, mine, spread.get(column, _NOTHING))
        else:
            _tell_text(feature.string_stats, mine, values.get(column, ()), rows)
        stats = feature.num_stats if column.is_numeric else feature.string_stats
        tell_presence(stats.common_stats, rows, int(mine["count"] or 0))
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])


_EXTENT = ("low", "high", "below", "above")
_NAMES = (
    "count", "nan", "zeros", "mean", "std", "min", "max", "low", "high", "below", "above",
    "unique", "bytes",
)  # fmt: skip


def _numbers(frame: nw.LazyFrame[Any], columns: tuple[Column, ...]) -> Numbers:
    """Every count and moment of every column, in one pass."""
    wanted = [nw.len().alias("rows")]
    for column in columns:
        aggregates = _numeric(column) if column.is_numeric else _text(column)
        wanted += [made.alias(f"{column.key}_{name}") for name, made in aggregates.items()]
    collected: pl.DataFrame = frame.select(*wanted).collect("polars").to_native()
    return collected.row(0, named=True)


def _numeric(column: Column) -> dict[str, nw.Expr]:
    value = column.present
    made = {
        "count": column.value.count(),
        "zeros": _number_of(value == 0),
        "mean": value.mean(),
        "std": value.std(ddof=0),
        "min": value.min(),
        "max": value.max(),
    }
    if column.type != "FLOAT":
        return made | {"low": made["min"], "high": made["max"]}
    finite = nw.when(value.is_finite()).then(value)
    return made | {
        "nan": _number_of(column.value.is_nan()),
        "low": finite.min(),
        "high": finite.max(),
        "below": _number_of(value == -math.inf),
        "above": _number_of(value == math.inf),
    }


def _number_of(condition: nw.Expr) -> nw.Expr:
    """For how many rows it holds; Spark cannot sum truth values."""
    return nw.when(condition).then(nw.lit(1)).count()


def _text(column: Column) -> dict[str, nw.Expr]:
    value = column.value
    # Bytes in UTF-8: one more for each character from U+0080, from U+0800 and from U+10000 on.
    wider = [
        value.str.replace_all(rf"[\x{{0}}-\x{{{last}}}]", "").str.len_chars().sum()
        for last in ("7F", "7FF", "FFFF")
    ]
    length = value.str.len_chars().sum() + wider[0] + wider[1] + wider[2]
    return {"count": value.count(), "unique": value.n_unique(), "bytes": length}


def tell_presence(common: statistics_pb2.CommonStatistics, rows: int, present: int) -> None:
    """Each example holds one value of a feature, or none."""
    common.num_missing = rows - present
    common.num_non_missing = common.tot_num_values = present
    if present:
        common.min_num_values = common.max_num_values = 1
        common.avg_num_values = 1.0
        common.num_values_histogram.CopyFrom(constant_histogram(1.0, present))


def tell_numeric(
    told: statistics_pb2.NumericStatistics, numbers: Numbers, finite: Distribution
) -> None:
    """Moments and histograms; only counts where there is no number."""
    nan = int(numbers["nan"] or 0)
    if int(numbers["count"] or 0) == nan:
        told.SetInParent()
        if nan:
            told.histograms.add(type="STANDARD", num_nan=nan)
            told.histograms.add(type="QUANTILES", num_nan=nan)
        return
    below, above = int(numbers["below"] or 0), int(numbers["above"] or 0)
    # With infinities TFDV knows no mean, and takes the square root of no variance for 0.
    moments = (math.nan, 0.0) if below or above else (numbers["mean"], numbers["std"])
    told.mean, told.std_dev = map(float, moments)
    told.min, told.max = float(numbers["min"]), float(numbers["max"])
    told.num_zeros = int(numbers["zeros"])
    spread = Spread(finite, below, above, nan)
    boundaries = quantiles(spread)
    told.median = boundaries.median
    told.histograms.append(standard_histogram(spread))
    told.histograms.append(quantile_histogram(boundaries, nan))


def _tell_text(
    told: statistics_pb2.StringStatistics, numbers: Numbers, found: Ranks, rows: int
) -> None:
    told.SetInParent()
    count = int(numbers["count"] or 0)
    if not count:
        return
    # A missing value counts as one more in a count of distinct values.
    told.unique = int(numbers["unique"]) - (count < rows)
    told.avg_length = int(numbers["bytes"]) / count
    for value, frequency in found[:TOP_VALUES]:
        told.top_values.add(value=value, frequency=frequency)
    for rank, (value, frequency) in enumerate(found):
        told.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=value, sample_count=frequency
        )
