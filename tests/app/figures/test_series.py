"""Series made ready to draw: gaps stay gaps, peaks survive, means never look across a gap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.figures.series import HALF, broken, gaps_after, lone, runs, smooth, thin

CYCLES = st.lists(st.integers(1, 400), min_size=1, max_size=120, unique=True).map(sorted)


@given(CYCLES)
def test_runs_cover_every_usable_value_once_and_never_cross_a_gap(cycles: list[int]) -> None:
    cycle = np.array(cycles)
    usable = cycle % 7 != 0
    stretches = runs(cycle, usable)
    inside = [at for start, end in stretches for at in range(start, end)]
    assert inside == np.flatnonzero(usable).tolist()
    for start, end in stretches:
        assert (np.diff(cycle[start:end]) == 1).all()


@given(CYCLES)
def test_smoothing_is_the_mean_of_the_neighbours_on_the_same_side_of_every_gap(
    cycles: list[int],
) -> None:
    cycle = np.array(cycles)
    values = np.sin(cycle / 5.0) * 100
    values[cycle % 11 == 0] = np.nan
    found = smooth(cycle, values[None, :])[0]
    torn = np.concatenate([[0], np.cumsum(np.diff(cycle) != 1)])
    for at in range(len(cycle)):
        near = [
            values[i]
            for i in range(max(at - HALF, 0), min(at + HALF + 1, len(cycle)))
            if torn[i] == torn[at] and np.isfinite(values[i])
        ]
        if np.isnan(values[at]):
            assert np.isnan(found[at])
        else:
            assert np.isclose(found[at], np.mean(near))


@given(st.integers(500, 5000), st.integers(0, 10_000))
def test_a_thinned_series_keeps_its_highest_and_lowest_value(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    cycle, kept = thin(np.arange(1, n + 1), values, 400)
    assert len(kept) <= 404
    assert {values.min(), values.max()} <= set(kept)
    assert (values[cycle - 1] == kept).all()


def test_a_short_series_is_not_touched() -> None:
    cycle, values = np.arange(1, 11), np.arange(10.0)
    assert thin(cycle, values)[1] is values


def test_a_missing_cycle_is_a_hole_in_the_line() -> None:
    cycle = np.array([1, 2, 5, 6])
    x, y = broken(cycle, np.array([1.0, 2.0, 3.0, 4.0]), gaps_after(cycle))
    assert np.isnan(y[2])
    assert x[2] == 2.5
    assert np.isfinite(np.delete(y, 2)).all()


def test_a_gap_is_still_a_hole_after_thinning() -> None:
    cycle = np.concatenate([np.arange(1, 3001), np.arange(4000, 7000)])
    gaps = gaps_after(cycle)
    x, y = broken(*thin(cycle, np.sin(cycle / 9.0)), gaps)
    hole = np.flatnonzero(np.isnan(y))
    assert len(hole) == 1
    assert x[hole[0] - 1] <= 3000 < x[hole[0]] < 4000 <= x[hole[0] + 1]


def test_a_value_between_two_holes_stands_alone() -> None:
    values = np.array([1.0, np.nan, 2.0, np.nan, 3.0, 4.0])
    assert lone(values).tolist() == [True, False, True, False, False, False]


def test_nothing_at_all_gives_nothing() -> None:
    none = np.array([], dtype=np.int64)
    assert runs(none, np.array([], dtype=bool)) == []
    assert smooth(none, np.zeros((3, 0))).shape == (3, 0)
    assert len(broken(none, np.zeros(0), none)[1]) == 0
