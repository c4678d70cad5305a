"""Audit: who did what when, and whether the log of it is whole; for auditors."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import audit_filter
from app.components.audit_filter import field_id, filtered
from app.components.audit_head import audit_head
from app.components.audit_table import audit_list
from app.pages import PageRequest
from app.queries.audit import Ask, audit_page
from app.security import current_user
from app.security.roles import Action, require
from app.services import Services

PATH = "/audit"
TITLE = "Audit log"
NAV = "Audit"
NEEDS = Action.READ_AUDIT


def layout(services: Services, request: PageRequest) -> Component:
    """The log as the URL asks for it; see :class:`app.queries.audit.Ask`.

    Raises:
        Refused: the user may not read it.
    """
    require(current_user(), NEEDS, services.audit, "the audit log")
    as_of = request.as_of
    snapshot = None if as_of is None else services.pinned(as_of).snapshot
    until = None if snapshot is None else snapshot.time
    page = audit_page(services.audit, Ask.of(request.query), until)
    parts = audit_head(page, snapshot, request.role)
    if page.verdict is not None:
        parts += [audit_filter.audit_filter(page, as_of), *audit_list(page, as_of)]
    return html.Div(parts, className="quality-page audit-page")


def register(app: Dash, _services: Services) -> None:
    """Register the filter's callback."""

    @app.callback(
        Output(audit_filter.Ids.GO, "href"),
        Input(field_id(ALL), "value"),
        State(field_id(ALL), "id"),
        State(audit_filter.Ids.ASK, "data"),
        prevent_initial_call=True,
    )
    def filter_entries(values: list[Any], ids: list[Any], drawn: dict[str, Any]) -> str:
        named = {each["name"]: value for each, value in zip(ids, values, strict=True)}
        address = filtered(drawn, named)
        if address is None:
            raise PreventUpdate
        return address
