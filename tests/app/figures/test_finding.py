"""The chart of an anomaly's column."""

import json

import numpy as np
import pytest

from app.components.rendered import packed
from app.figures.finding import Found, finding_figure
from app.figures.palette import PALETTES


def found(**more: object) -> Found:
    values: dict[str, object] = {
        "unit": "°R", "cycle": np.arange(1, 101),
        "values": np.full(100, 642.0), "brought_cycle": np.arange(101, 111),
        "brought": np.full(10, 357.0), "span": (103, 103), "strong": True, "low": None,
        "high": 650.0, "revision": "a",
    }  # fmt: skip
    return Found(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_silver_delivery_span_and_limit_are_drawn(theme: str) -> None:
    drawn = finding_figure(found(), theme)
    assert [trace["name"] for trace in drawn["data"]] == [
        "in silver",
        "as delivered, not in silver",
    ]
    assert {trace["type"] for trace in drawn["data"]} == {"scatter"}
    span, limit = drawn["layout"]["shapes"]
    assert (span["x0"], span["x1"]) == (102.5, 103.5)
    assert span["fillcolor"] == PALETTES[theme].act_weak  # type: ignore[index]
    assert limit["y0"] == 650.0
    assert [note["text"] for note in drawn["layout"]["annotations"]] == [
        "cycle 103", " most allowed: 650",
    ]  # fmt: skip
    json.loads(packed(drawn))  # type: ignore[arg-type]


def test_an_anomaly_of_a_column_that_has_no_flight_yet_draws_an_empty_axis() -> None:
    none = np.array([], dtype=np.int64), np.array([])
    drawn = finding_figure(
        found(cycle=none[0], values=none[1], brought_cycle=none[0], brought=none[1], span=None),
        "light",
    )
    assert drawn["data"] == []
    assert drawn["layout"]["xaxis"]["range"][1] > 1


def test_a_long_course_is_thinned_and_broken_where_flights_are_missing() -> None:
    cycle = np.concatenate([np.arange(1, 5_001), np.arange(6_000, 9_001)])
    drawn = finding_figure(found(cycle=cycle, values=np.sin(cycle / 50.0)), "light")
    line = drawn["data"][0]
    assert len(line["x"]) < 500
    assert np.isnan(line["y"]).sum() == 1
