"""One column of one engine over its life, with the flights marked that an anomaly is about."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.figures.palette import Palette, axis, cycle_axis, frame, line, palette
from app.figures.series import Floats, Ints, broken, gaps_after, thin

HEIGHT = 300
Trace = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Found:
    """What the figure shows.

    Attributes:
        unit: stands behind the values.
        cycle: flights that silver has.
        values: what it reads there, NaN where unusable.
        brought_cycle: flights that only the delivery has.
        brought: what it reads there.
        span: first and last cycle of the anomaly, None for all flights.
        strong: error, or else warning.
        low: least allowed value, None for none.
        high: greatest allowed value, None for none.
        revision: a zoom lives as long as this.
    """

    unit: str
    cycle: Ints
    values: Floats
    brought_cycle: Ints
    brought: Floats
    span: tuple[int, int] | None
    strong: bool
    low: float | None
    high: float | None
    revision: str

    @property
    def last(self) -> float:
        """Right end of the cycle axis."""
        ends = [part[-1] for part in (self.cycle, self.brought_cycle) if len(part)]
        return float(max([*ends, self.span[1] if self.span else 1, 10])) * 1.02


def finding_figure(found: Found, theme: str) -> dict[str, Any]:
    """The figure as plotly's plain dict."""
    colours = palette(theme)
    layout = frame(theme, found.revision)
    hovered = {"text": "cycle %{x:d}"}
    layout["xaxis"] = cycle_axis(theme, range=[0, found.last], unifiedhovertitle=hovered)
    layout["yaxis"] = axis(theme, nticks=6, fixedrange=True)
    layout["shapes"] = [*_span(found, colours), *_limits(found, colours)]
    layout["annotations"] = _notes(found, colours)
    return {"data": _traces(found, colours), "layout": layout}


def _traces(found: Found, colours: Palette) -> list[Trace]:
    value = f"%{{y:.6~g}} {found.unit}".rstrip()
    strong = colours.act if found.strong else colours.watch
    traces = []
    if len(found.cycle):
        x, y = _drawn(found.cycle, found.values)
        traces.append(line(x, y, colours.water, 1.5, name="in silver", hovertemplate=value))
    if len(found.brought_cycle):
        x, y = _drawn(found.brought_cycle, found.brought)
        dash = {"dash": "dot"}
        more = {"name": "as delivered, not in silver", "hovertemplate": value, "line": dash}
        traces.append(line(x, y, strong, 1.5, **more))
    return traces


def _drawn(cycle: Ints, values: Floats) -> tuple[Floats, Any]:
    return broken(*thin(cycle, values), gaps_after(np.unique(cycle)))


def _span(found: Found, colours: Palette) -> list[dict[str, Any]]:
    if found.span is None:
        return []
    strong, weak = colours.of_state("act" if found.strong else "watch")
    # Half a flight to each side, so that one flight can be seen too.
    box = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    box |= {"x0": found.span[0] - 0.5, "x1": found.span[1] + 0.5}
    return [{**box, "fillcolor": weak, "line": {"color": strong, "width": 1}}]


def _limits(found: Found, colours: Palette) -> list[dict[str, Any]]:
    style = {"color": colours.ink_2, "width": 1, "dash": "dash"}
    base = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": style}
    return [{**base, "y0": y, "y1": y} for y in (found.low, found.high) if y is not None]


def _notes(found: Found, colours: Palette) -> list[dict[str, Any]]:
    base = {"showarrow": False, "font": {"size": 12, "color": colours.ink}, "yanchor": "bottom"}
    notes = []
    if found.span is not None:
        first, last = found.span
        text = f"cycle {first}" if first == last else f"cycles {first}–{last}"
        side = "right" if (first + last) / 2 > found.last * 0.7 else "left"
        at = {"x": first if side == "left" else last, "xanchor": side, "y": 1, "yref": "paper"}
        notes.append({**base, **at, "text": text})
    for y, word in ((found.low, "least"), (found.high, "most")):
        if y is not None:
            at = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yref": "y"}
            notes.append({**base, **at, "text": f" {word} allowed: {y:g}"})
    return notes
