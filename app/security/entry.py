"""Coming in and going out: the sign-in service behind the form."""

from dataclasses import dataclass

from flask import g, request, session

from app.security import request_id
from app.security.sessions import close_session, drop_ended_sessions, open_session
from app.security.throttle import begin_try, forgive
from app.services import Services
from lakehouse.audit import Event
from lakehouse.users import User, UserError

SESSION_KEY = "sid"


@dataclass(frozen=True)
class Entry:
    """How a try to sign in went: who came in, or how long to wait, or neither."""

    user: User | None = None
    wait: float = 0.0


def by_password(services: Services, name: str, password: str) -> Entry:
    """Sign in with name and password, slowed down after wrong ones."""
    tried = begin_try(services.users, name, _address())
    if tried.number is None:
        return Entry(wait=tried.wait)
    user = services.users.verify(name, password)
    if user is None:
        _record(services, _known(services, name), "refused", "wrong name or password")
        return Entry()
    forgive(services.users, name, tried)
    _come_in(services, user, "password")
    return Entry(user)


def by_link(services: Services, token: str) -> Entry:
    """Sign in with a one-time link."""
    tried = begin_try(services.users, "", _address())
    if tried.number is None:
        return Entry(wait=tried.wait)
    user = services.users.redeem(token)
    if user is None:
        reason = "the link was used, is too old or never was"
        _record(services, User("unknown", ""), "refused", reason)
        return Entry()
    forgive(services.users, "", tried)
    _come_in(services, user, "one-time link")
    return Entry(user)


def leave(services: Services) -> None:
    """Sign out: the session ends on the server, whatever the browser keeps."""
    user = g.user
    _end(services)
    audit = Event(user.name, user.role, "sign_out", _address(), request_id=request_id())
    services.audit.append(audit)


def session_token() -> str:
    """The id of the session at hand, empty when there is none."""
    return str(session.get(SESSION_KEY, ""))


def _come_in(services: Services, user: User, how: str) -> None:
    _record(services, user, "allowed", how)
    _end(services)
    drop_ended_sessions(services.users, services.settings.web.session_hours)
    session[SESSION_KEY] = open_session(services.users, user)


def _end(services: Services) -> None:
    # The whole cookie goes, the CSRF token with it, so that nothing planted before lives on.
    close_session(services.users, session_token())
    session.clear()


def _record(services: Services, user: User, outcome: str, reason: str) -> None:
    event = Event(
        user.name,
        user.role,
        "sign_in",
        _address(),
        "allowed" if outcome == "allowed" else "refused",
        reason,
        request_id(),
    )
    services.audit.append(event)


def _known(services: Services, name: str) -> User:
    """The user of that name; what else was typed may be a secret and is not written down."""
    try:
        account = services.users.account(name)
    except UserError:
        return User("unknown", "")
    return User(account.name, account.role)


def _address() -> str:
    return request.remote_addr or "unknown"
