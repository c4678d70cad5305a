"""Statistics as the schema and the validation read them (TFDV's ``statistics_view.cc``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from lakehouse.validation.protos import Statistics

# TFDV's stand-in for text that is no UTF-8.
_INVALID = "__BYTES_VALUE__"
_FEATURE_TYPES = {"INT": schema_pb2.INT, "FLOAT": schema_pb2.FLOAT, "STRUCT": schema_pb2.STRUCT}
_STATS = {"INT": "num_stats", "FLOAT": "num_stats", "BYTES": "bytes_stats"}


@dataclass(frozen=True)
class Told:
    """What statistics tell of one feature."""

    feature: statistics_pb2.FeatureNameStatistics
    examples: int

    @property
    def name(self) -> str:
        """The column, whether it was written as a name or as a path."""
        path = self.feature.path.step
        return ".".join(path) if path else str(self.feature.name)

    @property
    def type(self) -> str:
        """INT, FLOAT, STRING or BYTES."""
        return str(statistics_pb2.FeatureNameStatistics.Type.Name(self.feature.type))

    @property
    def feature_type(self) -> int:
        """Its type as a schema writes it: text is BYTES."""
        return int(_FEATURE_TYPES.get(self.type, schema_pb2.BYTES))

    @property
    def is_integer(self) -> bool:
        """Whether its values are whole numbers."""
        return self.type == "INT"

    @property
    def is_float(self) -> bool:
        """Whether its values are floating-point numbers."""
        return self.type == "FLOAT"

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return self.type == "STRING"

    @property
    def is_bytes(self) -> bool:
        """Whether its values are bytes that are not to be read as text."""
        return self.type == "BYTES"

    @property
    def numbers(self) -> statistics_pb2.NumericStatistics:
        """Moments and histograms."""
        return self.feature.num_stats

    @property
    def present(self) -> int:
        """Examples with a value."""
        return int(self._common.num_non_missing)

    @property
    def missing(self) -> int:
        """Examples without a value."""
        return int(self._common.num_missing)

    @property
    def fraction(self) -> float | None:
        """Share of examples with a value; None where there is no example."""
        if not self.missing:
            return 1.0
        return self.present / self.examples if self.examples else None

    @property
    def value_counts(self) -> tuple[int, int]:
        """The fewest and the most values in an example that has any."""
        return int(self._common.min_num_values), int(self._common.max_num_values)

    @property
    def total(self) -> float:
        """Values in all examples together."""
        common = self._common
        return float(common.tot_num_values or common.num_non_missing * common.avg_num_values)

    @property
    def unique(self) -> int | None:
        """Distinct values of text; None of numbers, where they are not counted."""
        told = self.feature
        return int(told.string_stats.unique) if told.HasField("string_stats") else None

    @cached_property
    def values(self) -> Mapping[str, float]:
        """The most frequent values of text with how often they occur."""
        buckets = self.feature.string_stats.rank_histogram.buckets
        return {bucket.label: float(bucket.sample_count) for bucket in buckets}

    @property
    def has_invalid_text(self) -> bool:
        """Whether some text is no UTF-8."""
        return _INVALID in self.values

    def histogram(self, type_: str) -> statistics_pb2.Histogram | None:
        """The histogram of that type (STANDARD, QUANTILES), None where there is none."""
        wanted = statistics_pb2.Histogram.HistogramType.Value(type_)
        return next((h for h in self.numbers.histograms if h.type == wanted), None)

    @property
    def _common(self) -> Any:
        return getattr(self.feature, _STATS.get(self.type, "string_stats")).common_stats


@dataclass(frozen=True)
class Dataset:
    """What statistics tell of one data set."""

    examples: int
    features: tuple[Told, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Told]:
        """Its features by their names."""
        return {told.name: told for told in self.features}


def dataset(statistics: Statistics) -> Dataset:
    """The one data set of some statistics.

    Raises:
        ValueError: there is none, or more than one.
    """
    if len(statistics.datasets) != 1:
        raise ValueError(
            f"statistics of one data set expected, of {len(statistics.datasets)} found"
        )
    found = statistics.datasets[0]
    examples = int(found.num_examples)
    return Dataset(examples, tuple(Told(feature, examples) for feature in found.features))
