"""A table over time: how many rows it held, and how many commits of which kind there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from app.figures.palette import axis, frame, palette
from app.figures.series import Floats, Ints, thin

HEIGHT = 236
BINS = 60
KINDS = ("added rows", "changed or removed rows", "changed no row")
_FOOT = 0.28


@dataclass(frozen=True, eq=False)
class Timeline:
    """The commits of a table, oldest first.

    Attributes:
        times: when each was made.
        versions: which version each made.
        rows: rows of the table then, NaN where no writer said.
        kinds: index into :data:`KINDS`.
        chosen: the version that is looked at, None for none.
        revision: a zoom lives as long as this.
    """

    times: Sequence[datetime]
    versions: Ints
    rows: Floats
    kinds: Ints
    chosen: int | None
    revision: str


def timeline_figure(line: Timeline, theme: str) -> dict[str, Any]:
    """The figure as plotly's plain dict; a point's ``customdata`` is its version."""
    layout = frame(theme, line.revision)
    layout["hovermode"], layout["barmode"], layout["bargap"] = "closest", "stack", 0.12
    layout["margin"] = {**layout["margin"], "t": 8, "b": 40, "l": 64}
    layout["xaxis"] = axis(theme, type="date", showgrid=False, anchor="y2", tickformat=None)
    top = {"domain": [_FOOT + 0.1, 1], "rangemode": "tozero", "nticks": 4, "tickformat": ",.2~s"}
    layout["yaxis"] = axis(theme, **top)
    foot = {"domain": [0, _FOOT], "rangemode": "tozero", "nticks": 2, "fixedrange": True}
    layout["yaxis2"] = axis(theme, **foot)
    data = [_rows(line, theme), *_bars(line, theme), *_chosen(line, theme)]
    return {"data": data, "layout": layout}


def _rows(line: Timeline, theme: str) -> dict[str, Any]:
    at, values = thin(np.arange(len(line.versions)), line.rows)
    return {
        "type": "scatter", "mode": "lines+markers", "name": "rows",
        "x": [_iso(line.times[place]) for place in at], "y": values,
        "customdata": line.versions[at],
        "line": {"color": palette(theme).water, "width": 1.7, "shape": "hv"},
        "marker": {"size": 5, "color": palette(theme).water},
        "hovertemplate": "v%{customdata}: %{y:,} rows<br>%{x|%Y-%m-%d %H:%M:%S}<extra></extra>",
    }  # fmt: skip


def _bars(line: Timeline, theme: str) -> list[dict[str, Any]]:
    """Commits by kind, in bins of equal time."""
    seconds = np.array([time.timestamp() for time in line.times])
    if not len(seconds):
        return []
    reach = max(float(np.ptp(seconds)), 1.0)
    width = reach / BINS
    bins = np.minimum(((seconds - seconds.min()) / width).astype(np.int64), BINS - 1)
    colours = palette(theme)
    fills = (colours.water, colours.ink_2, colours.line)
    base = {"type": "bar", "yaxis": "y2", "width": 1000 * width * 0.9}
    found = []
    for kind, (name, fill) in enumerate(zip(KINDS, fills, strict=True)):
        counts = np.bincount(bins[line.kinds == kind], minlength=BINS)
        filled = np.flatnonzero(counts)
        middle = seconds.min() + (filled + 0.5) * width
        found.append({
            **base, "name": name, "x": np.rint(1000 * middle).astype(np.int64),
            "y": counts[filled], "marker": {"color": fill},
            "hovertemplate": f"%{{y}} {name}<extra></extra>",
        })  # fmt: skip
    return found


def _chosen(line: Timeline, theme: str) -> list[dict[str, Any]]:
    place = np.flatnonzero(line.versions == line.chosen)
    if not len(place):
        return []
    at, colours = int(place[0]), palette(theme)
    mark = {"size": 11, "color": colours.surface, "line": {"color": colours.water, "width": 2.5}}
    return [{
        "type": "scatter", "mode": "markers",
        "x": [_iso(line.times[at])], "y": [float(line.rows[at])],
        "customdata": [int(line.versions[at])], "marker": mark, "name": f"v{line.chosen}",
        "hovertemplate": "v%{customdata}, shown below: %{y:,} rows<extra></extra>",
    }]  # fmt: skip


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")
