"""Tokens at the door of the read API, and what a user does with their own; all of it written down.

A token is taken from the header ``Authorization`` only, and only for the read API: in an address it
would end up in histories and logs.
"""

import logging
from math import ceil
from typing import NoReturn
from urllib.parse import quote

from flask import g, request

from app.security import request_id
from app.security.errors import Problem
from app.security.throttle import begin_try
from app.services import Services
from lakehouse.audit import Event
from lakehouse.tokens import (
    Checked,
    Draft,
    Token,
    check_token,
    draft_token,
    find_token,
    keep_token,
    revoke_token,
)
from lakehouse.users import User

_LOG = logging.getLogger(__name__)
SEND_ONE = (
    "Send a token in the header `Authorization: Bearer sw_…`, or sign in. "
    "Tokens are made on the page Account."
)


def is_sent() -> bool:
    """Whether the request brings a token; other schemes are a matter of proxies before us."""
    return request.headers.get("Authorization", "").lower().startswith("bearer")


def bearer(services: Services) -> User:
    """The user of the token that came with the request, with the role they have now.

    Raises:
        Problem: there is no token in the header, or it lets nobody in; the latter is audited.
    """
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise unauthorized(SEND_ONE)
    checked = check_token(services.users, sent.token)
    if checked.user is None or checked.token is None:
        _refuse(services, checked)
    g.token = checked.token.token_id
    asked = f"{request.method} {quote(request.path)}"
    named = checked.token.token_id, checked.user.name
    _LOG.info("request %s: %s with token %s of %s", request_id(), asked, *named)
    return checked.user


def unauthorized(detail: str, error: str = "") -> Problem:
    """Who asks must say who they are; ``error`` is RFC 6750's word for what is wrong."""
    challenge = 'Bearer realm="Stillwater"' + (f', error="{error}"' if error else "")
    return Problem(401, "unauthorized", detail, {"WWW-Authenticate": challenge})


def create_own(services: Services, user: User, name: str, days: int) -> Draft:
    """Make a token for the user who asks.

    Raises:
        TokenError: name or lifetime is not allowed, or there are enough.
        AuditError: it could not be written down, so it was not made.
    """
    draft = draft_token(services.users, user.name, name, days)
    _record(services, user, "create_token", draft.token)
    keep_token(services.users, draft)
    return draft


def revoke_own(services: Services, user: User, token_id: str) -> Token:
    """Take back a token of the user who asks.

    Raises:
        TokenError: they have no such token, or it was taken back before.
        AuditError: it could not be written down, so it was not done.
    """
    token = find_token(services.users, token_id, user.name)
    _record(services, user, "revoke_token", token)
    return revoke_token(services.users, token_id, user.name)


def _record(services: Services, user: User, action: str, token: Token) -> None:
    target = f"{token.token_id} of {token.user}"
    event = Event(user.name, user.role, action, target, request_id=request_id())
    services.audit.append(event)


def _refuse(services: Services, checked: Checked) -> NoReturn:
    """Write the refusal down, unless so many came from there that the log would be flooded."""
    address = request.remote_addr or "unknown"
    tried = begin_try(services.users, "", f"token from {address}")
    if tried.number is None:
        raise Problem(
            429,
            "too_many_refused",
            f"{checked.refusal} Too many tokens from here were refused: wait {ceil(tried.wait)} s.",
            {"Retry-After": str(ceil(tried.wait))},
        )
    # What was sent may be the secret of something else: only a token of ours is named.
    actor = checked.token.user if checked.token else "unknown"
    target = f"{checked.token.token_id} of {actor}" if checked.token else address
    event = Event(actor, "", "use_token", target, "refused", checked.refusal, request_id())
    services.audit.append(event)
    raise unauthorized(checked.refusal, "invalid_token")
