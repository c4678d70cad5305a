"""Two statistics side by side."""

from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lakehouse.validation.comparison import Compared, compare, limits
from lakehouse.validation.in_memory import statistics_in_memory
from lakehouse.validation.schema import infer_schema, with_comparators
from lakehouse.validation.statistics import statistics


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())


def by_name(columns: tuple[Compared, ...]) -> dict[str, Compared]:
    return {each.name: each for each in columns}


def test_each_column_has_its_distance_and_both_sides() -> None:
    """Numbers by Jensen-Shannon, text by L-infinity; only what both know has a distance."""
    left = pl.DataFrame({"n": [1.0, 2.0, 3.0], "t": ["a", "a", "b"], "gone": [1, 2, 3]})
    right = pl.DataFrame({"n": [11.0, 12.0, 13.0], "t": ["a", "b", "b"], "new": [1, 2, 3]})
    told = by_name(compare(statistics(lazy(left)), statistics(lazy(right))))
    assert list(told) == ["n", "t", "gone", "new"]
    assert (told["n"].norm, told["n"].distance) == ("Jensen-Shannon", 1.0)
    assert told["t"].norm == "L-infinity"
    assert told["t"].distance == pytest.approx(1 / 3)
    assert told["t"].value == "b"
    assert told["gone"].right is None and told["new"].left is None
    assert told["gone"].distance is told["new"].distance is None


def test_what_is_the_same_is_not_apart() -> None:
    """Distance 0, and both sides alike."""
    same = statistics_in_memory(pl.DataFrame({"n": [float(i) for i in range(100)]}))
    (told,) = compare(same, same)
    assert told.distance == pytest.approx(0.0)
    assert told.left == told.right


def test_nothing_to_compare_is_no_distance() -> None:
    """A column without a value, and one that changed between number and text."""
    left = pl.DataFrame({"n": pl.Series([None], dtype=pl.Float64), "t": ["1"]})
    right = pl.DataFrame({"n": [1.0], "t": [1]})
    told = compare(statistics(lazy(left)), statistics(lazy(right)))
    assert [each.distance for each in told] == [None, None]


def test_limits_are_those_of_the_comparators() -> None:
    """By column, for drift and skew apart."""
    frame = pl.DataFrame({"n": [1.0, 2.0], "t": ["a", "b"], "engine": ["e", "e"]})
    schema = with_comparators(infer_schema(statistics(lazy(frame))), 0.3, 0.1, ["engine"])
    assert limits(schema, "skew") == {"n": pytest.approx(0.3), "t": pytest.approx(0.1)}
    schema.feature[0].ClearField("skew_comparator")
    assert "n" not in limits(schema, "skew") and "n" in limits(schema, "drift")
