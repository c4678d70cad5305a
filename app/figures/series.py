"""Series made ready to draw: smoothed, thinned and broken where cycles are missing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HALF = 5
POINTS = 400


def runs(cycle: Ints, usable: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches ``[start, end)`` of usable values at consecutive cycles: one line each."""
    if not len(cycle):
        return []
    torn = np.flatnonzero(np.diff(cycle) != 1) + 1
    if not len(torn) and usable.all():
        return [(0, len(cycle))]
    edges = np.unique(np.concatenate([np.flatnonzero(np.diff(usable)) + 1, torn, [0, len(cycle)]]))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [(start, end) for start, end in pairs if usable[start]]


def smooth(cycle: Ints, values: Floats) -> Floats:
    """Mean over :data:`HALF` flights to each side, never across a gap of cycles.

    Args:
        cycle: cycle of each flight.
        values: signal x flight; NaN stays NaN and counts for nothing.
    """
    n = len(cycle)
    if n == 0:
        return values
    torn = np.concatenate([[0], np.flatnonzero(np.diff(cycle) != 1) + 1, [n]])
    part = np.repeat(np.arange(len(torn) - 1), np.diff(torn))
    at = np.arange(n)
    low = np.maximum(at - HALF, torn[part])
    high = np.minimum(at + HALF + 1, torn[part + 1])
    known = np.isfinite(values)
    shift = (
        np.where(known, values, 0.0).sum(1, keepdims=True) / np.maximum(known.sum(1), 1)[:, None]
    )
    total = _prefix(np.where(known, values - shift, 0.0))
    count = _prefix(known.astype(np.float64))
    weight = count[:, high] - count[:, low]
    mean = shift + (total[:, high] - total[:, low]) / np.maximum(weight, 1.0)
    return np.where(known, mean, np.nan)


def _prefix(values: Floats) -> Floats:
    out = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def thin(cycle: Ints, values: Floats, points: int = POINTS) -> tuple[Ints, Floats]:
    """At most about ``points`` of a series, its peaks kept; short series come back as they are."""
    if len(cycle) <= points:
        return cycle, values
    usable = np.flatnonzero(np.isfinite(values))
    if len(usable) <= points:
        return cycle[usable], values[usable]
    x = np.ascontiguousarray(cycle[usable])
    kept = MinMaxLTTBDownsampler().downsample(x, np.ascontiguousarray(values[usable]), n_out=points)
    # The algorithm alone can pass over the very highest or lowest point.
    ends = [values[usable].argmin(), values[usable].argmax()]
    at = usable[np.unique(np.append(kept.astype(np.int64), ends))]
    return cycle[at], values[at]


def broken(cycle: Ints, values: Floats, gaps: Ints) -> tuple[Floats, NDArray[np.float32]]:
    """The series with a hole (NaN) at every gap, so that no line is drawn across it.

    Args:
        gaps: cycles after which flights are missing, see :func:`gaps_after`.
    """
    inside = gaps[(gaps >= cycle[0]) & (gaps < cycle[-1])] if len(cycle) else gaps[:0]
    at = np.searchsorted(cycle, inside, side="right")
    x = np.insert(cycle.astype(np.float64), at, inside + 0.5)
    return x, np.insert(values.astype(np.float32), at, np.nan)


def lone(values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Values between two holes: a line through one point shows nothing."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    alone: NDArray[np.bool_] = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def gaps_after(cycle: Ints) -> Ints:
    """Cycles after which the next flight is missing."""
    return cycle[:-1][np.diff(cycle) != 1] if len(cycle) else cycle
