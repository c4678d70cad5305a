"""Verbs for the tokens that scripts read tables with."""

from typing import Any

import click

from lakehouse.clock import iso
from lakehouse.settings import Settings
from lakehouse.tokens import (
    DAYS,
    Token,
    TokenError,
    draft_token,
    find_token,
    keep_token,
    list_tokens,
    revoke_token,
)
from lakehouse.users import UserError, UserStore
from pipeline.commands.output import audited, json_option, show, table, usage_errors

_COLUMNS = ("id", "user", "name", "state", "created", "expires", "used")


@click.group()
def token() -> None:
    """Manage the tokens that scripts read tables with."""


@token.command("add")
@click.argument("name")
@click.option("--user", "owner", required=True, help="whose token; it may what they may")
@click.option("--days", type=int, default=DAYS, show_default=True, help="how long it lives")
@json_option
@click.pass_obj
@usage_errors(TokenError, UserError)
def token_add(settings: Settings, name: str, owner: str, days: int, as_json: bool) -> None:
    """Make a token and show it, this once."""
    users = UserStore(settings.users)
    draft = draft_token(users, owner, name, days)
    made = draft.token
    audited(settings, "create_token", f"{made.token_id} of {made.user}")
    keep_token(users, draft)
    document = _document(made) | {"token": draft.text}
    show(document, as_json, f"{draft.text}\nshown this once; it ends on {iso(made.expires)}")


@token.command("list")
@click.option("--user", "owner", help="only theirs")
@json_option
@click.pass_obj
def token_list(settings: Settings, owner: str | None, as_json: bool) -> None:
    """All tokens, newest first; never what they read."""
    found = [_document(one) for one in list_tokens(UserStore(settings.users), owner)]
    show(found, as_json, table(found, _COLUMNS))


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@json_option
@click.pass_obj
@usage_errors(TokenError)
def token_revoke(settings: Settings, token_id: str, as_json: bool) -> None:
    """Take a token back, at once and for good."""
    users = UserStore(settings.users)
    known = find_token(users, token_id)
    audited(settings, "revoke_token", f"{known.token_id} of {known.user}")
    ended = revoke_token(users, token_id)
    show(_document(ended), as_json, f"{ended.token_id} ({ended.name} of {ended.user}) has ended")


def _document(one: Token) -> dict[str, Any]:
    return {
        "id": one.token_id,
        "user": one.user,
        "name": one.name,
        "state": one.state,
        "created": one.created,
        "expires": one.expires,
        "used": one.used,
        "revoked": one.revoked,
    }
