"""Statistics of numbers that lie in memory: many columns of few rows, without a query for each."""

from typing import Any

import numpy as np
import polars as pl
from tensorflow_metadata.proto.v0 import statistics_pb2

from lakehouse.validation.distribution import Distribution, Floats
from lakehouse.validation.protos import Statistics
from lakehouse.validation.statistics import tell_numeric, tell_presence


def statistics_in_memory(frame: pl.DataFrame) -> Statistics:
    """The same as :func:`lakehouse.validation.statistics.statistics` tells of numeric columns."""
    told = statistics_pb2.DatasetFeatureStatistics(num_examples=frame.height)
    for column in frame.iter_columns() if frame.height else ():
        feature = told.features.add(type="FLOAT" if column.dtype.is_float() else "INT")
        feature.path.step.append(column.name)
        values = column.drop_nulls().cast(pl.Float64).to_numpy()
        tell_numeric(feature.num_stats, _numbers(values), _distribution(values))
        tell_presence(feature.num_stats.common_stats, frame.height, len(values))
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[told])


def _numbers(values: Floats) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    counts = {"count": len(values), "nan": len(values) - len(known)}
    if not len(known):
        return counts
    with np.errstate(invalid="ignore"):
        moments = {"mean": known.mean(), "std": known.std(), "min": known.min(), "max": known.max()}
    ends = {"below": int((known == -np.inf).sum()), "above": int((known == np.inf).sum())}
    return counts | moments | ends | {"zeros": int((known == 0).sum())}


def _distribution(values: Floats) -> Distribution:
    value, count = np.unique(values[np.isfinite(values)], return_counts=True)
    return Distribution(value, value, count.astype(np.int64))
