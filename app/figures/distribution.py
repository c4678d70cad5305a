"""Two distributions over each other: a small picture, and the figure with quantiles."""

from typing import Any

import numpy as np

from app.figures import svg
from app.figures.palette import Palette, axis, frame, palette
from app.figures.shares import Overlaid, deciles, overlaid, top_values
from app.figures.text import plain, shortened
from lakehouse.validation.comparison import Compared

WIDTH, HEIGHT = 200, 40
FIGURE = 300
_STRIP = 0.22
_MOST_HOVERED = 120


def thumbnail(column: Compared, theme: str) -> str:
    """Address of the picture: the first as a grey area, the second as a line over it."""
    colours = palette(theme)
    if column.norm == "L-infinity":
        return _text_picture(column, colours)
    both = overlaid(column.left, column.right)
    if not len(both.edges):
        return ""
    parts = []
    if len(both.left):
        x, y = _steps(both.left, both.most)
        ground = np.full(len(x), HEIGHT, dtype=np.int64)
        parts.append(svg.filled(svg.area(x, ground, y), colours.line))
        parts.append(svg.stroke(svg.path(x, y), colours.ink_3, 0.8))
    if len(both.right):
        parts.append(svg.stroke(svg.path(*_steps(both.right, both.most)), colours.water, 1.6))
    return svg.image(WIDTH, HEIGHT, *parts)


def comparison_figure(column: Compared, names: tuple[str, str], theme: str) -> dict[str, Any]:
    """The figure as plotly's plain dict.

    Args:
        names: what the two are called, as people called their files.
    """
    names = plain(names[0]), plain(names[1])
    if column.norm == "L-infinity":
        return _text_figure(column, names, theme)
    colours, both = palette(theme), overlaid(column.left, column.right)
    layout = frame(theme, column.name)
    layout["hovermode"], layout["barmode"], layout["bargap"] = "x", "overlay", 0.0
    layout["margin"] = {**layout["margin"], "t": 8}
    layout["xaxis"] = axis(theme, showgrid=False, anchor="y2", tickformat="~g")
    layout["yaxis"] = axis(theme, domain=[_STRIP + 0.06, 1], ticksuffix=" %", rangemode="tozero")
    layout["yaxis2"] = axis(
        theme, domain=[0, _STRIP], range=[-0.6, 1.6], showgrid=False, showticklabels=False
    )
    bars = [
        _bars(both, both.left, names[0], colours.line, colours.ink_3),
        _outline(both, both.right, names[1], colours.water),
    ]
    strips = [
        *_strip(deciles(column.left), 1.0, names[0], colours.ink_3),
        *_strip(deciles(column.right), 0.0, names[1], colours.water),
    ]
    return {"data": [trace for trace in bars if trace] + strips, "layout": layout}


def _bars(both: Overlaid, shares: Any, name: str, fill: str, line: str) -> dict[str, Any]:
    if not len(shares):
        return {}
    middle = (both.edges[:-1] + both.edges[1:]) / 2
    return {
        "type": "bar", "x": middle, "y": 100 * shares, "width": np.diff(both.edges), "name": name,
        "marker": {"color": fill, "line": {"color": line, "width": 1}},
        "hovertemplate": "%{y:.1f} %",
    }  # fmt: skip


def _outline(both: Overlaid, shares: Any, name: str, colour: str) -> dict[str, Any]:
    """Steps along the buckets' tops, so that the bars behind stay to be seen."""
    if not len(shares):
        return {}
    x = np.repeat(both.edges, 2)
    y = np.concatenate([[0.0], np.repeat(100 * shares, 2), [0.0]])
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "name": name,
        "line": {"color": colour, "width": 2}, "hovertemplate": "%{y:.1f} %",
    }  # fmt: skip


def _strip(values: tuple[float, ...], at: float, name: str, colour: str) -> list[dict[str, Any]]:
    """Deciles on a line: thin from end to end, thick from 10 to 90 %, a dot at the median."""
    if not values:
        return []
    base = {"type": "scatter", "yaxis": "y2", "hoverinfo": "skip", "mode": "lines"}
    ticks = {
        "type": "scatter", "yaxis": "y2", "mode": "markers", "name": name, "x": list(values),
        "y": [at] * len(values), "text": _words(len(values)),
        "marker": {"color": colour, "symbol": ["line-ns"] * 5 + ["circle"] + ["line-ns"] * 5,
                   "size": 9, "line": {"color": colour, "width": 1.5}},
        "hovertemplate": "%{text}: %{x:.5~g}",
    }  # fmt: skip
    thin = {"x": [values[0], values[-1]], "line": {"color": colour, "width": 1}}
    thick = {"x": [values[1], values[-2]], "line": {"color": colour, "width": 3}}
    return [{**base, **part, "y": [at, at]} for part in (thin, thick)] + [ticks]


def _words(count: int) -> list[str]:
    middle = [f"{10 * tenth} %" for tenth in range(1, count - 1)]
    return ["lowest", *middle, "highest"]


def _text_figure(column: Compared, names: tuple[str, str], theme: str) -> dict[str, Any]:
    colours, shares = palette(theme), top_values(column.left, column.right)
    layout = frame(theme, column.name)
    layout["hovermode"], layout["barmode"], layout["bargap"] = "y", "group", 0.3
    layout["margin"] = {**layout["margin"], "t": 8, "l": 120}
    layout["xaxis"] = axis(theme, ticksuffix=" %", rangemode="tozero")
    # A value's place stands for it: long ones can look the same once they are shortened.
    places = list(range(len(shares)))
    layout["yaxis"] = axis(
        theme, autorange="reversed", showgrid=False, automargin=True, tickmode="array",
        tickvals=places, ticktext=[plain(shortened(value)) for value in shares],
    )  # fmt: skip
    fills, whole = (colours.line, colours.water), [_hovered(value) for value in shares]
    return {
        "data": [
            {
                "type": "bar", "orientation": "h", "y": places, "hovertext": whole,
                "x": [100 * share[side] for share in shares.values()], "name": names[side],
                "marker": {"color": fills[side], "line": {"color": colours.ink_3, "width": 1}},
                "hovertemplate": "%{hovertext}: %{x:.2f} %",
            }
            for side in (0, 1)
        ],
        "layout": layout,
    }  # fmt: skip


def _hovered(value: str) -> str:
    return plain(shortened(value, _MOST_HOVERED))


def _text_picture(column: Compared, colours: Palette) -> str:
    shares = list(top_values(column.left, column.right).values())
    if not shares:
        return ""
    most = max(max(pair) for pair in shares) or 1.0
    tall = max(2, HEIGHT // (2 * len(shares)))
    parts = []
    for place, pair in enumerate(shares):
        for side, colour in enumerate((colours.ink_3, colours.water)):
            wide = max(1, round(WIDTH * pair[side] / most))
            top = (2 * place + side) * tall
            parts.append(svg.filled(f"M0,{top}h{wide}v{max(tall - 1, 1)}h-{wide}z", colour))
    return svg.image(WIDTH, HEIGHT, *parts)


def _steps(shares: Any, most: float) -> tuple[Any, Any]:
    edges = np.rint(np.linspace(0, WIDTH, len(shares) + 1)).astype(np.int64)
    tops = np.rint(HEIGHT - 1 - shares / (most or 1.0) * (HEIGHT - 4)).astype(np.int64)
    return np.repeat(edges, 2)[1:-1], np.repeat(tops, 2)
