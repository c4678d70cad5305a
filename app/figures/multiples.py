"""Small multiples: every signal of one engine against the fleet at the same age, as SVG."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.figures import svg
from app.figures.palette import Palette
from app.figures.series import Floats, Ints, runs, thin

HEIGHT = 200
INSET = 8
BAND_STEPS = 60
SHORTEST = 40


@dataclass(frozen=True, eq=False)
class Course:
    """One signal of one engine and the fleet's levels.

    Attributes:
        cycle: cycle of each flight.
        raw: value at each flight, NaN where unusable.
        smooth: the same, smoothed.
        low: fleet's 5 % level by age, from age 1.
        high: fleet's 95 % level by age.
        marks: first and last flight of which something was found, and whether it blocks.
    """

    cycle: Ints
    raw: Floats
    smooth: Floats
    low: Floats
    high: Floats
    marks: tuple[tuple[int, int, bool], ...] = ()


def small_multiple(course: Course, colours: Palette, muted: bool = False) -> str:
    """The picture's address: band, raw thin, smooth strong; gaps are gaps."""
    width = max(int(course.cycle[-1]) if len(course.cycle) else 1, SHORTEST)
    low, high = course.low[:width], course.high[:width]
    scale = _Scale.over(course.raw, low, high)
    line = colours.ink_3 if muted else colours.water
    # A single flight is a dot that can be seen.
    wide = 1.7 if np.isfinite(course.raw).sum() > 1 else 5.0
    stretches = runs(course.cycle, np.isfinite(course.raw))
    parts = [
        _band(low, high, scale, colours.band),
        svg.stroke(_lines(course.cycle, course.raw, scale, stretches), colours.ink_3, 0.6),
        svg.stroke(_lines(course.cycle, course.smooth, scale, stretches), line, wide),
        *(_mark(mark, width, colours) for mark in course.marks if mark[0] <= width),
    ]
    return svg.image(width + 1, HEIGHT, *parts)


@dataclass(frozen=True)
class _Scale:
    least: float
    most: float

    @classmethod
    def over(cls, *values: Floats) -> "_Scale":
        known = np.concatenate(values)
        known = known[np.isfinite(known)]
        if not len(known):
            return cls(0.0, 1.0)
        least, most = float(known.min()), float(known.max())
        # A flat line stands in the middle of its picture.
        return cls(least, most) if most > least else cls(least - 1, least + 1)

    def of(self, values: Floats) -> NDArray[np.int64]:
        # In halves, because the distance of two numbers can be more than a number can be.
        reach = max(self.most / 2 - self.least / 2, np.finfo(np.float64).tiny)
        share = (values / 2 - self.least / 2) / reach
        return np.rint(HEIGHT - INSET - share * (HEIGHT - 2 * INSET)).astype(np.int64)


def _mark(mark: tuple[int, int, bool], width: int, colours: Palette) -> str:
    """A bar at the foot of the picture; wide enough to be seen."""
    first, last, strong = mark
    end = max(min(last, width), first + max(width // 60, 1))
    x = np.array([first, end], dtype=np.int64)
    top, foot = np.full(2, HEIGHT - 10), np.full(2, HEIGHT)
    return svg.filled(svg.area(x, foot, top), colours.act if strong else colours.watch)


def _band(low: Floats, high: Floats, scale: _Scale, colour: str) -> str:
    known = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    if not len(known):
        return ""
    step = max(1, len(known) // BAND_STEPS)
    at = np.union1d(known[::step], known[-1:])
    return svg.filled(svg.area(at + 1, scale.of(low[at]), scale.of(high[at])), colour)


def _lines(cycle: Ints, values: Floats, scale: _Scale, stretches: list[tuple[int, int]]) -> str:
    points = max(2, 400 // max(len(stretches), 1))
    return "".join(_line(cycle[a:b], values[a:b], scale, points) for a, b in stretches)


def _line(cycle: Ints, values: Floats, scale: _Scale, points: int) -> str:
    x, y = thin(cycle, values, points)
    return svg.path(x, scale.of(y))
