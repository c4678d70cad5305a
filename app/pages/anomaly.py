"""One anomaly: what is wrong, the rows and the chart that show it, and what can be decided."""

from enum import StrEnum
from typing import Any

import orjson
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from app.components.addresses import QUALITY, quality_address
from app.components.anomaly_card import anomaly_card, share_table
from app.components.anomaly_evidence import course_card, row_card
from app.components.delivery_card import delivery_decision, verdict
from app.components.limit_form import About, limit_form
from app.components.quality_head import quality_head
from app.components.rendered import packed
from app.components.shell import Ids as Shell
from app.components.states import missing, skeleton
from app.pages import PageRequest
from app.queries import limits
from app.queries.anomaly import Finding, evidence, finding
from app.queries.decidable import regimes
from app.queries.quality import Ask
from app.security.roles import Action, allowed
from app.services import Services

PATH = "/quality/anomaly/<anomaly>"
TITLE = "Anomaly"
NAV = None


class Ids(StrEnum):
    """Ids of this page."""

    VIEW = "anomaly-view"
    BODY = "anomaly-body"


def layout(services: Services, request: PageRequest) -> Component:
    """What is wrong; rows and chart come when they have been read. ``engine`` chooses one."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    name = request.path["anomaly"]
    found = finding(pinned, name)
    if found is None:
        return missing(f"There is no anomaly {name}.", "See all anomalies", QUALITY)
    view = {"anomaly": name, "engine": request.query.get("engine", ""), "as_of": as_of}
    view["seq"] = pinned.snapshot.seq
    back = dcc.Link("← All anomalies", href=quality_address(Ask(), as_of))
    return html.Div(
        [
            *quality_head(pinned, "", found.anomaly.fleet, as_of),
            dcc.Store(id=Ids.VIEW, data=view),
            html.P(back, className="run-trail"),
            anomaly_card(found, services.profile, as_of),
            *_decisions(services, request, found),
            html.Div(skeleton(), id=Ids.BODY, className="quality-part"),
        ],
        className="quality-page",
    )


def register(app: Dash, services: Services) -> None:
    """Rows and chart; the forms' callbacks are those of the quality and limits pages."""

    @app.callback(
        Output(Ids.BODY, "children"),
        Input(Ids.VIEW, "data"),
        Input(Shell.THEME, "data"),
    )
    def show_evidence(view: dict[str, Any], theme: str) -> Any:
        return orjson.Fragment(packed(_evidence(services, view, theme)))


def _evidence(services: Services, view: dict[str, Any], theme: str) -> Component:
    pinned, profile = services.pinned(int(view["seq"])), services.profile
    found = finding(pinned, str(view["anomaly"]))
    if found is None:
        return missing("There is no such anomaly.", "See all anomalies", QUALITY)
    shown = evidence(pinned, profile, found, str(view["engine"]))
    parts = [
        *share_table(found, shown, view["as_of"]),
        *course_card(found, shown, profile, theme),
        *row_card(found, shown, profile),
    ]
    return html.Div(parts, className="quality-part")


def _decisions(services: Services, request: PageRequest, found: Finding) -> list[Component]:
    """About the delivery and the column's limit, for those who may; else who decides."""
    parts: list[Component] = []
    now = request.as_of is None
    if found.delivery is not None:
        form = delivery_decision(found.delivery, now and allowed(request.role, Action.DECIDE))
        told = html.P(verdict(found.delivery))
        parts += [html.H3("The delivery"), told, *form]
    if now and allowed(request.role, Action.LIMIT):
        parts += _limit(services, found)
    return [html.Section(parts, className="quality-card")] if parts else []


def _limit(services: Services, found: Finding) -> list[Component]:
    profile, fleet, column = services.profile, found.anomaly.fleet, found.anomaly.column
    if column not in profile.signal_names:
        return []
    pinned = services.pinned()
    held = limits.held(pinned, fleet, str(column))
    about = About(fleet, regimes(pinned, profile, fleet), str(column), held[0] if held else None)
    label = f"{'Change the' if held else 'Set a'} limit of {column}"
    return [html.Details([html.Summary(label), limit_form(about, profile)])]
