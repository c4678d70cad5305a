"""A row of key figures: label, number, and what the number means."""

from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component


@dataclass(frozen=True)
class Kpi:
    """One key figure; ``tone`` colours the number: act, watch or empty."""

    label: str
    value: str
    note: str
    unit: str = ""
    tone: str = ""


def kpi_row(figures: list[Kpi]) -> Component:
    """The figures side by side; on a narrow screen in rows of two."""
    return html.Dl([_figure(figure) for figure in figures], className="kpis")


def _figure(figure: Kpi) -> Component:
    unit = [html.Span(f" {figure.unit}", className="kpi-unit")] if figure.unit else []
    return html.Div(
        [
            html.Dt(figure.label),
            html.Dd([figure.value, *unit], className=f"kpi-value {figure.tone}".strip()),
            html.Dd(figure.note, className="kpi-note"),
        ],
        className="kpi",
    )
