"""One line that stands over the runs when no worker takes them."""

from dash import html
from dash.development.base_component import Component

from app.queries.trouble import START_WORKER


def worker_notice(alive: bool) -> Component | None:
    """What it means that no worker is running and what to do; None while one is."""
    if alive:
        return None
    text = f" Runs are queued and start when one does. {START_WORKER}"
    return html.P(
        [html.Strong("No worker is running."), text],
        className="run-trouble run-trouble-watch run-notice",
        role="status",
    )
