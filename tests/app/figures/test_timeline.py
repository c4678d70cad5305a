"""A table over time as plotly's plain dict."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.figures.palette import PALETTES
from app.figures.series import POINTS
from app.figures.timeline import BINS, Timeline, timeline_figure

BEGAN = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def line(count: int, chosen: int | None = None) -> Timeline:
    return Timeline(
        times=[BEGAN + timedelta(minutes=minute) for minute in range(count)],
        versions=np.arange(count),
        rows=np.arange(count, dtype=np.float64) * 100,
        kinds=np.arange(count) % 3,
        chosen=chosen,
        revision="t",
    )


def test_rows_are_steps_whose_points_name_their_version() -> None:
    rows = timeline_figure(line(4), "light")["data"][0]
    assert rows["line"]["shape"] == "hv"
    assert list(rows["customdata"]) == [0, 1, 2, 3]
    assert list(rows["y"]) == [0, 100, 200, 300]
    assert rows["x"][1] == "2026-11-23T04:01:00.000000"


def test_every_commit_is_in_one_bar_of_its_kind() -> None:
    bars = timeline_figure(line(100), "light")["data"][1:]
    assert [int(bar["y"].sum()) for bar in bars] == [34, 33, 33]
    assert all(len(bar["x"]) <= BINS for bar in bars)


def test_the_chosen_version_is_marked_on_the_line() -> None:
    mark = timeline_figure(line(4, chosen=2), "dark")["data"][-1]
    assert (mark["customdata"], mark["y"]) == ([2], [200.0])
    assert mark["marker"]["line"]["color"] == PALETTES["dark"].water
    assert len(timeline_figure(line(4, chosen=9), "dark")["data"]) == 4


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_any_number_of_versions_is_drawn_with_a_bounded_number_of_points(count: int) -> None:
    drawn = timeline_figure(line(count), "light")["data"]
    assert sum(len(trace["x"]) for trace in drawn) <= POINTS + 10 + 3 * BINS


def test_a_version_whose_rows_nobody_counted_is_a_gap() -> None:
    unknown = line(3)
    unknown.rows[1] = np.nan
    assert np.isnan(timeline_figure(unknown, "light")["data"][0]["y"][1])
