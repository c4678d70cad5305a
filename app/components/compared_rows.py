"""Columns of two statistics below each other; each opens to its figure and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria
from app.components.forecast_card import GRAPH
from app.components.numbers import value_text
from app.figures.distribution import FIGURE, comparison_figure, thumbnail
from lakehouse.validation.comparison import Compared
from lakehouse.validation.views import FeatureView

LONGEST = 60


@dataclass(frozen=True)
class Sides:
    """How the two sides are shown.

    Attributes:
        kind: names the rows' ids, one for each page.
        names: what the two are called.
        theme: light or dark.
        allowed: the largest distance that is allowed a column, by its name.
        titles: what a column means, by its name.
    """

    kind: str
    names: tuple[str, str]
    theme: str
    allowed: Mapping[str, float] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def judged(self, column: Compared) -> bool:
        """Whether a column has both a distance and a limit."""
        return column.name in self.allowed and column.distance is not None

    def over(self, column: Compared) -> bool:
        """Whether a column is further away than is allowed."""
        far, most = column.distance, self.allowed.get(column.name)
        return far is not None and most is not None and far > most


def compared_rows(columns: Sequence[Compared], sides: Sides) -> Component:
    """The columns in their order; the first one is open, and drawn once the others stand there."""
    left, right = sides.names
    names = ("Column", "Distance", "Spread", f"Median: {left}", right, f"Missing: {left}", right)
    heads = [html.Span(name, className=f"cmp-c{place}") for place, name in enumerate(names)]
    rows = [_row(column, sides, place == 0) for place, column in enumerate(columns)]
    first = dcc.Store(id=f"{sides.kind}-first", data=columns[0].name if columns else None)
    head = html.Div(heads, className="cmp-grid cmp-head", **aria(hidden="true"))
    return html.Div([first, head, *rows], className="cmp")


def compared_detail(column: Compared, sides: Sides) -> list[Component]:
    """Figure and numbers of one column."""
    figure = dcc.Graph(
        figure=comparison_figure(column, sides.names, sides.theme),
        config=GRAPH,
        style={"height": FIGURE},
    )
    drawn = figure if column.left or column.right else html.P("Nothing to draw.")
    return [html.Div(drawn, className="cmp-figure"), _numbers(column, sides)]


def legend(sides: Sides) -> Component:
    """What the two colours mean."""
    left, right = sides.names
    return html.Ul(
        [
            html.Li([html.Span(className="swatch cmp-left"), left]),
            html.Li([html.Span(className="swatch cmp-right"), right]),
        ],
        className="legend cmp-legend",
    )


def _row(column: Compared, sides: Sides, is_open: bool) -> Component:
    picture = thumbnail(column, sides.theme)
    drawn = html.Img(src=picture, alt="", className="cmp-thumb") if picture else "—"
    values: tuple[Any, ...] = (
        html.Span([html.Strong(column.name), _title(column, sides)]),
        _distance(column, sides),
        drawn,
        _middle(column.left),
        _middle(column.right),
        _missing(column.left),
        _missing(column.right),
    )
    cells = [html.Span(value, className=f"cmp-c{at}") for at, value in enumerate(values)]
    name = {"column": column.name}
    summary = html.Summary(
        cells,
        id={"type": f"{sides.kind}-open", **name},
        className="cmp-grid",
        n_clicks=int(is_open),
    )
    id_ = f"{sides.kind}-first-detail" if is_open else {"type": f"{sides.kind}-detail", **name}
    body = html.Div(id=id_, className="cmp-detail")
    return html.Details([summary, body], open=is_open)


def _title(column: Compared, sides: Sides) -> Component | None:
    title = sides.titles.get(column.name)
    return html.Span(title, className="cmp-title") if title else None


def _distance(column: Compared, sides: Sides) -> Component:
    if column.distance is None:
        missing = column.left is None or column.right is None
        side = sides.names[0] if column.left is None else sides.names[1]
        return html.Span(f"not in {side}" if missing else "nothing to compare", className="hint")
    over, most = sides.over(column), sides.allowed.get(column.name)
    bar = html.Span(
        [
            html.Span(className="cmp-fill", style={"width": f"{100 * column.distance:.1f}%"}),
            *([] if most is None else [_mark(most)]),
        ],
        className="cmp-bar",
    )
    word = f"◆ {column.distance:.3f}" if over else f"{column.distance:.3f}"
    title = f"{column.norm} distance, 0 alike to 1 apart"
    if column.value:
        title += f"; furthest apart: {column.value[:LONGEST]}"
    if most is not None:
        title += f"; allowed up to {most:g}"
    parts = [html.Span(word, className="cmp-number"), bar]
    return html.Span(parts, title=title, className="cmp-over" if over else "")


def _mark(most: float) -> Component:
    return html.Span(className="cmp-mark", style={"left": f"{100 * min(most, 1.0):.1f}%"})


def _middle(view: FeatureView | None) -> str:
    if view is None:
        return "—"
    if view.median is not None:
        return value_text(view.median)
    return f"{view.unique:,} values" if view.unique else "—"


def _missing(view: FeatureView | None) -> str:
    if view is None:
        return "—"
    return _share(view.missing, view.count + view.missing)


def _share(count: int, total: int) -> str:
    if not count:
        return "0 %"
    return f"{100 * count / max(total, 1):.1f} %" if count / max(total, 1) >= 0.001 else "< 0.1 %"


def _numbers(column: Compared, sides: Sides) -> Component:
    text = column.norm == "L-infinity" or any(
        view is not None and view.type in ("STRING", "BYTES")
        for view in (column.left, column.right)
    )
    lines = _text_lines(column) if text else _number_lines(column)
    head = html.Tr([html.Th("", scope="col"), *(html.Th(n, scope="col") for n in sides.names)])
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(left), html.Td(right)])
        for name, left, right in lines
    ]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="cmp-table")


def _both(column: Compared, tell: Any) -> tuple[str, str]:
    views = (column.left, column.right)
    left, right = ("—" if view is None else tell(view) for view in views)
    return left, right


def _number_lines(column: Compared) -> list[tuple[str, str, str]]:
    moments = ("mean", "std", "min", "median", "max")
    lines = [("values", *_both(column, lambda view: f"{view.count:,}"))]
    lines.append(("missing", *_both(column, lambda view: f"{view.missing:,}")))
    lines.append(("zeros", *_both(column, lambda v: "—" if v.zeros is None else f"{v.zeros:,}")))
    return lines + [(name, *_both(column, lambda v, n=name: _number(v, n))) for name in moments]


def _number(view: FeatureView, name: str) -> str:
    value = getattr(view, name)
    return "—" if value is None else f"{value:.6g}"


def _text_lines(column: Compared) -> list[tuple[str, str, str]]:
    lines = [("values", *_both(column, lambda view: f"{view.count:,}"))]
    lines.append(("missing", *_both(column, lambda view: f"{view.missing:,}")))
    lines.append(("distinct", *_both(column, lambda v: f"{v.unique:,}" if v.unique else "—")))
    lines.append(("most frequent", *_both(column, _top)))
    return lines


def _top(view: FeatureView) -> str:
    return ", ".join(f"{value[:LONGEST]} ({count:,})" for value, count in view.top_values[:5])
