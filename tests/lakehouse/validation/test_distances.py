"""Distances between distributions."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.validation.distances import (
    jensen_shannon,
    l_infinity,
    normalised_difference,
)
from lakehouse.validation.reading import Told, dataset
from tests.lakehouse.validation.protos import told

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


def column(values: list[object]) -> Told:
    return dataset(told(pl.DataFrame({"x": values}, strict=False))).features[0]


@given(VALUES, VALUES)
def test_jensen_shannon_is_symmetric_and_bounded(one: list[float], other: list[float]) -> None:
    """Zero for a column and itself, the same both ways, one at most."""
    left, right = column(list(one)), column(list(other))
    there, back = jensen_shannon(left, right), jensen_shannon(right, left)
    assert there is not None
    assert there == pytest.approx(back, abs=1e-12)
    assert -1e-12 <= there <= 1
    assert jensen_shannon(left, left) == pytest.approx(0, abs=1e-12)


def test_disjoint_columns_are_one_apart() -> None:
    """Whether they are spread out, heaped on one value, or infinite."""
    assert jensen_shannon(column([1.0, 2.0]), column([8.0, 9.0])) == pytest.approx(1)
    assert jensen_shannon(column([1.0, 1.0]), column([2.0, 2.0])) == pytest.approx(1)
    assert jensen_shannon(column([1.0, 1.0]), column([float("nan")])) == pytest.approx(1)


NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ([NAN, 1.0, 2.0, 3.5, 4.0], [1.0, 2.0, 3.5, 4.0, 9.0], 0.3609677726988428),
        ([NAN, 1.0, 2.0, 3.5, 4.0], [NAN, 1.0, 2.0, 3.5, 4.0], 0.2),
        ([2.0], [2.0, 2.0, NAN], 0.19087450462110941),
        ([2.0, 2.0, NAN], [2.0, 2.0, NAN], 1 / 3),
        ([NAN, NAN], [3.0, 3.0], 1.0),
        ([NAN, NAN], [NAN], 1.0),
        ([NAN, NAN], [1.0, 2.0, 3.5], None),
        ([NAN, 1.0, 2.0, 3.5, 4.0], [float("inf"), 1.0, 2.0, 5.0], 0.5663994357496127),
    ],
)
def test_nan_counts_where_both_histograms_have_the_same_edges(
    one: list[object], other: list[object], wanted: float | None
) -> None:
    """As TFDV 1.16.1 says of these columns: it forgets NaN where it draws a histogram anew."""
    expected = None if wanted is None else pytest.approx(wanted)
    assert jensen_shannon(column(one), column(other)) == expected
    assert jensen_shannon(column(other), column(one)) == expected


def test_quantile_histograms_can_be_compared_too() -> None:
    """The schema may choose them."""
    one, other = column([1.0, 2.0, 3.0]), column([1.0, 2.0, 30.0])
    found = jensen_shannon(one, other, "QUANTILES")
    assert found is not None
    assert 0 < found < 1


def test_numbers_and_text_cannot_be_compared() -> None:
    """There is no distance, not a large one."""
    assert jensen_shannon(column([1, 2]), column(["a", "b"])) is None
    assert jensen_shannon(column([1, 2]), column([None])) is None


def test_shares_and_counts() -> None:
    """L-infinity of shares, and of counts over all values of both."""
    assert l_infinity({"a": 1, "b": 1}, {"a": 3, "b": 1}) == ("b", 0.25)
    assert l_infinity({}, {"a": 2}) == ("a", 1.0)
    value, distance = normalised_difference({"a": 1, "b": 1}, {"a": 3, "b": 1})
    assert value == "a" and distance == pytest.approx(2 / 6)
