"""Statistics as plain numbers, for who draws or prints them and knows no protobuf."""

from dataclasses import dataclass

from lakehouse.validation.protos import Statistics
from lakehouse.validation.reading import Told, dataset


@dataclass(frozen=True)
class Bucket:
    """One bar of a histogram: from low to high, with how many values (a fraction may be one)."""

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class FeatureView:
    """What statistics tell of one column; what does not apply to its type is null or empty.

    Attributes:
        name: the column.
        type: INT, FLOAT, STRING or BYTES.
        count: rows with a value.
        missing: rows without one.
        zeros: values that are 0.
        mean: mean of the values.
        std: their standard deviation (of the population).
        min: the lowest value.
        median: the value in the middle.
        max: the highest value.
        histogram: ten buckets of equal width.
        quantiles: ten equally filled buckets.
        unique: distinct values of text.
        top_values: the most frequent values of text with how often they occur.
    """

    name: str
    type: str
    count: int
    missing: int
    zeros: int | None = None
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    median: float | None = None
    max: float | None = None
    histogram: tuple[Bucket, ...] = ()
    quantiles: tuple[Bucket, ...] = ()
    unique: int | None = None
    top_values: tuple[tuple[str, int], ...] = ()


def feature_views(
    statistics: Statistics,
) -> tuple[FeatureView, ...]:
    """Every column of some statistics, in their order."""
    return tuple(feature_view(told) for told in dataset(statistics).features)


def feature_view(told: Told) -> FeatureView:
    """One column of some statistics."""
    same = (told.name, told.type, told.present, told.missing)
    if told.is_text:
        top = told.feature.string_stats.top_values
        values = tuple((item.value, round(item.frequency)) for item in top)
        return FeatureView(*same, unique=told.unique, top_values=values)
    numbers = told.numbers
    if not numbers.histograms or not any(h.buckets for h in numbers.histograms):
        return FeatureView(*same)
    return FeatureView(
        *same,
        zeros=int(numbers.num_zeros),
        mean=numbers.mean,
        std=numbers.std_dev,
        min=numbers.min,
        median=numbers.median,
        max=numbers.max,
        histogram=_buckets(told, "STANDARD"),
        quantiles=_buckets(told, "QUANTILES"),
    )


def _buckets(told: Told, type_: str) -> tuple[Bucket, ...]:
    found = told.histogram(type_)
    if found is None:
        return ()
    return tuple(Bucket(b.low_value, b.high_value, b.sample_count) for b in found.buckets)
