"""Small multiples: they draw for every course that an engine can have."""

from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from app.figures.multiples import Course, small_multiple
from app.figures.palette import palette

LIGHT = palette("light")


def picture(raw: list[float], cycle: list[int] | None = None, band: float = 0.0) -> list[str]:
    """The paths of a drawn course: band, raw, smooth."""
    values = np.array(raw)
    ages = np.full(60, np.nan) if np.isnan(band) else np.linspace(0, 1, 60)
    course = Course(
        np.array(cycle or range(1, len(raw) + 1), dtype=np.int64), values, values, ages, ages + band
    )
    text = unquote(small_multiple(course, LIGHT)).partition(",")[2]
    return [path.attrib["d"] for path in ElementTree.fromstring(text)]  # noqa: S314  (our own)


def test_a_gap_in_the_cycles_breaks_the_line() -> None:
    assert picture([1.0, 2.0, 3.0, 4.0], [1, 2, 9, 10], 1.0)[1].count("M") == 2


def test_an_unusable_value_breaks_the_line() -> None:
    assert picture([1.0, float("nan"), 3.0, 4.0], band=1.0)[1].count("M") == 2


@pytest.mark.parametrize(
    "raw", [[5.0], [5.0] * 30, [float("nan")] * 5, [1e308, -1e308, 0.0], [0.0, 1e-300]]
)
def test_every_course_is_drawn_inside_its_box(raw: list[float]) -> None:
    for band in (float("nan"), 1.0):
        for path in picture(raw, band=band):
            assert "nan" not in path


def test_without_a_band_only_the_lines_are_drawn() -> None:
    assert len(picture([1.0, 2.0], band=float("nan"))) == 2


def test_a_long_course_is_thinned() -> None:
    raw = np.random.default_rng(1).normal(size=20_000).tolist()
    assert len(picture(raw, band=1.0)[1]) < 8_000
