"""The tokens of one user: the form that makes one, the one moment it is shown, and the list."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.components.aria import aria
from app.components.times import said_ago
from lakehouse.tokens import DAYS, LONGEST_NAME, MOST_DAYS, Draft, Token

LIFETIMES = (7, 30, DAYS, 180, MOST_DAYS)
# Older ones that ended say nothing any more; the audit log has them.
ENDED_SHOWN = 5


class Ids(StrEnum):
    """Ids of the card; the buttons in rows carry the token's id."""

    FORM = "account-token-form"
    NAME = "account-token-name"
    DAYS = "account-token-days"
    ANSWER = "account-token-answer"
    TEXT = "account-token-text"
    LIST = "account-tokens"
    REVOKE = "account-token-revoke"


def revoke_id(token: Any) -> dict[str, Any]:
    """Id of the button that takes a token back."""
    return {"type": Ids.REVOKE, "token": token}


def token_form() -> Component:
    """A name and a lifetime; what is answered stands below."""
    name = dbc.Input(id=Ids.NAME, maxlength=LONGEST_NAME, autocomplete="off", value="")
    lifetimes = [{"label": f"{days} days", "value": str(days)} for days in LIFETIMES]
    days = dbc.Select(lifetimes, str(DAYS), id=Ids.DAYS)
    fields = [
        html.Div([dbc.Label("What it is for", html_for=Ids.NAME), name], className="field"),
        html.Div([dbc.Label("Ends after", html_for=Ids.DAYS), days], className="field"),
        dbc.Button("Make token", type="submit", color="secondary", outline=True),
    ]
    form = dbc.Form(fields, id=Ids.FORM, prevent_default_on_submit=True, className="form-row")
    hint = "With a token a program reads tables as you do. Revoke one that it no longer needs."
    answer = html.Div(id=Ids.ANSWER, role="status", className="answer")
    return html.Section(
        [html.H2("Tokens"), html.P(hint, className="hint"), form, answer], className="sheet tokens"
    )


def made_token(draft: Draft) -> Component:
    """A new token, this once."""
    header = html.Code("Authorization: Bearer …")
    said = ["Copy it now, it is not shown again. A program sends it as ", header, "."]
    field = dbc.Input(value=draft.text, readonly=True, id=Ids.TEXT, class_name="secret")
    alert: Component = dbc.Alert([dbc.Label(said, html_for=Ids.TEXT), field], color="success")
    return alert


def token_sheet(rows: Component) -> Component:
    """Where the list stands."""
    return html.Section(rows, id=Ids.LIST, className="sheet table-sheet")


def token_rows(tokens: Sequence[Token], now: datetime) -> Component:
    """The tokens that live, then the newest of those that ended."""
    ended = [token for token in tokens if token.state != "live"][:ENDED_SHOWN]
    shown = [token for token in tokens if token.state == "live"] + ended
    if not shown:
        return html.P("You have no tokens.", className="hint")
    heads = [html.Th(text, scope="col") for text in ("Token", "Ends", "Used", "")]
    body = html.Tbody([_row(token, now) for token in shown])
    return html.Table([html.Thead(html.Tr(heads)), body], className="table-plain")


def _row(token: Token, now: datetime) -> Component:
    live = token.state == "live"
    button = html.Button(
        "Revoke",
        id=revoke_id(token.token_id),
        type="button",
        className="btn btn-outline-secondary btn-sm",
        **aria(label=f"Revoke: {token.name}"),
    )
    used = f"used {said_ago(token.used, now)}" if token.used else "never used"
    cells = [
        html.Th([token.name, " ", html.Code(token.token_id)], scope="row"),
        html.Td(_end(token)),
        html.Td(used),
        html.Td(button if live else ""),
    ]
    return html.Tr(cells, className="" if live else "row-out")


def _end(token: Token) -> str:
    if token.revoked is not None:
        return f"revoked {token.revoked:%Y-%m-%d}"
    return f"{'ends' if token.state == 'live' else 'expired'} {token.expires:%Y-%m-%d}"
