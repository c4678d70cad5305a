"""Account: who is signed in, their password, their tokens, and signing out everywhere else."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from app.pages import PageRequest
from app.pages.account import tokens
from app.security import current_user, request_id
from app.security.entry import session_token
from app.security.roles import Action, allowed
from app.security.sessions import close_other_sessions
from app.security.throttle import begin_try, forgive
from app.services import Services
from lakehouse.audit import Event
from lakehouse.users import LONGEST_PASSWORD, SHORTEST_PASSWORD, User, UserError

PATH = "/account"
TITLE = "Account"
NAV = None


class Ids(StrEnum):
    """Ids of the page."""

    OLD = "account-old"
    NEW = "account-new"
    AGAIN = "account-again"
    CHANGE = "account-change"
    CHANGED = "account-changed"
    ELSEWHERE = "account-elsewhere"
    ENDED = "account-ended"


def layout(services: Services, request: PageRequest) -> Component:
    """The page."""
    has_password = services.users.account(request.user).has_password
    return html.Div(
        [
            html.Div([html.H1("Account")], className="page-head"),
            _who(request),
            _password_sheet(has_password),
            _sessions_sheet(),
            *tokens.sheets(services, request.user),
        ],
        className="narrow",
    )


def register(app: Dash, services: Services) -> None:
    """The page's callbacks."""
    tokens.register(app, services)

    @app.callback(
        Output(Ids.CHANGED, "children"),
        Output(Ids.OLD, "value"),
        Output(Ids.NEW, "value"),
        Output(Ids.AGAIN, "value"),
        Input(Ids.CHANGE, "n_submit"),
        State(Ids.OLD, "value"),
        State(Ids.NEW, "value"),
        State(Ids.AGAIN, "value"),
        prevent_initial_call=True,
    )
    def change_password(
        _clicks: int, old: str | None, new: str | None, again: str | None
    ) -> tuple[object, ...]:
        problem = set_password(services, current_user(), old or "", new or "", again or "")
        if problem:
            return dbc.Alert(problem, color="danger"), no_update, no_update, no_update
        done = "The password was changed; other browsers were signed out."
        return dbc.Alert(done, color="success"), "", "", ""

    @app.callback(
        Output(Ids.ENDED, "children"), Input(Ids.ELSEWHERE, "n_clicks"), prevent_initial_call=True
    )
    def sign_out_elsewhere(_clicks: int) -> str:
        user = current_user()
        _record(services, user, "sign_out_elsewhere")
        ended = close_other_sessions(services.users, user, session_token())
        return f"{ended} other {'session' if ended == 1 else 'sessions'} ended."


def set_password(services: Services, user: User, old: str, new: str, again: str) -> str:
    """Change the password of ``user`` and end their other sessions; returns what is wrong."""
    if new != again:
        return "The new password was not repeated the same."
    if services.users.account(user.name).has_password:
        # A session left open must not be a way to guess the password.
        tried = begin_try(services.users, user.name, f"account of {user.name}")
        if tried.number is None:
            return f"Too many tries. Wait {tried.wait:.0f} s."
        if services.users.verify(user.name, old) is None:
            _record(services, user, "set_password", "the old password was wrong")
            return "The old password is not right."
        forgive(services.users, user.name, tried)
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        return f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
    _record(services, user, "set_password")
    try:
        services.users.set_password(user.name, new)
    except UserError as error:
        return f"{str(error).capitalize()}."
    close_other_sessions(services.users, user, session_token())
    return ""


def _record(services: Services, user: User, action: str, refused: str = "") -> None:
    event = Event(
        user.name,
        user.role,
        action,
        user.name,
        "refused" if refused else "allowed",
        refused,
        request_id(),
    )
    services.audit.append(event)


def _who(request: PageRequest) -> Component:
    rights = [action.replace("_", " ") for action in Action if allowed(request.role, action)]
    return html.Section(
        html.Dl(
            [
                html.Dt("Name"),
                html.Dd(request.user),
                html.Dt("Role"),
                html.Dd(request.role),
                html.Dt("May"),
                html.Dd(", ".join(rights)),
            ],
            className="facts",
        ),
        className="sheet",
    )


def _password_sheet(has_password: bool) -> Component:
    old = _field("Old password", Ids.OLD, "current-password")
    hint = (
        "Changing it signs out all other browsers."
        if has_password
        else "You came in by a one-time link. Choose a password to come in again."
    )
    return html.Section(
        [
            html.H2("Password"),
            html.P(hint, className="hint"),
            dbc.Form(
                [
                    html.Div(old, hidden=not has_password, className="field"),
                    _field(f"New password, {SHORTEST_PASSWORD} characters or more", Ids.NEW),
                    _field("New password again", Ids.AGAIN),
                    dbc.Button("Set password", type="submit", color="primary"),
                ],
                id=Ids.CHANGE,
                prevent_default_on_submit=True,
            ),
            html.Div(id=Ids.CHANGED, role="status", className="answer"),
        ],
        className="sheet form",
    )


def _sessions_sheet() -> Component:
    return html.Section(
        [
            html.H2("Other browsers"),
            html.P("Sign out everywhere but here.", className="hint"),
            dbc.Button("Sign out elsewhere", id=Ids.ELSEWHERE, color="secondary", outline=True),
            html.Div(id=Ids.ENDED, role="status", className="answer"),
        ],
        className="sheet form",
    )


def _field(label: str, name: str, autocomplete: str = "new-password") -> Component:
    entry = dbc.Input(id=name, type="password", autocomplete=autocomplete, maxlength=256, value="")
    return html.Div([dbc.Label(label, html_for=name), entry], className="field")
