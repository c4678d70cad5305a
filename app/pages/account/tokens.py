"""The user's tokens at work: make one, see it once, take one back."""

from collections.abc import Callable

import dash_bootstrap_components as dbc
from dash import ALL, Dash, Input, Output, State, ctx
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components.token_card import (
    Ids,
    made_token,
    revoke_id,
    token_form,
    token_rows,
    token_sheet,
)
from app.security import current_user
from app.security.tokens import create_own, revoke_own
from app.services import Services
from lakehouse.clock import now
from lakehouse.tokens import Draft, TokenError, list_tokens


def sheets(services: Services, user: str) -> list[Component]:
    """The form, and the list of the user's tokens."""
    return [token_form(), token_sheet(token_rows(list_tokens(services.users, user), now()))]


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of form and list."""

    @app.callback(
        Output(Ids.ANSWER, "children"),
        Output(Ids.LIST, "children"),
        Input(Ids.FORM, "n_submit"),
        State(Ids.NAME, "value"),
        State(Ids.DAYS, "value"),
        prevent_initial_call=True,
    )
    def make_token(_submits: int, name: str | None, days: str | None) -> tuple[Component, ...]:
        answer = _answered(lambda: made_token(_made(services, name or "", days or "")))
        return answer, _listed(services)

    @app.callback(
        Output(Ids.ANSWER, "children", allow_duplicate=True),
        Output(Ids.LIST, "children", allow_duplicate=True),
        Input(revoke_id(ALL), "n_clicks"),
        prevent_initial_call=True,
    )
    def end_token(_clicks: list[int | None]) -> tuple[Component, ...]:
        # Rows that appear trigger the callback too, without a click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        answer = _answered(lambda: _ended(services, str(ctx.triggered_id["token"])))
        return answer, _listed(services)


def _made(services: Services, name: str, days: str) -> Draft:
    lifetime = int(days) if days.isdecimal() and len(days) < 6 else 0
    return create_own(services, current_user(), name, lifetime)


def _ended(services: Services, token_id: str) -> Component:
    ended = revoke_own(services, current_user(), token_id)
    note: Component = dbc.Alert(f"The token {ended.name} was revoked.", color="success")
    return note


def _answered(change: Callable[[], Component]) -> Component:
    try:
        return change()
    except TokenError as error:
        text = str(error)
        problem: Component = dbc.Alert(f"{text[:1].upper()}{text[1:]}.", color="danger")
        return problem


def _listed(services: Services) -> Component:
    return token_rows(list_tokens(services.users, current_user().name), now())
