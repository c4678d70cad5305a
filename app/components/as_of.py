"""The as-of control of the header: every page as it was at a snapshot or a time."""

from enum import StrEnum
from urllib.parse import parse_qsl, quote, urlencode

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.components.aria import aria


class Ids(StrEnum):
    """Ids of the control."""

    WHEN = "as-of-when"
    GO = "as-of-go"
    PROBLEM = "as-of-problem"


def as_of_control() -> Component:
    """A disclosure with one field; where it leads is in the address, so it can be sent on."""
    field = dbc.Input(
        id=Ids.WHEN,
        type="text",
        placeholder="42 or 2026-11-20 10:02",
        autocomplete="off",
        maxLength=40,
        size="sm",
    )
    body = html.Div(
        [
            html.Label("Snapshot or time (UTC)", htmlFor=Ids.WHEN),
            html.Div(
                [field, dbc.Button("Show", id=Ids.GO, size="sm", color="primary")],
                className="as-of-line",
            ),
            html.P("Empty means now; a day means its end.", className="as-of-hint"),
            html.P(id=Ids.PROBLEM, className="as-of-problem", role="alert"),
        ],
        className="as-of-body",
    )
    summary = html.Summary(
        "Look back", className="chip", **aria(label="Look back to a snapshot or a time")
    )
    return html.Details([summary, body], className="as-of-control")


def search_as_of(search: str, seq: int | None) -> str:
    """A URL's query that pins a snapshot instead of the one before; None pins none."""
    kept = [(name, value) for name, value in parse_qsl(search.removeprefix("?")) if name != "as_of"]
    kept += [] if seq is None else [("as_of", str(seq))]
    return f"?{urlencode(kept, quote_via=quote)}" if kept else ""
