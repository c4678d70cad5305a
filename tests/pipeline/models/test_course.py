"""The course of a signal: checked against the plain definition of each number."""

import numpy as np
import polars as pl
import pytest

from pipeline.models.course import ENGINE, FEATURES, TRUST, clock, course
from tests.pipeline.models.fleets import lazy

random = np.random.default_rng(1)
CYCLES = np.cumsum(random.integers(1, 4, size=90))  # gaps in the record
SIGNAL = np.cumsum(random.normal(-0.01, 0.1, size=90))


def described(cycles: np.ndarray, signal: np.ndarray) -> pl.DataFrame:
    frame = pl.DataFrame({ENGINE: "F/e", "cycle": cycles, "h_now": signal})
    found: pl.DataFrame = course(clock(lazy(frame)), {"h": -2.0}).collect("polars").to_native()
    return found.sort("cycle")


FOUND = described(CYCLES, SIGNAL)


def test_every_promised_feature_is_there() -> None:
    assert {f"h_{name}" for name in FEATURES} <= set(FOUND.columns)
    assert not set(TRUST) & set(FEATURES)


@pytest.mark.parametrize("window", [5, 20, 40])
def test_a_mean_is_over_the_last_flights(window: int) -> None:
    expected = [SIGNAL[max(0, i + 1 - window) : i + 1].mean() for i in range(90)]
    assert np.allclose(FOUND[f"h_mean_{window}"], expected)


@pytest.mark.parametrize("window", [10, 40, 80])
def test_a_slope_is_the_least_squares_line_through_the_last_flights(window: int) -> None:
    for i in (2, 9, 45, 89):
        rows = slice(max(0, i + 1 - window), i + 1)
        expected = np.polyfit(CYCLES[rows], SIGNAL[rows], 1)[0]
        assert FOUND[f"h_slope_{window}"][i] == pytest.approx(expected, abs=1e-9)


def test_two_flights_have_no_slope_yet() -> None:
    assert FOUND["h_slope_10"][:2].to_list() == [0.0, 0.0]


def test_the_base_is_the_mean_of_the_first_flights_seen_by_then() -> None:
    assert FOUND["h_base_20"][9] == pytest.approx(SIGNAL[:10].mean())
    assert FOUND["h_base_20"][70] == pytest.approx(SIGNAL[:20].mean())


def test_cycles_left_are_those_of_the_line_to_the_threshold() -> None:
    falling = described(np.arange(1, 61), 1.0 - 0.02 * np.arange(1, 61))
    middle_of_last_20 = 1.0 - 0.02 * (60 - 9.5)
    assert falling["h_left_20"][59] == pytest.approx((middle_of_last_20 + 2.0) / 0.02)


def test_a_flight_is_described_by_its_past_only() -> None:
    for cut in (1, 2, 30, 71):
        earlier = described(CYCLES[:cut], SIGNAL[:cut])
        assert earlier.equals(FOUND[:cut])


def test_a_late_start_moves_nothing_but_the_clock() -> None:
    later = described(CYCLES + 500, SIGNAL)
    names = [f"h_{name}" for name in FEATURES]
    assert np.allclose(later.select(names).to_numpy(), FOUND.select(names).to_numpy(), atol=1e-6)
