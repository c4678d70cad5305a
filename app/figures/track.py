"""The forecast track: probability over cycles, and every window said before, on one cycle axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures.palette import LEFT, Palette, axis, cycle_axis, frame, line, palette
from app.figures.series import Floats, Ints, broken, thin

HEIGHT = 420
UPPER = (0.66, 0.985)
LOWER = (0.0, 0.55)
AHEAD = 40
Trace = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Windows:
    """Forecasts of one kind, oldest first.

    Attributes:
        cycle: when each was said.
        percent: probability in percent.
        start: first cycle of each window.
        end: last cycle, NaN while open.
        words: what to tell of each.
    """

    cycle: Ints
    percent: Floats
    start: Floats
    end: Floats
    words: tuple[str, ...]

    def only(self, mask: NDArray[Any]) -> "Windows":
        """The forecasts that a mask or an index picks."""
        at = np.arange(len(self.cycle))[mask]
        words = tuple(self.words[i] for i in at.tolist())
        return Windows(self.cycle[at], self.percent[at], self.start[at], self.end[at], words)


@dataclass(frozen=True, eq=False)
class Track:
    """What the figure shows of one engine.

    Attributes:
        gaps: cycles after which flights are missing; they break the probability.
        course: cycles and probabilities in percent that were worked out later, all of them.
        backfill: windows that were worked out later, thinned to what can be told apart.
        issued: said when that cycle was the newest.
        held: of the issued windows those that contained the failure, None while in service.
        outdated: which issued windows were made from rows that were corrected since.
        in_training: this engine taught the model of the backfill.
        now: its newest cycle.
        window: the current window, its end None while open; None without one.
        failed_at: cycle of its failure.
        state: colours the current window.
        act_percent: from here on the state is act.
        title: what the probability is of.
        revision: a zoom lives as long as this.
    """

    gaps: Ints
    course: tuple[Ints, Floats]
    backfill: Windows
    issued: Windows
    held: NDArray[np.bool_] | None
    outdated: NDArray[np.bool_]
    in_training: bool
    now: int
    window: tuple[int, int | None] | None
    failed_at: int | None
    state: str
    act_percent: float
    title: str
    revision: str

    @property
    def last(self) -> float:
        """Right end of the cycle axis."""
        reach = [self.now, self.failed_at or 0]
        if self.window:
            start, end = self.window
            reach.append(end if end is not None else start + AHEAD)
        return max(reach) * 1.03 + 3


def track_figure(track: Track, theme: str) -> dict[str, Any]:
    """The figure as plotly's plain dict."""
    colours = palette(theme)
    layout = frame(theme, track.revision)
    layout["xaxis"] = cycle_axis(
        theme,
        range=[0, track.last],
        fixedrange=True,
        anchor="y2",
        domain=[0, 1],
        unifiedhovertitle=_TITLE,
    )
    layout["yaxis"] = axis(
        theme, domain=UPPER, range=[-4, 104], tickvals=[0, 50, 100], fixedrange=True
    )
    layout["yaxis2"] = axis(
        theme, domain=LOWER, range=[0, _top(track)], fixedrange=True, nticks=5, rangemode="tozero"
    )
    layout["hoversubplots"] = "axis"
    layout["shapes"] = _shapes(track, colours)
    layout["annotations"] = _annotations(track, colours)
    return {"data": [*_probability(track, colours), *_windows(track, colours)], "layout": layout}


_TITLE = {"text": "cycle %{x:d}"}


def _top(track: Track) -> float:
    return max(track.now, track.failed_at or 0, 10) * 1.06 + 1


def _probability(track: Track, colours: Palette) -> list[Trace]:
    issued = track.issued
    x, y = broken(*thin(*track.course), track.gaps)
    colour = colours.ink_3 if track.in_training else colours.ink
    dash = {"dash": "dot" if track.in_training else "solid"}
    base = {"yaxis": "y", "hovertemplate": _PERCENT}
    dots: Trace = {**base, "type": "scatter", "mode": "markers", "xaxis": "x", "name": "P issued"}
    dots |= {"x": issued.cycle, "y": issued.percent.astype(np.float32), "cliponaxis": False}
    fill = np.where(track.outdated, colours.surface, colours.water)
    rim = np.where(track.outdated, colours.ink_3, colours.surface)
    dots["marker"] = _dot(fill.tolist(), rim.tolist(), 8)
    return [line(x, y, colour, 1.5, **base, name="P worked out later", line=dash), dots]


_PERCENT = "at %{x:d}: %{y:.0f} %"


def _windows(track: Track, colours: Palette) -> list[Trace]:
    past = track.backfill
    faint = colours.line if track.in_training else colours.water_weak
    traces = _bars(track, past, faint, 2.0)
    traces.append(_told(past, "window worked out later", colours.ink_3, 2))
    held = np.ones(len(track.issued.cycle), bool) if track.held is None else track.held
    stands = ~track.outdated
    kinds = (
        (~stands, colours.ink_3),
        (stands & held, colours.water),
        (stands & ~held, colours.act),
    )
    for mask, colour in kinds:
        traces += _bars(track, track.issued.only(mask), colour, 4.0)
        traces.append(_told(track.issued.only(mask), "window issued", colour, 7))
    return [trace for trace in traces if len(trace["x"])]


def _bars(track: Track, said: Windows, colour: str, width: float) -> list[Trace]:
    ends = np.isnan(said.end)
    solid = _segments(said.only(~ends), said.end[~ends], track.last)
    # An open window has no end to draw: dots run out of the picture.
    dotted = _segments(said.only(ends), np.full(int(ends.sum()), np.inf), track.last)
    base = {"type": "scatter", "mode": "lines", "xaxis": "x", "yaxis": "y2", "hoverinfo": "skip"}
    return [
        {**base, "x": x, "y": y, "line": {"color": colour, "width": width, "dash": dash}}
        for (x, y), dash in ((solid, "solid"), (dotted, "dot"))
    ]


def _segments(said: Windows, end: Floats, last: float) -> tuple[Floats, Floats]:
    x = np.full(3 * len(end), np.nan)
    y = np.full(3 * len(end), np.nan)
    inside = said.start < last
    x[0::3] = np.where(inside, said.start, np.nan)
    # A window of one cycle would be invisible as a line without length.
    x[1::3] = np.where(inside, np.minimum(np.maximum(end, said.start + 0.5), last), np.nan)
    y[0::3] = y[1::3] = said.cycle
    return x, y


def _told(said: Windows, name: str, colour: str, size: int) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": "x",
        "yaxis": "y2",
        "x": said.cycle,
        "y": said.cycle,
        "name": name,
        "text": list(said.words),
        "hovertemplate": "%{text}",
        "marker": _dot(colour, colour, size),
    }


def _dot(fill: str | list[str], rim: str | list[str], size: int) -> dict[str, Any]:
    return {"color": fill, "size": size, "line": {"color": rim, "width": 1.5 if size > 3 else 0}}


def _shapes(track: Track, colours: Palette) -> list[dict[str, Any]]:
    shapes: list[dict[str, Any]] = [_level(track, colours)]
    if track.failed_at is not None:
        return [*shapes, _upright(track.failed_at, colours.ink, "solid")]
    shapes.append(_upright(track.now, colours.ink_3, "dot"))
    if track.window:
        strong, weak = colours.of_state(track.state)
        start, end = track.window
        right = track.last if end is None else max(end, start + 0.5)
        box = {"type": "rect", "yref": "paper", "x0": start, "x1": right, "y0": 0, "y1": 1}
        shapes.append({**box, "fillcolor": weak, "layer": "below", "line": {"width": 0}})
        edges = (start,) if end is None else (start, end)
        shapes += [_upright(edge, strong, "solid") for edge in edges]
    return shapes


def _level(track: Track, colours: Palette) -> dict[str, Any]:
    y = track.act_percent
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": colours.act, "width": 1, "dash": "dot"},
        "layer": "below",
    }


def _upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    style = {"color": colour, "width": 1, "dash": dash}
    return {"type": "line", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": style}


def _annotations(track: Track, colours: Palette) -> list[dict[str, Any]]:
    notes = [
        _heading(UPPER[1], track.title, colours),
        _heading(LOWER[1], "Windows, by cycle when said", colours),
    ]
    if track.failed_at is not None:
        at = {"x": track.failed_at, "y": 1, "text": f"failed at {track.failed_at} "}
        return [*notes, _note(colours.ink, **at, xanchor="right")]
    side = "right" if track.now > track.last / 2 else "left"
    here = {"x": track.now, "y": LOWER[0], "text": f" now, cycle {track.now} "}
    notes.append(_note(colours.ink_2, **here, xanchor=side, bgcolor=colours.surface))
    return [*notes, *_window_name(track, colours)]


def _window_name(track: Track, colours: Palette) -> list[dict[str, Any]]:
    if not track.window:
        return []
    start, end = track.window
    colour = colours.of_state(track.state)[0]
    if end is None:
        return [_note(colour, x=start, y=1, text=f"from {start}", xanchor="left")]
    name = f"{start}–{end}" if end > start else f"{start}"
    return [_note(colour, x=(start + end) / 2, y=1, text=name, xanchor="center")]


def _heading(y: float, text: str, colours: Palette) -> dict[str, Any]:
    at = {"x": 0, "y": y, "xref": "paper", "xshift": 4 - LEFT}
    return _note(colours.ink, **at, text=text, xanchor="left")


def _note(colour: str, **more: Any) -> dict[str, Any]:
    base = {"xref": "x", "yref": "paper", "showarrow": False, "yanchor": "bottom"}
    return {**base, "font": {"size": 12, "color": colour}, **more}
