"""Health signals: the hidden states are found again."""

import numpy as np

from pipeline.models.signals import History, Projection, common_direction, latents, ridge

LIVES = [80] * 25


def history(states: np.ndarray, loadings: np.ndarray, noise: float = 1.0) -> History:
    """Sensors that see some states through loadings and noise."""
    random = np.random.default_rng(2)
    end = np.cumsum(LIVES)
    length = np.asarray(LIVES)
    z = states @ loadings + noise * random.normal(size=(len(states), loadings.shape[1]))
    return History(
        z=z,
        regime=random.integers(0, 2, len(states)),
        remaining=np.concatenate([np.arange(life)[::-1] for life in LIVES]).astype(float),
        start=np.repeat(end - length, length),
        end=np.repeat(end, length),
    )


def hidden(count: int) -> np.ndarray:
    random = np.random.default_rng(3)
    slow = [
        np.concatenate([random.normal() * 4 * (np.arange(life) / life) ** 2 for life in LIVES])
        for _ in range(count)
    ]
    return np.stack(slow, axis=1)


def loadings(count: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(count, 8))


def test_as_many_states_are_found_as_there_are() -> None:
    for count in (1, 2, 3):
        found = latents(history(hidden(count), loadings(count)), 2)
        assert found is not None
        assert found.offsets.shape == (2, count)


def test_a_state_is_found_again_up_to_sign_and_scale() -> None:
    states = hidden(1)
    flights = history(states, loadings(1))
    found = latents(flights, 2)
    assert found is not None
    seen = found.of(flights.z, flights.regime)[:, 0]
    assert abs(np.corrcoef(seen, states[:, 0])[0, 1]) > 0.9


def test_noise_alone_has_no_state() -> None:
    assert latents(history(np.zeros((2000, 1)), loadings(1)), 2) is None


def test_no_sensor_and_few_rows_have_no_state() -> None:
    flights = history(hidden(1), loadings(1))
    few = History(*(part[:20] for part in vars(flights).values()))
    none = History(flights.z[:, :0], *(list(vars(flights).values())[1:]))
    assert latents(few, 2) is None
    assert latents(none, 2) is None


def test_a_ridge_recovers_a_linear_target_in_each_regime() -> None:
    flights = history(hidden(2), loadings(2))
    target = flights.z @ np.arange(8.0) + 5 * flights.regime
    found = ridge(flights, 2, target[:, None].astype(float))
    assert isinstance(found, Projection)
    assert np.allclose(found.of(flights.z, flights.regime)[:, 0], target, atol=0.5)


def test_a_regime_without_rows_is_still_finite() -> None:
    flights = history(hidden(1), loadings(1))
    assert np.isfinite(ridge(flights, 5, flights.remaining[:, None]).weights).all()
    found = latents(flights, 5)
    assert found is not None
    assert np.isfinite(found.weights).all()


def test_the_common_direction_is_that_of_the_shared_state() -> None:
    shared = np.array([[1.0, -2.0, 0.5]])
    z = hidden(1) @ shared + 0.1
    assert np.allclose(abs(common_direction(z)), abs(shared[0]) / np.linalg.norm(shared), atol=1e-6)
    assert common_direction(np.zeros((5, 0))).shape == (0,)
