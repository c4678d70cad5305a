"""How values are spread, as shares in buckets that two distributions have in common."""

from dataclasses import dataclass

import numpy as np

from app.figures.series import Floats
from lakehouse.validation.views import Bucket, FeatureView

BUCKETS = 20
TOP = 10


@dataclass(frozen=True, eq=False)
class Overlaid:
    """Two distributions in the same buckets.

    Attributes:
        edges: borders of the buckets, one more than there are buckets.
        left: share of the first one's values in each, empty where it has none.
        right: the same of the second.
    """

    edges: Floats
    left: Floats
    right: Floats

    @property
    def most(self) -> float:
        """The largest share."""
        return float(max([*self.left, *self.right], default=0.0))


def overlaid(left: FeatureView | None, right: FeatureView | None, count: int = BUCKETS) -> Overlaid:
    """Both histograms over the range that they have together."""
    sides = [_finite(view) for view in (left, right)]
    ends = [end for side in sides for bucket in side for end in (bucket.low, bucket.high)]
    if not ends:
        return Overlaid(np.empty(0), np.empty(0), np.empty(0))
    low, high = min(ends), max(ends)
    if low == high:
        # One value: a bucket around it.
        reach = abs(low) * 0.01 or 0.5
        low, high = low - reach, high + reach
    edges = np.linspace(low, high, count + 1)
    return Overlaid(edges, *(_shares(side, edges) for side in sides))


def top_values(left: FeatureView | None, right: FeatureView | None) -> dict[str, tuple[float, ...]]:
    """The most frequent values of text with their share in both."""
    sides = [dict(view.top_values) if view else {} for view in (left, right)]
    totals = [max(view.count, 1) if view else 1 for view in (left, right)]
    both = {value: max(side.get(value, 0) for side in sides) for side in sides for value in side}
    first = sorted(both, key=lambda value: (-both[value], value))[:TOP]
    return {
        value: tuple(side.get(value, 0) / all_ for side, all_ in zip(sides, totals, strict=True))
        for value in first
    }


def deciles(view: FeatureView | None) -> tuple[float, ...]:
    """Lowest value, the nine deciles, highest value; empty where there is nothing."""
    if view is None or not view.quantiles:
        return ()
    found = (view.quantiles[0].low, *(bucket.high for bucket in view.quantiles))
    return found if np.isfinite(found).all() else ()


def _finite(view: FeatureView | None) -> list[Bucket]:
    buckets = view.histogram if view is not None else ()
    return [bucket for bucket in buckets if np.isfinite([bucket.low, bucket.high]).all()]


def _shares(buckets: list[Bucket], edges: Floats) -> Floats:
    if not buckets:
        return np.empty(0)
    filled = np.zeros(len(edges) - 1)
    for bucket in buckets:
        if bucket.low == bucket.high:
            at = np.searchsorted(edges, bucket.low, side="right") - 1
            filled[min(int(at), len(filled) - 1)] += bucket.count
        else:
            reached = np.clip((edges - bucket.low) / (bucket.high - bucket.low), 0, 1)
            filled += bucket.count * np.diff(reached)
    shares: Floats = filled / max(float(filled.sum()), 1e-12)
    return shares
