"""The chosen signals of one engine as panels over one cycle axis with a common crosshair."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.figures.palette import LEFT, Palette, axis, cycle_axis, frame, line, palette
from app.figures.series import Floats, Ints, broken, gaps_after, thin

PANEL = 128
AIR = 0.26
BAND_POINTS = 160
Trace = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Panel:
    """One signal.

    Attributes:
        name: how engineers call it.
        title: name, description and unit.
        unit: stands behind the values.
        raw: value at each flight, NaN where unusable.
        smooth: the same, smoothed.
        band: fleet's 5 %, 50 % and 95 % levels by age, from age 1.
    """

    name: str
    title: str
    unit: str
    raw: Floats
    smooth: Floats
    band: Floats


@dataclass(frozen=True, eq=False)
class Stack:
    """Panels over one axis.

    Attributes:
        cycle: cycle of each flight.
        span: first and last cycle to show, None for the whole life.
        revision: a zoom lives as long as this.
    """

    cycle: Ints
    panels: tuple[Panel, ...]
    span: tuple[float, float] | None
    revision: str

    @property
    def shown(self) -> tuple[float, float]:
        """Range of the cycle axis."""
        if self.span:
            return self.span
        last = float(self.cycle[-1]) if len(self.cycle) else 1.0
        return 0.0, max(last * 1.02, 10.0)


def height(panels: int) -> int:
    """Height of the figure in pixels."""
    return PANEL * max(panels, 1) + 40


def sensors_figure(stack: Stack, theme: str) -> dict[str, Any]:
    """The figure as plotly's plain dict."""
    colours, count = palette(theme), max(len(stack.panels), 1)
    layout = frame(theme, stack.revision)
    layout["xaxis"] = cycle_axis(
        theme, range=list(stack.shown), anchor=_y(count - 1), unifiedhovertitle=_TITLE
    )
    layout["hoversubplots"] = "axis"
    # Each panel brings the room for its own title.
    layout["margin"] = {**layout["margin"], "t": 0}
    layout["annotations"] = []
    data: list[Trace] = []
    for place, panel in enumerate(stack.panels):
        low, high = 1 - (place + 1) / count, 1 - (place + AIR) / count
        layout[_y(place, "yaxis")] = axis(theme, domain=[low, high], nticks=4, fixedrange=True)
        layout["annotations"].append(_title(panel, high, colours))
        data += _traces(stack, panel, _y(place), colours)
    return {"data": data, "layout": layout}


_TITLE = {"text": "cycle %{x:d}"}


def _y(place: int, word: str = "y") -> str:
    return word if place == 0 else f"{word}{place + 1}"


def _title(panel: Panel, high: float, colours: Palette) -> dict[str, Any]:
    return {"x": 0, "y": high, "xref": "paper", "yref": "paper", "text": panel.title,
            "showarrow": False, "xanchor": "left", "yanchor": "bottom", "xshift": 4 - LEFT,
            "font": {"size": 12, "color": colours.ink}}  # fmt: skip


def _traces(stack: Stack, panel: Panel, y: str, colours: Palette) -> list[Trace]:
    base = {"type": "scatter", "mode": "lines", "xaxis": "x", "yaxis": y}
    quiet = {**base, "hoverinfo": "skip", "line": {"width": 0}}
    first, last = stack.shown
    gaps = gaps_after(stack.cycle)
    inside = (stack.cycle >= first - 1) & (stack.cycle <= last + 1)
    raw_x, raw = broken(*thin(stack.cycle[inside], panel.raw[inside]), gaps)
    even_x, even = broken(*thin(stack.cycle[inside], panel.smooth[inside]), gaps)
    age, low, middle, high = _levels(panel.band, first, last)
    value = f"%{{y:.5~g}} {panel.unit}"
    return [
        {**quiet, "x": age, "y": low},
        {**quiet, "x": age, "y": high, "fill": "tonexty", "fillcolor": colours.band},
        {**quiet, "x": age, "y": middle,
         "line": {"color": colours.ink_3, "width": 1, "dash": "dot"}},
        line(raw_x, raw, colours.ink_3, 0.75, yaxis=y, name=panel.name, hovertemplate=value),
        line(even_x, even, colours.water, 2.0, yaxis=y, hoverinfo="skip"),
    ]  # fmt: skip


def _levels(band: Floats, first: float, last: float) -> tuple[Ints, Floats, Floats, Floats]:
    begin, end = max(int(first), 1), min(int(last) + 1, band.shape[1])
    age = np.arange(begin, end + 1)
    step = max(1, len(age) // BAND_POINTS)
    age = age[::step]
    low, middle, high = band[:, age - 1].astype(np.float32)
    return age, low, middle, high
