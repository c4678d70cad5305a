"""How far apart two distributions are: L-infinity of shares, Jensen-Shannon of histograms.

As TFDV 1.16 works them out (``anomalies/metrics.cc``). The Jensen-Shannon divergence is that of
J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory
37 (1991), to base 2: 0 for the same distribution, 1 for disjoint ones.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from lakehouse.validation.distribution import Floats
from lakehouse.validation.reading import Told

Counts = Mapping[str, float]


def l_infinity(one: Counts, other: Counts) -> tuple[str, float]:
    """The value whose share of all values differs most, and by how much."""
    return _furthest(_shares(one, sum(one.values())), _shares(other, sum(other.values())))


def normalised_difference(one: Counts, other: Counts) -> tuple[str, float]:
    """The value whose count differs most, and by what part of all values of both together."""
    total = sum(one.values()) + sum(other.values())
    return _furthest(_shares(one, total), _shares(other, total))


def jensen_shannon(one: Told, other: Told, histogram: str = "STANDARD") -> float | None:
    """Divergence of two features: of their values if both are text, else of their histograms.

    Returns:
        0 to 1, or None where one of them has nothing to compare.
    """
    if one.values and other.values:
        values = sorted({*one.values, *other.values})
        left, right = (np.array([t.values.get(v, 0.0) for v in values]) for t in (one, other))
        return _divergence(left, right)
    mine, theirs = one.histogram(histogram), other.histogram(histogram)
    return _divergence(*_aligned(_read(mine), _read(theirs))) if mine and theirs else None


def _shares(counts: Counts, total: float) -> Counts:
    return {value: count / total for value, count in counts.items()} if total else {}


def _furthest(one: Counts, other: Counts) -> tuple[str, float]:
    values = sorted({*one, *other})
    apart = {value: abs(one.get(value, 0.0) - other.get(value, 0.0)) for value in values}
    # Of several that differ as much TFDV names the last one of the alphabet.
    return max(apart.items(), key=lambda item: (item[1], item[0]), default=("", 0.0))


def _divergence(one: Floats, other: Floats) -> float | None:
    if not one.sum() or not other.sum():
        return None
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    return min((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2, 1.0)


def _relative_entropy(p: Floats, q: Floats) -> float:
    there = (p > 0) & (q > 0)
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))


@dataclass(frozen=True)
class _Mass:
    """A histogram taken apart: spread between edges, heaped on points, at infinity, NaN."""

    edges: Floats
    cumulative: Floats
    points: Counter[float]
    infinite: float
    nan: float


def _read(histogram: statistics_pb2.Histogram) -> _Mass:
    points: Counter[float] = Counter()
    edges: list[float] = []
    cumulative, infinite = [0.0], 0.0
    for bucket in histogram.buckets:
        low, high, count = bucket.low_value, bucket.high_value, bucket.sample_count
        if not np.isfinite([low, high]).all():
            infinite += count
        elif low == high:
            points[low] += count
        else:
            edges += [high] if edges else [low, high]
            cumulative.append(cumulative[-1] + count)
    return _Mass(np.array(edges), np.array(cumulative), points, infinite, float(histogram.num_nan))


def _aligned(one: _Mass, other: _Mass) -> tuple[Floats, Floats]:
    """Both in the same buckets; infinities and NaN of one never meet those of the other."""
    edges = np.union1d(one.edges, other.edges)
    points = sorted({*one.points, *other.points})
    # TFDV forgets NaN where it has to draw a histogram anew in the edges of the other.
    known = np.array_equal(one.edges, other.edges)
    apart = (
        [one.infinite, 0.0, 0.0, one.nan * known],
        [0.0, other.infinite, other.nan * known, 0.0],
    )
    left, right = (
        np.concatenate([_between(mass, edges), [mass.points[at] for at in points], separate])
        for mass, separate in zip((one, other), apart, strict=True)
    )
    return left, right


def _between(mass: _Mass, edges: Floats) -> Floats:
    if not len(mass.edges):
        return np.zeros(max(len(edges) - 1, 0))
    return np.diff(np.interp(edges, mass.edges, mass.cumulative))
