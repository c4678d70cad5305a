"""Two statistics side by side, column by column, and how far apart they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lakehouse.validation.distances import jensen_shannon, l_infinity
from lakehouse.validation.protos import Schema, Statistics
from lakehouse.validation.reading import Told, dataset
from lakehouse.validation.views import FeatureView, feature_view

Norm = Literal["Jensen-Shannon", "L-infinity", ""]


@dataclass(frozen=True)
class Compared:
    """One column of both.

    Attributes:
        name: the column.
        left: what the first statistics tell of it, None where they do not know it.
        right: the same of the second.
        norm: what the distance is: Jensen-Shannon divergence of numbers, L-infinity of text.
        distance: 0 (alike) to 1, None where there is nothing to compare.
        value: the value of text whose share differs most.
    """

    name: str
    left: FeatureView | None
    right: FeatureView | None
    norm: Norm = ""
    distance: float | None = None
    value: str = ""


def compare(left: Statistics, right: Statistics) -> tuple[Compared, ...]:
    """Every column of either, in their order."""
    one, other = dataset(left).by_name, dataset(right).by_name
    names = dict.fromkeys([*one, *other])
    return tuple(_compared(name, one.get(name), other.get(name)) for name in names)


def limits(schema: Schema, kind: Literal["drift", "skew"]) -> Mapping[str, float]:
    """The largest distance that a schema allows each column, by its name."""
    found = {}
    for feature in schema.feature:
        comparator = getattr(feature, f"{kind}_comparator")
        for norm in (comparator.jensen_shannon_divergence, comparator.infinity_norm):
            if norm.HasField("threshold"):
                found[str(feature.name)] = float(norm.threshold)
    return found


def _compared(name: str, one: Told | None, other: Told | None) -> Compared:
    norm, distance, value = _distance(one, other)
    return Compared(name, _view(one), _view(other), norm, distance, value)


def _view(told: Told | None) -> FeatureView | None:
    return None if told is None else feature_view(told)


def _distance(one: Told | None, other: Told | None) -> tuple[Norm, float | None, str]:
    if one is None or other is None or one.is_text != other.is_text:
        return "", None, ""
    if not one.is_text:
        return "Jensen-Shannon", jensen_shannon(one, other), ""
    if not one.values or not other.values:
        return "L-infinity", None, ""
    value, distance = l_infinity(one.values, other.values)
    return "L-infinity", distance, value
