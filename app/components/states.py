"""What stands in the place of a page: not there, failed, still loading."""

from collections.abc import Sequence

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


def no_longer(snapshot: int, tables: Sequence[str]) -> Component:
    """What a page showed at a snapshot cannot be drawn any more, and which versions are gone."""
    advice = (
        "Maintenance let go of versions that nothing rests on any more: "
        f"{', '.join(tables)}. The snapshot itself, runs and models learnt from are kept."
    )
    links: list[Component | str] = [
        dcc.Link("See how it is now", href="?"),
        " or ",
        dcc.Link("which versions can be read", href=f"/tables?as_of={snapshot}"),
        ".",
    ]
    title = f"What was shown here at snapshot {snapshot} is no longer kept."
    return html.Section(
        [html.H1(title), html.P(advice), html.P(links)], className="state", role="status"
    )


def skeleton() -> Component:
    """The outline of a page while it is fetched."""
    parts = ("title", "row", "sheet")
    return html.Div(
        [html.Div(className=f"skeleton-{part}") for part in parts],
        className="skeleton",
        **aria(hidden="true"),
    )
