"""What a stream has taken in so far, and the newest snapshot that shows it."""

from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import fleet_address
from app.components.run_facts import utc
from app.queries.streams import Newest, Taken
from lakehouse.clock import now

_COUNTS = (
    ("quarantined", "Lines in quarantine"),
    ("duplicates", "Known already"),
    ("conflicts", "Known otherwise"),
)


def stream_taken(taken: Taken, newest: Newest | None) -> list[Component]:
    """A section of key figures, counted in the newest snapshot."""
    figures = [_figure("Records", f"{taken.records:,}"), _figure("Deliveries", _deliveries(taken))]
    counts = ((label, int(getattr(taken, name))) for name, label in _COUNTS)
    figures += [_figure(label, f"{count:,}") for label, count in counts if count]
    figures.append(_figure("Newest came (UTC)", _when(taken.last)))
    figures.append(_figure("Newest snapshot", _snapshot(newest)))
    return [html.H2("Taken in"), html.Dl(figures, className="run-metrics")]


def _figure(label: str, value: str | Component) -> Component:
    return html.Div([html.Dt(label), html.Dd(value)])


def _when(time: datetime | None) -> str | Component:
    """The time of today, else the day."""
    if time is None:
        return "—"
    day, clock = utc(time).split(" ")
    return html.Span(clock if day == utc(now())[:10] else day, title=f"{utc(time)} UTC")


def _deliveries(taken: Taken) -> str:
    others = [f"{count:,} {state}" for state, count in taken.deliveries.items()]
    if list(taken.deliveries) in ([], ["accepted"]):
        return f"{taken.count:,}"
    return ", ".join(others)


def _snapshot(newest: Newest | None) -> str | Component:
    if newest is None:
        return "—"
    title = f"taken {utc(newest.time)} UTC"
    return dcc.Link(str(newest.seq), href=fleet_address(as_of=newest.seq), title=title)
