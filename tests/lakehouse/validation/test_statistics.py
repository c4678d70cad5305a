"""Statistics hold for any data, on both ways of telling a distribution."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engines.spark import SparkEngine
from lakehouse.validation.distribution import BY_VALUE_ROWS
from lakehouse.validation.statistics import statistics
from lakehouse.validation.views import FeatureView, feature_views
from tests.lakehouse.validation.protos import differences, told

NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6, width=32), st.integers(-9, 9).map(float))
BY_VALUE = pytest.mark.parametrize("rows", [0, BY_VALUE_ROWS], ids=["in slices", "by value"])


def view(values: list[object], dtype: Any, rows: int = BY_VALUE_ROWS) -> FeatureView:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    return feature_views(told(frame, by_value_rows=rows))[0]


@given(st.lists(NUMBERS, min_size=1, max_size=60), st.sampled_from([0, BY_VALUE_ROWS]))
def test_numbers_are_numpy_s(values: list[float | None], rows: int) -> None:
    """Counts exactly, moments to rounding; the median is the upper one of two middle values."""
    found = view(list(values), pl.Float64, rows)
    there = np.sort([value for value in values if value is not None])
    assert (found.count, found.missing) == (len(there), len(values) - len(there))
    if not len(there):
        assert found.mean is None
        return
    assert found.zeros == int((there == 0).sum())
    assert (found.min, found.max) == (there[0], there[-1])
    assert found.median == there[len(there) // 2]
    assert found.mean == pytest.approx(there.mean(), rel=1e-9, abs=1e-9)
    assert found.std == pytest.approx(there.std(), rel=1e-9, abs=1e-8)
    assert sum(b.count for b in found.histogram) == pytest.approx(len(there))
    assert sum(b.count for b in found.quantiles) == pytest.approx(len(there))


@BY_VALUE
def test_quantiles_are_exact_however_far_one_value_lies(rows: int) -> None:
    """A single wild value does not hide how the others are distributed."""
    values = np.append(np.random.default_rng(1).normal(size=9_999), 1e12)
    found = view(values.tolist(), pl.Float64, rows)
    order = np.sort(values)
    assert [b.high for b in found.quantiles[:-1]] == [order[i * 1_000] for i in range(1, 10)]
    assert found.histogram[0].count == pytest.approx(9_999, abs=20)


@BY_VALUE
def test_histogram_counts_are_near_the_true_ones(rows: int) -> None:
    """Within two of the thousand quantiles that the histogram is made of."""
    values = np.random.default_rng(2).exponential(size=20_000)
    found = view(values.tolist(), pl.Float64, rows)
    true, _ = np.histogram(values, 10)
    assert [b.count for b in found.histogram] == pytest.approx(true, abs=40)


@BY_VALUE
def test_nan_and_infinity_are_counted_apart(rows: int) -> None:
    """NaN is no value of the column, infinity is one but has no place in equal buckets."""
    values = [1.0, 2.0, 3.0, math.nan, math.inf, -math.inf, math.inf, None]
    frame = pl.DataFrame({"x": values})
    found = told(frame, by_value_rows=rows).datasets[0].features[0].num_stats
    assert (found.common_stats.num_non_missing, found.common_stats.num_missing) == (7, 1)
    assert (found.min, found.max) == (-math.inf, math.inf)
    assert math.isnan(found.mean) and found.std_dev == 0
    assert found.median == 3.0
    standard, quantiles = found.histograms
    assert (standard.num_nan, quantiles.num_nan) == (1, 1)
    ends = [standard.buckets[0], standard.buckets[-1]]
    assert [(b.low_value, b.sample_count) for b in ends] == [(-math.inf, 1), (math.inf, 2)]
    assert sum(b.sample_count for b in standard.buckets[1:-1]) == pytest.approx(3)


@BY_VALUE
def test_the_widest_range_of_numbers_is_no_trouble(rows: int) -> None:
    """Its width is more than a number can hold: no equal buckets, but quantiles."""
    found = view([-1.7e308, 0.5, 1.7e308] * 4, pl.Float64, rows)
    assert found.median == 0.5
    assert found.histogram == ()


def test_only_nan_is_told_by_its_number() -> None:
    """Two histograms with nothing but the count of NaN, as TFDV writes it."""
    frame = pl.DataFrame({"x": [math.nan, math.nan, None]})
    found = told(frame).datasets[0].features[0].num_stats
    assert [h.num_nan for h in found.histograms] == [2, 2]
    assert not found.max


def test_one_value_fills_one_bucket() -> None:
    """A constant column has one bar, and ten equal quantiles."""
    found = view([7] * 30, pl.Int64)
    (bar,) = found.histogram
    assert (bar.low, bar.high) == (7.0, 7.0) and bar.count == pytest.approx(30)
    assert [b.count for b in found.quantiles] == [3.0] * 10


@given(
    st.lists(
        st.one_of(st.none(), st.text("aä漢😀", min_size=1, max_size=3)), min_size=1, max_size=30
    )
)
def test_text_is_counted_by_value(values: list[str | None]) -> None:
    """Distinct values, the most frequent ones, and lengths in bytes of UTF-8."""
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    found = told(frame).datasets[0].features[0].string_stats
    there = [value for value in values if value is not None]
    assert found.common_stats.num_non_missing == len(there)
    assert found.unique == len(set(there))
    counts = {bucket.label: bucket.sample_count for bucket in found.rank_histogram.buckets}
    assert counts == {value: there.count(value) for value in there}
    length = sum(len(value.encode()) for value in there)
    assert found.avg_length == pytest.approx(length / len(there) if there else 0)


def test_equally_frequent_values_stand_from_the_end_of_the_alphabet() -> None:
    """The order in which TFDV names them."""
    found = view(["b", "a", "c", "c", "a", "b", "d"], pl.String)
    assert found.top_values == (("c", 2), ("b", 2), ("a", 2), ("d", 1))


def test_ranks_are_a_thousand_at_most() -> None:
    """However many distinct values a column has, its statistics stay small."""
    frame = pl.DataFrame({"x": [f"{n:05}" for n in range(3_000)]})
    found = told(frame).datasets[0].features[0].string_stats
    assert (found.unique, len(found.top_values)) == (3_000, 20)
    assert len(found.rank_histogram.buckets) == 1_000


def test_every_type_of_the_lake_is_told() -> None:
    """Truth values are integers, times are text."""
    frame = pl.DataFrame(
        {
            "flag": [True, False],
            "time": [datetime(2026, 1, 1, tzinfo=UTC)] * 2,
            "text": pl.Series([None, None], dtype=pl.String),
            "whole": pl.Series([None, None], dtype=pl.Int64),
            "nothing": [None, None],
        }
    )
    found = {told.name: told for told in feature_views(told(frame))}
    assert [found[name].type for name in frame.columns] == [
        "INT", "STRING", "STRING", "INT", "STRING",
    ]  # fmt: skip
    assert found["flag"].max == 1.0
    assert found["whole"] == FeatureView("whole", "INT", 0, 2)


def test_a_table_without_rows_has_no_feature() -> None:
    """As TFDV has it of a file that holds a header only."""
    found = told(pl.DataFrame(schema={"x": pl.Int64, "y": pl.String})).datasets[0]
    assert (found.num_examples, len(found.features)) == (0, 0)


@BY_VALUE
@pytest.mark.spark
def test_spark_tells_the_same(spark_engine: SparkEngine, rows: int) -> None:
    """One description for both engines: counts exactly, numbers up to rounding."""
    random = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "whole": random.integers(-5, 5_000, 2_000),
            "real": [None, math.nan, math.inf, *random.normal(500, 3, 1_997).round(2)],
            "text": [None, "ä", "漢", *random.choice(["on", "off", "😀"], 1_997)],
        }
    )
    found = statistics(spark_engine.frame(frame), rows)
    assert not list(differences(found, told(frame, by_value_rows=rows), 1e-9))
