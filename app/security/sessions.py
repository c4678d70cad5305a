"""Sessions: kept on the server, so that signing out and expiry take effect at once."""

import secrets
from datetime import timedelta

from lakehouse.clock import now
from lakehouse.users import User, UserStore, digest

IDLE = timedelta(hours=2)
# A session's last use is written down this often, so that most requests only read.
_SEEN_EVERY = 60.0


def open_session(users: UserStore, user: User) -> str:
    """Begin a session; returns its secret id, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    time = now().timestamp()
    with users.database as database:
        database.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(token), user.name, time, time)
        )
    return token


def session_user(users: UserStore, token: str, hours: int) -> User | None:
    """Who is signed in with this id, with the role they have now; None when it has ended.

    Args:
        users: the users.
        token: the session's secret id.
        hours: a session ends this long after sign-in, and after two hours without a request.
    """
    row = users.database.execute(
        "SELECT users.name, role, sessions.created, seen FROM sessions "
        "JOIN users ON users.name = sessions.user WHERE hash = ? AND active",
        (digest(token),),
    ).fetchone()
    if row is None:
        return None
    name, role, created, seen = row
    time = now().timestamp()
    if time - created > hours * 3600 or time - seen > IDLE.total_seconds():
        close_session(users, token)
        return None
    if time - seen > _SEEN_EVERY:
        with users.database as database:
            query = "UPDATE sessions SET seen = ? WHERE hash = ?"
            database.execute(query, (time, digest(token)))
    return User(name, role)


def close_session(users: UserStore, token: str) -> None:
    """End a session."""
    with users.database as database:
        database.execute("DELETE FROM sessions WHERE hash = ?", (digest(token),))


def close_other_sessions(users: UserStore, user: User, token: str) -> int:
    """End all sessions of a user but this one; returns how many there were."""
    with users.database as database:
        query = "DELETE FROM sessions WHERE user = ? AND hash <> ?"
        return database.execute(query, (user.name, digest(token))).rowcount


def drop_ended_sessions(users: UserStore, hours: int) -> None:
    """Forget sessions that nobody can use any more."""
    time = now().timestamp()
    with users.database as database:
        query = "DELETE FROM sessions WHERE created < ? OR seen < ?"
        database.execute(query, (time - hours * 3600, time - IDLE.total_seconds()))
