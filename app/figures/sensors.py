"""The chosen signals of one engine as panels over one cycle axis with a common crosshair."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.figures.palette import LEFT, Palette, axis, cycle_axis, frame, line, palette
from app.figures.series import Floats, Ints, broken, gaps_after, thin
from app.figures.text import plain

PANEL = 128
AIR = 0.26
BAND_POINTS = 160
Trace = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """Flights of which something was found.

    Attributes:
        first: the first of them.
        last: the last of them.
        strong: it keeps a delivery out.
        text: what was found.
    """

    first: int
    last: int
    strong: bool
    text: str


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
        marks: flights of which something was found.
    """

    name: str
    title: str
    unit: str
    raw: Floats
    smooth: Floats
    band: Floats
    marks: tuple[Mark, ...] = ()


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
    layout["annotations"], layout["shapes"] = [], []
    data: list[Trace] = []
    for place, panel in enumerate(stack.panels):
        low, high = 1 - (place + 1) / count, 1 - (place + AIR) / count
        layout[_y(place, "yaxis")] = axis(theme, domain=[low, high], nticks=4, fixedrange=True)
        layout["annotations"].append(_title(panel, high, colours))
        layout["shapes"] += [_span(mark, _y(place), colours) for mark in panel.marks]
        data += _traces(stack, panel, _y(place), colours)
        data += [_told(stack.cycle, panel, _y(place), colours)] if panel.marks else []
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


def _span(mark: Mark, y: str, colours: Palette) -> dict[str, Any]:
    strong, weak = colours.of_state("act" if mark.strong else "watch")
    # Half a flight to each side, so that one flight can be seen too.
    return {"type": "rect", "xref": "x", "yref": f"{y} domain", "layer": "below",
            "x0": mark.first - 0.5, "x1": mark.last + 0.5, "y0": 0, "y1": 1,
            "fillcolor": weak, "line": {"color": strong, "width": 0.5}}  # fmt: skip


def _told(cycle: Ints, panel: Panel, y: str, colours: Palette) -> Trace:
    """The readings of the marks, each with what was found; the gravest where there are several."""
    at: dict[int, Mark] = {}
    for mark in reversed(panel.marks):
        inside = np.flatnonzero((cycle >= mark.first) & (cycle <= mark.last))
        at.update(dict.fromkeys(inside.tolist(), mark))
    places = sorted(at)
    told = [at[place] for place in places]
    return {"type": "scatter", "mode": "markers", "xaxis": "x", "yaxis": y, "name": "found",
            "x": cycle[places], "y": panel.raw[places].astype(np.float32),
            "text": [plain(mark.text) for mark in told], "hovertemplate": "%{text}",
            "marker": {"symbol": "diamond", "size": 5,
                       "color": [colours.act if mark.strong else colours.watch
                                 for mark in told]}}  # fmt: skip


def _levels(band: Floats, first: float, last: float) -> tuple[Ints, Floats, Floats, Floats]:
    begin, end = max(int(first), 1), min(int(last) + 1, band.shape[1])
    age = np.arange(begin, end + 1)
    step = max(1, len(age) // BAND_POINTS)
    age = age[::step]
    low, middle, high = band[:, age - 1].astype(np.float32)
    return age, low, middle, high
