"""What stands in the place of a page: not there, failed, still loading."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria


def missing(what: str, label: str, href: str) -> Component:
    """There is nothing here, and where to go instead."""
    return html.Section(
        [html.H1(what), html.P(dcc.Link(label, href=href))], className="state", role="status"
    )


def failed(what: str, request_id: str) -> Component:
    """It went wrong: what still holds, what to do, and the number that the log knows it by."""
    advice = (
        "Nothing was changed, and the other pages still hold. Load it again; if it fails again, "
        "give this number to whoever runs the dashboard."
    )
    return html.Section(
        [html.H1(what), html.P(advice), html.P(["Request ", html.Code(request_id)])],
        className="state state-failed",
        role="alert",
    )


def skeleton() -> Component:
    """The outline of a page while it is fetched."""
    parts = ("title", "row", "sheet")
    return html.Div(
        [html.Div(className=f"skeleton-{part}") for part in parts],
        className="skeleton",
        **aria(hidden="true"),
    )
