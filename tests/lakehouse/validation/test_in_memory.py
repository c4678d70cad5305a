"""Statistics of numbers in memory are those that the queries over tables tell."""

import math

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lakehouse.validation.in_memory import statistics_in_memory
from lakehouse.validation.reading import dataset
from lakehouse.validation.statistics import statistics


def frame(rows: int = 500) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    normal = rng.normal(5, 2, rows)
    return pl.DataFrame(
        {
            "normal": normal,
            "single": pl.Series(normal, dtype=pl.Float32),
            "whole": rng.integers(-3, 4, rows),
            "constant": np.full(rows, 100.0),
            "some": [None if i % 7 == 0 else float(i) for i in range(rows)],
            "odd": [math.nan, math.inf, -math.inf, *normal[3:]],
            "none": pl.Series([None] * rows, dtype=pl.Float64),
            "nan": [math.nan] * rows,
        }
    )


@pytest.mark.parametrize("rows", [3, 500])
def test_they_equal_those_of_a_table(rows: int) -> None:
    """Counts and histograms exactly, moments to the last bits."""
    made = frame(500).head(rows)
    mine = dataset(statistics_in_memory(made))
    table = dataset(statistics(nw.from_native(made.lazy())))
    assert mine.examples == table.examples == rows
    for one, other in zip(mine.features, table.features, strict=True):
        assert (one.name, one.type, one.present) == (other.name, other.type, other.present)
        assert one.numbers.histograms == other.numbers.histograms
        for moment in ("mean", "std_dev", "min", "max", "median", "num_zeros"):
            told, expected = getattr(one.numbers, moment), getattr(other.numbers, moment)
            assert told == pytest.approx(expected, rel=1e-12, nan_ok=True), one.name
