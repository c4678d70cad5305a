"""Operating regimes: how many there are and where their centres lie, found in the settings."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST = 12
# In units of the profile's setting scales: clusters of planned operating points are far
# tighter than this, and no two of them lie this close.
TIGHT = 0.02
# A regime holds at least one row in a hundred, so that single wrong rows never become one.
RARE = 0.01
# When the settings do not cluster at all: enough centres to explain this share of their variance.
EXPLAINED = 0.95


def find_regimes(points: Floats) -> tuple[Floats, float]:
    """Centres of the smallest number of tight clusters, and how far a regime reaches.

    Args:
        points: finite settings, one row a flight, each divided by its scale.

    Returns:
        Centres (k x settings), in lexical order, and the distance from its centre up to which
        a flight belongs to a regime that was seen.
    """
    if points.size == 0:
        return np.zeros((1, points.shape[1])), TIGHT
    centres, distance = _cluster(points)
    order = np.lexsort(np.round(centres, 3).T[::-1])
    return centres[order], float(2 * np.quantile(distance, 1 - RARE) + TIGHT)


def nearest(points: Floats, centres: Floats) -> tuple[Ints, Floats]:
    """Index of the nearest centre of each point and the distance to it."""
    squared = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    label = squared.argmin(axis=1)
    return np.asarray(label), np.sqrt(squared[np.arange(len(points)), label])


def _cluster(points: Floats) -> tuple[Floats, Floats]:
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    centres = np.median(points, axis=0, keepdims=True)
    spread_enough = None
    for _ in range(MOST):
        centres, distance = _settle(points, centres)
        if np.quantile(distance, 1 - RARE) <= TIGHT:
            return centres, distance
        if spread_enough is None and (distance**2).sum() <= (1 - EXPLAINED) * total:
            spread_enough = centres, distance
        centres = np.vstack([centres, _far_point(points, distance)])
    return spread_enough or _settle(points, centres[:-1])


def _settle(points: Floats, centres: Floats) -> tuple[Floats, Floats]:
    """Lloyd's iterations, with medians, which single wrong rows cannot pull away."""
    label, distance = nearest(points, centres)
    for _ in range(50):
        parts = (points[label == j] for j in range(len(centres)))
        centres = np.stack([np.median(part, axis=0) for part in parts if len(part)])
        again, distance = nearest(points, centres)
        if np.array_equal(again, label):
            break
        label = again
    return centres, distance


def _far_point(points: Floats, distance: Floats) -> Floats:
    """A point far from every centre, but with enough company to be no wrong row."""
    rank = int((1 - RARE) * (len(points) - 1))
    return np.asarray(points[np.argpartition(distance, rank)[rank]][None, :])
