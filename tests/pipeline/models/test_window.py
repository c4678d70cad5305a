"""The failure window holds the truth as often as it says."""

import numpy as np
import pytest

from pipeline.models.window import WindowTable, calibrate

HORIZON = 125.0


def draw(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates with known errors, larger for longer lives and skewed."""
    random = np.random.default_rng(seed)
    remaining = random.integers(0, 200, rows).astype(float)
    error = 1 + np.minimum(remaining, HORIZON) / 10
    off = error * (random.exponential(1.0, rows) - 1.0)
    return np.clip(np.minimum(remaining, HORIZON) + off, 0, HORIZON), error, remaining


def held(table: WindowTable, seed: int) -> tuple[float, float]:
    estimate, error, remaining = draw(20_000, seed)
    start, end = table.window(estimate, error)
    width = np.minimum(end, HORIZON) - start
    return float(((remaining >= start) & (remaining <= end)).mean()), float(width.mean())


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.9])
def test_windows_hold_on_new_engines_as_often_as_promised(coverage: float) -> None:
    table = calibrate(*draw(5_000, 1), engines=100, limits=(coverage, HORIZON))
    found = held(table, 2)[0]
    # Rounding to whole cycles adds up to half a cycle at each end, much of a narrow window.
    assert coverage - 0.02 <= found <= coverage + 0.15


def test_more_coverage_costs_width() -> None:
    widths = [
        held(calibrate(*draw(5_000, 1), engines=100, limits=(coverage, HORIZON)), 2)[1]
        for coverage in (0.5, 0.8, 0.95)
    ]
    assert widths == sorted(widths)


def test_few_engines_give_wider_windows_than_many() -> None:
    few, many = (
        calibrate(*draw(5_000, 1), engines=engines, limits=(0.9, HORIZON)) for engines in (8, 800)
    )
    assert held(few, 2)[1] > held(many, 2)[1]


def test_a_window_is_whole_cycles_and_never_begins_in_the_past() -> None:
    table = calibrate(*draw(2_000, 1), engines=50, limits=(0.9, HORIZON))
    start, end = table.window(np.linspace(0, HORIZON, 300), np.full(300, 9.7))
    closed = np.isfinite(end)
    assert (start >= 0).all()
    assert (end >= start).all()
    assert np.array_equal(start, np.round(start))
    assert np.array_equal(end[closed], np.round(end[closed]))


def test_a_window_that_reaches_the_horizon_is_open() -> None:
    table = WindowTable(0.9, HORIZON, (60.0,), (-1.0,), (1.0,))
    start, end = table.window(np.array([60.0, 120.0, 124.9]), np.array([10.0, 10.0, 0.1]))
    assert end.tolist() == [70.0, np.inf, np.inf]
    assert start.tolist() == [50.0, 110.0, 125.0]


def test_a_handful_of_rows_is_enough_to_calibrate() -> None:
    table = calibrate(*draw(3, 1), engines=1, limits=(0.9, HORIZON))
    start, end = table.window(np.array([0.0, 125.0]), np.array([1.0, 1.0]))
    assert np.isfinite(start).all()
    assert not np.isnan(end).any()
