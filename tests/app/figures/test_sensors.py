"""Marks in the panels of the chosen sensors."""

import numpy as np

from app.figures.multiples import Course, small_multiple
from app.figures.palette import palette
from app.figures.sensors import Mark, Panel, Stack, sensors_figure

CYCLE = np.arange(1, 101)
VALUES = np.linspace(600.0, 650.0, 100)
BAND = np.vstack([VALUES - 5, VALUES, VALUES + 5])


def stack(*marks: Mark) -> Stack:
    panels = tuple(
        Panel(name, name, "°R", VALUES, VALUES, BAND, mine)
        for name, mine in (("T24", marks), ("T30", ()))
    )
    return Stack(CYCLE, panels, None, "a")


def test_what_was_found_stands_at_its_flights_with_words() -> None:
    marks = Mark(10, 12, True, "▲ unit"), Mark(12, 14, False, "◆ spike")
    drawn = sensors_figure(stack(*marks), "light")
    (told,) = [trace for trace in drawn["data"] if trace.get("name") == "found"]
    assert [*told["x"]] == [10, 11, 12, 13, 14]
    assert told["text"] == ["▲ unit"] * 3 + ["◆ spike"] * 2
    assert [(shape["x0"], shape["yref"]) for shape in drawn["layout"]["shapes"]] == [
        (9.5, "y domain"), (11.5, "y domain"),
    ]  # fmt: skip


def test_what_was_found_is_drawn_as_it_is_written() -> None:
    """It quotes values of a file, which can be markup."""
    drawn = sensors_figure(stack(Mark(10, 10, True, "reads <a href='x'>y</a>")), "light")
    (told,) = [trace for trace in drawn["data"] if trace.get("name") == "found"]
    assert told["text"] == ["reads &lt;a href='x'&gt;y&lt;/a&gt;"]


def test_nothing_found_draws_nothing_more() -> None:
    drawn = sensors_figure(stack(), "dark")
    assert len(drawn["data"]) == 10
    assert drawn["layout"]["shapes"] == []


def test_a_mark_beyond_the_last_flight_is_a_span_without_readings() -> None:
    drawn = sensors_figure(stack(Mark(200, 210, True, "▲")), "light")
    (told,) = [trace for trace in drawn["data"] if trace.get("name") == "found"]
    assert len(told["x"]) == 0


def test_a_small_multiple_has_a_bar_at_its_foot() -> None:
    def picture(*marks: tuple[int, int, bool]) -> str:
        course = Course(CYCLE, VALUES, VALUES, BAND[0], BAND[2], marks)
        return small_multiple(course, palette("light"))

    act = palette("light").act.replace("#", "%23")
    assert act in picture((10, 12, True))
    assert act not in picture((10, 12, False))
    assert picture((500, 510, True)) == picture()
