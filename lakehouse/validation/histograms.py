"""Histograms as TFDV draws them, from a distribution: by quantiles, and of equal width.

After TFDV 1.16, ``utils/quantiles_util.py``: both come from a thousand quantiles, so that a
bucket of equal width may hold a fraction of a value, spread evenly between two quantiles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tensorflow_metadata.proto.v0 import statistics_pb2

from lakehouse.validation.distribution import Distribution, Floats

BUCKETS = 10
_QUANTILES = 1000


@dataclass(frozen=True)
class Spread:
    """Everything a numeric column holds apart from what is missing.

    Attributes:
        finite: its finite values, none of which may be.
        below: how many are minus infinity.
        above: how many are infinity.
        nan: how many are NaN.
    """

    finite: Distribution
    below: int = 0
    above: int = 0
    nan: int = 0


@dataclass(frozen=True)
class Quantiles:
    """Boundaries of equally filled buckets, and how many values reach up to each."""

    values: Floats
    cumulative: NDArray[np.int64]

    @property
    def median(self) -> float:
        """The boundary in the middle: the upper one of two middle values."""
        return float(self.values[len(self.values) // 2])


def quantiles(spread: Spread, buckets: int = _QUANTILES) -> Quantiles:
    """The lowest value, then the end of each of ``buckets`` equally filled buckets."""
    low, high, count = _with_infinities(spread)
    cumulative = np.cumsum(count)
    total = int(cumulative[-1])
    ranks = np.minimum(np.arange(buckets + 1) * total // buckets, total - 1)
    at = np.searchsorted(cumulative, ranks, side="right")
    return Quantiles(np.concatenate([low[:1], high[at[1:]]]), cumulative[at])


def quantile_histogram(of: Quantiles, nan: int = 0) -> statistics_pb2.Histogram:
    """Ten equally filled buckets; those that share their end share their values."""
    step = (len(of.values) - 1) // BUCKETS
    low, high, weight = _bins(Quantiles(of.values[::step], of.cumulative[::step]))
    return _histogram("QUANTILES", low, high, weight, nan)


def standard_histogram(spread: Spread) -> statistics_pb2.Histogram:
    """Ten buckets of equal width over the finite values; one where all values are the same."""
    finite = spread.finite
    edges = counts = np.empty(0)
    if len(finite.count):
        first, last = float(finite.low[0]), float(finite.high[-1])
        edges = np.array([first, last])
        if first < last:
            with np.errstate(over="ignore", invalid="ignore"):
                edges = np.linspace(first, last, BUCKETS + 1)
        if not np.isfinite(edges).all():
            return statistics_pb2.Histogram(type="STANDARD", num_nan=spread.nan)
        counts = _shares(_bins(quantiles(Spread(finite))), edges)
    below, above = [-np.inf] * bool(spread.below), [np.inf] * bool(spread.above)
    return _histogram(
        "STANDARD",
        np.concatenate([below, edges[:-1], above]),
        np.concatenate([below, edges[1:], above]),
        np.concatenate([[spread.below] * len(below), counts, [spread.above] * len(above)]),
        spread.nan,
    )


def constant_histogram(value: float, count: int) -> statistics_pb2.Histogram:
    """Ten equally filled buckets of one value."""
    values = np.full(BUCKETS, value)
    return _histogram("QUANTILES", values, values, np.full(BUCKETS, count / BUCKETS), 0)


def _with_infinities(spread: Spread) -> tuple[Floats, Floats, NDArray[np.int64]]:
    finite = spread.finite
    below, above = [-np.inf] * bool(spread.below), [np.inf] * bool(spread.above)
    counts = [spread.below] * len(below), finite.count, [spread.above] * len(above)
    return (
        np.concatenate([below, finite.low, above]),
        np.concatenate([below, finite.high, above]),
        np.concatenate(counts).astype(np.int64),
    )


def _bins(of: Quantiles) -> tuple[Floats, Floats, Floats]:
    """Low and high end and filling of the buckets between quantiles."""
    low, high = of.values[:-1], of.values[1:]
    weight = np.diff(of.cumulative).astype(np.float64)
    # Buckets with the same end hold the same value: none of them more of it than the others.
    _, group, size = np.unique(high, return_inverse=True, return_counts=True)
    weight = (np.bincount(group, weight) / size)[group]
    alike = int(np.argmin(np.append((low == low[0]) & (high == high[0]), False)))
    weight[:alike] += of.cumulative[0] / alike
    return low, high, weight


def _shares(bins: tuple[Floats, Floats, Floats], edges: Floats) -> Floats:
    """How much of the bins' filling lies between neighbouring edges."""
    low, high, weight = bins
    width = np.where(high > low, high - low, 1.0)
    with np.errstate(over="ignore"):  # beyond a bin as narrow as a number can be
        reached = [np.clip((edge - low) / width, 0, 1) * (high > low) for edge in edges[1:]]
    points = [(high == low) & (high <= edge) for edge in edges[1:]]
    filled = [float(np.sum(weight * (r + p))) for r, p in zip(reached, points, strict=True)]
    return np.diff(filled, prepend=0.0)


def _histogram(
    type_: str, low: Floats, high: Floats, count: Floats, nan: int
) -> statistics_pb2.Histogram:
    buckets = [
        statistics_pb2.Histogram.Bucket(low_value=left, high_value=right, sample_count=filled)
        for left, right, filled in zip(low.tolist(), high.tolist(), count.tolist(), strict=True)
    ]
    return statistics_pb2.Histogram(buckets=buckets, type=type_, num_nan=nan)
