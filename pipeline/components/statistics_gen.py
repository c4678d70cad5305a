"""StatisticsGen: what a frame's columns hold."""

from typing import Any

import narwhals as nw

from lakehouse.validation.protos import Statistics
from lakehouse.validation.statistics import statistics


def statistics_gen(frame: nw.LazyFrame[Any]) -> Statistics:
    """Counts, moments, histograms and frequent values of every column."""
    return statistics(frame)
