"""Users: who may sign in, as what; for administrators."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, Dash, Input, Output, State, ctx, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import request as http

from app.components.aria import aria
from app.pages import PageRequest
from app.security import current_user
from app.security.administration import add_user, change_role, renew_link, switch_active
from app.security.roles import Action, Role, require
from app.services import Services
from lakehouse.users import LINK_HOURS, Account, OneTimeLink, UserError

PATH = "/users"
TITLE = "Users"
NAV = None


class Ids(StrEnum):
    """Ids of the page; those in rows carry the user's name."""

    NAME = "users-name"
    ROLE = "users-role"
    ADD = "users-add"
    TABLE = "users-table"
    ANSWER = "users-answer"
    LINK = "users-link"
    ROW_ROLE = "users-row-role"
    ROW_LINK = "users-row-link"
    ROW_ACTIVE = "users-row-active"


def layout(services: Services, request: PageRequest) -> Component:
    """The page.

    Raises:
        Refused: the user is no administrator.
    """
    require(current_user(), Action.MANAGE_USERS, services.audit, "users")
    return html.Div(
        [
            html.Div([html.H1("Users")], className="page-head"),
            _add_sheet(),
            html.Div(id=Ids.ANSWER, role="status", className="answer"),
            html.Section(
                _table(services, request.user), id=Ids.TABLE, className="sheet table-sheet"
            ),
        ],
        className="narrow",
    )


def register(app: Dash, services: Services) -> None:
    """The page's callbacks."""

    @app.callback(
        Output(Ids.ANSWER, "children"),
        Output(Ids.TABLE, "children"),
        Input(Ids.ADD, "n_submit"),
        State(Ids.NAME, "value"),
        State(Ids.ROLE, "value"),
        prevent_initial_call=True,
    )
    def add(_submits: int, name: str | None, role: str) -> tuple[Component, Component]:
        answer = _answered(
            lambda: _link(add_user(services, current_user(), (name or "").strip(), role))
        )
        return answer, _table(services, current_user().name)

    @app.callback(
        Output(Ids.ANSWER, "children", allow_duplicate=True),
        Output(Ids.TABLE, "children", allow_duplicate=True),
        Input({"type": Ids.ROW_LINK, "name": ALL}, "n_clicks"),
        Input({"type": Ids.ROW_ACTIVE, "name": ALL}, "n_clicks"),
        Input({"type": Ids.ROW_ROLE, "name": ALL}, "value"),
        prevent_initial_call=True,
    )
    def change(*_values: Any) -> tuple[Component, Component]:
        # Rows that appear trigger the callback too, without a click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        row, value = ctx.triggered_id, str(ctx.triggered[0]["value"])
        answer = _answered(lambda: _change(services, row["type"], row["name"], value))
        return answer, _table(services, current_user().name)


def _change(services: Services, kind: str, name: str, value: str) -> Component:
    if kind == Ids.ROW_LINK:
        return _link(renew_link(services, current_user(), name))
    if kind == Ids.ROW_ACTIVE:
        return _note(switch_active(services, current_user(), name))
    said = change_role(services, current_user(), name, value)
    if not said:
        # A row that has just appeared tells its role too; what was answered before stays.
        raise PreventUpdate
    return _note(said)


def _answered(change: Callable[[], Component]) -> Component:
    try:
        return change()
    except UserError as error:
        problem: Component = dbc.Alert(f"{str(error).capitalize()}.", color="danger")
        return problem


def _note(text: str) -> Component:
    note: Component = dbc.Alert(text, color="success")
    return note


def _link(link: OneTimeLink) -> Component:
    address = f"{http.host_url}sign-in?token={link.token}"
    said = f"Give {link.user.name} this link; it works once, for {LINK_HOURS} hours:"
    field = dbc.Input(value=address, readonly=True, id=Ids.LINK)
    alert: Component = dbc.Alert([dbc.Label(said, html_for=Ids.LINK), field], color="success")
    return alert


def _add_sheet() -> Component:
    name = dbc.Input(id=Ids.NAME, maxlength=64, autocomplete="off", value="")
    role = dbc.Select(list(Role), Role.OPERATOR, id=Ids.ROLE)
    fields = [
        html.Div([dbc.Label("Name", html_for=Ids.NAME), name], className="field"),
        html.Div([dbc.Label("Role", html_for=Ids.ROLE), role], className="field"),
        dbc.Button("Add user", type="submit", color="primary"),
    ]
    form = dbc.Form(fields, id=Ids.ADD, prevent_default_on_submit=True, className="form-row")
    return html.Section(form, className="sheet")


def _table(services: Services, me: str) -> Component:
    heads = [html.Th(text, scope="col") for text in ("Name", "Role", "Comes in by", "")]
    rows = [_row(account, me) for account in services.users.accounts()]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="table-plain")


def _row(account: Account, me: str) -> Component:
    name = account.name
    label = "Shut out" if account.active else "Let in"
    by = ("password" if account.has_password else "one-time link") if account.active else "shut out"
    link = _button("New link", Ids.ROW_LINK, name, disabled=not account.active)
    active = _button(label, Ids.ROW_ACTIVE, name, disabled=name == me)
    role_id = {"type": Ids.ROW_ROLE, "name": name}
    role = dbc.Select(list(Role), account.role, id=role_id, disabled=name == me)
    labelled = html.Label([html.Span(f"Role of {name}", className="visually-hidden"), role])
    cells = [html.Th(name, scope="row"), html.Td(labelled), html.Td(by), html.Td([link, active])]
    return html.Tr(cells, className="" if account.active else "row-out")


def _button(label: str, kind: str, name: str, *, disabled: bool) -> Component:
    return html.Button(
        label,
        id={"type": kind, "name": name},
        type="button",
        className="btn btn-outline-secondary btn-sm",
        disabled=disabled,
        **aria(label=f"{label}: {name}"),
    )
