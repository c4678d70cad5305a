"""The failure window: a conformal interval around the estimate of remaining life.

Residuals of engines that no learner had seen, in units of the expected error, give the two
quantiles that hold the wanted share of the truth; they are taken apart by estimate (Mondrian), and
the split between the two tails is the one that makes the windows shortest.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 5
FEWEST_ROWS = 100
TAILS = np.linspace(0.1, 0.9, 17)


@dataclass(frozen=True)
class WindowTable:
    """Quantiles of the scaled residual by estimate; between its points they are interpolated.

    Attributes:
        coverage: nominal coverage.
        horizon: an upper end that reaches it is open, in cycles.
        estimate: where the quantiles were taken, in cycles.
        low: quantile of (truth - estimate) / expected error at the window's lower end.
        high: the same at its upper end.
    """

    coverage: float
    horizon: float
    estimate: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def window(self, estimate: Floats, error: Floats) -> tuple[Floats, Floats]:
        """Whole cycles from now to both ends; the upper one is infinite where it is open.

        Rounded to the nearest: truth is whole, so this leaves half a cycle of margin at each end
        for a final model that is not quite the ones whose errors were counted.
        """
        low = estimate + np.interp(estimate, self.estimate, self.low) * error
        high = estimate + np.interp(estimate, self.estimate, self.high) * error
        start = np.clip(np.floor(low + 0.5), 0, np.floor(self.horizon))
        return start, np.where(
            high >= self.horizon, np.inf, np.maximum(np.floor(high + 0.5), start)
        )


def calibrate(
    estimate: Floats,
    error: Floats,
    remaining: Floats,
    engines: int,
    limits: tuple[float, float],
) -> WindowTable:
    """Quantiles from out-of-fold estimates.

    Args:
        estimate: remaining life as it was estimated, up to the horizon.
        error: how wrong that was expected to be.
        remaining: the truth.
        engines: how many engines the rows come from: rows of one engine err alike, so the
            finite-sample correction counts engines.
        limits: nominal coverage and horizon.
    """
    coverage, horizon = limits
    level = min(1.0, coverage * (1 + 1 / engines))
    truth = np.minimum(remaining, horizon)
    count = max(1, min(BINS, len(estimate) // FEWEST_ROWS))
    edges = np.quantile(estimate, np.linspace(0, 1, count + 1))
    part = np.clip(np.searchsorted(edges, estimate, side="right") - 1, 0, count - 1)
    points = []
    for index in np.unique(part):
        here = part == index
        low, high = _shortest(estimate[here], error[here], truth[here], level, horizon)
        points.append((float(np.median(estimate[here])), low, high))
    at, lows, highs = zip(*points, strict=True)
    return WindowTable(coverage, horizon, at, lows, highs)


def _shortest(
    estimate: Floats, error: Floats, truth: Floats, level: float, horizon: float
) -> tuple[float, float]:
    score = (truth - estimate) / error
    best = (np.inf, 0.0, 0.0)
    for tail in TAILS:
        low, high = np.quantile(score, [(1 - level) * tail, 1 - (1 - level) * (1 - tail)])
        top = np.minimum(estimate + high * error, horizon)
        width = float((top - np.maximum(estimate + low * error, 0)).mean())
        best = min(best, (width, float(low), float(high)))
    return best[1], best[2]
