"""Who asks, and whether they may: sign-in, sessions, roles, CSRF, headers, rate limits."""

from flask import g, has_request_context

from lakehouse.users import User


def current_user() -> User:
    """The signed-in user of the request at hand.

    Raises:
        LookupError: there is none; the guard lets no such request reach a page or callback.
    """
    user = g.get("user") if has_request_context() else None
    if user is None:
        raise LookupError("nobody is signed in")
    return User(user.name, user.role)


def asker() -> str:
    """Whose requests are counted together: those of one token, else those of one user."""
    return f"token {g.token}" if g.token else f"user {current_user().name}"


def request_id() -> str:
    """Joins audit entries, log lines and error pages of one request; empty outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""
