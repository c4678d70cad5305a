"""Health signals: a few weighted sums of one flight's sensors that follow the hidden wear.

Three are ridge regressions from the sensors to bounded functions of remaining life. Two more are
latent states: what the sensors share, told from their noise by smoothing over time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RIDGE = 10.0
# A regime with few rows leans on all regimes together as if it had seen this many rows of them.
PRIOR_ROWS = 20.0
ROUNDS = 3
HALF_WINDOW = 10
NOISE_WINDOW = 15
FLOOR = 1e-3
# Noise alone leaves 1 / NOISE_WINDOW of its variance in the slow part; real states leave 5 to 20.
SLOW_SHARE = 0.5
MOST_STATES = 4


@dataclass(frozen=True)
class History:
    """Flights of failed engines, sorted by engine and cycle.

    Attributes:
        z: normalised sensors, nothing missing (rows x sensors).
        regime: regime of each row, from 0.
        remaining: cycles until the failure.
        start: index of the first row of each row's engine.
        end: index behind the last row of each row's engine.
    """

    z: Floats
    regime: Ints
    remaining: Floats
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Projection:
    """One weight per regime, signal and sensor, and one offset per regime and signal."""

    weights: Floats  # regimes x signals x sensors
    offsets: Floats  # regimes x signals

    def of(self, z: Floats, regime: Ints) -> Floats:
        """The signals of each row (rows x signals)."""
        return np.asarray(np.einsum("nfs,ns->nf", self.weights[regime], z) + self.offsets[regime])


def ridge(history: History, regimes: int, targets: Floats) -> Projection:
    """Ridge regression of ``targets`` on the sensors of one row, per regime."""
    design = _with_one(history.z)
    penalty = np.diag([RIDGE] * history.z.shape[1] + [1e-6])
    solved = []
    for regime in range(regimes):
        x, y = design[history.regime == regime], targets[history.regime == regime]
        solved.append(np.linalg.solve(x.T @ x + penalty, x.T @ y).T)
    beta = np.stack(solved)
    return Projection(beta[:, :, :-1], beta[:, :, -1])


def latents(history: History, regimes: int) -> Projection | None:
    """The states that explain what changes slowly, or None when nothing does.

    One fault needs two of them, two faults three: as many are taken as stand out from the noise.
    Starts from a noise-whitened PCA, then goes back and forth between smoothing the states over
    the training engines and fitting each regime's loadings; the result projects single rows.
    """
    inside = _window_half(history) >= HALF_WINDOW // 2
    if history.z.shape[1] == 0 or inside.sum() < 10 * history.z.shape[1]:
        return None
    directions = _slow_directions(history)
    if directions.shape[1] == 0:
        return None
    state = history.z @ directions
    for _ in range(ROUNDS):
        smooth = _whiten(_smooth(history, state), inside)
        projection = _gls(history, smooth, inside, regimes)
        state = projection.of(history.z, history.regime)
    return projection


def common_direction(z: Floats) -> Floats:
    """The direction of length 1 along which the sensors vary together."""
    if z.shape[1] == 0:
        return np.zeros(0)
    direction = np.linalg.eigh(_covariance(z))[1][:, -1]
    return np.asarray(direction * np.sign(direction[np.abs(direction).argmax()]))


def _slow_directions(history: History) -> Floats:
    """Directions in which slow change outweighs fast noise (sensors x states)."""
    mean = _past_mean(history, NOISE_WINDOW)
    full = np.arange(len(mean)) - history.start >= NOISE_WINDOW
    full = full if full.sum() > 2 else np.ones_like(full)
    noise = _covariance((history.z - mean)[full]) + FLOOR * np.eye(mean.shape[1])
    whitener = np.linalg.inv(np.linalg.cholesky(noise))
    share, direction = np.linalg.eigh(whitener @ _covariance(mean[full]) @ whitener.T)
    count = min(MOST_STATES, int((share > SLOW_SHARE).sum()))
    return np.asarray(whitener.T @ direction[:, ::-1][:, :count])


def _gls(
    history: History, state: Floats, inside: npt.NDArray[np.bool_], regimes: int
) -> Projection:
    """Loadings of the sensors on the states per regime, turned round by least squares."""
    every = _with_one(state)
    shared = np.linalg.lstsq(every[inside], history.z[inside], rcond=None)[0]
    shared_noise = _covariance(history.z[inside] - every[inside] @ shared)
    weights, offsets = [], []
    for regime in range(regimes):
        rows = inside & (history.regime == regime)
        x, z = every[rows], history.z[rows]
        loading = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ z + shared)
        seen = _covariance(z - x @ loading) if len(z) > 1 else shared_noise
        noise = (len(z) * seen + PRIOR_ROWS * shared_noise) / (len(z) + PRIOR_ROWS)
        inverse = np.linalg.inv(noise + FLOOR * np.eye(len(noise)))
        a = loading[:-1].T
        gain = a.T @ inverse
        weights.append(np.linalg.solve(gain @ a + 1e-9 * np.eye(a.shape[1]), gain))
        offsets.append(-weights[-1] @ loading[-1])
    return Projection(np.stack(weights), np.stack(offsets))


def _covariance(x: Floats) -> Floats:
    return np.atleast_2d(np.cov(x.T))


def _with_one(x: Floats) -> Floats:
    return np.column_stack([x, np.ones(len(x))])


def _whiten(state: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """States of mean 0 and unit covariance, so that the next round's loadings have a scale."""
    centred = state - state[inside].mean(axis=0)
    covariance = _covariance(centred[inside]) + 1e-9 * np.eye(state.shape[1])
    return np.asarray(centred @ np.linalg.inv(np.linalg.cholesky(covariance)).T)


def _running(x: Floats) -> Floats:
    return np.vstack([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])


def _window_half(history: History) -> Ints:
    row = np.arange(len(history.z))
    room = np.minimum(row - history.start, history.end - 1 - row)
    return np.asarray(np.minimum(HALF_WINDOW, room))


def _smooth(history: History, x: Floats) -> Floats:
    """Centred mean: only for fitting, where the whole life of an engine is known."""
    row, half, total = np.arange(len(x)), _window_half(history), _running(x)
    return np.asarray((total[row + half + 1] - total[row - half]) / (2 * half + 1)[:, None])


def _past_mean(history: History, window: int) -> Floats:
    row, total = np.arange(len(history.z)), _running(history.z)
    first = np.maximum(row + 1 - window, history.start)
    return np.asarray((total[row + 1] - total[first]) / (row + 1 - first)[:, None])
