"""What each role may do, and the one place where that is enforced and written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any

from app.security import request_id
from lakehouse.audit import AuditLog, Event
from lakehouse.users import User


class Role(StrEnum):
    """What a user is."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Action(StrEnum):
    """What a user can ask for."""

    SEE = "see"
    REPORT = "report"
    INGEST = "ingest"
    RETRAIN = "retrain"
    SCORE = "score"
    CANCEL = "cancel"
    RETRY = "retry"
    DECIDE = "decide"
    LIMIT = "limit"
    CORRECT = "correct"
    MAINTAIN = "maintain"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"
    READ_AUDIT = "read_audit"
    VERIFY = "verify"
    MANAGE_USERS = "manage_users"


class Refused(PermissionError):
    """The user's role may not do that; the refusal is in the audit log."""


_OPERATOR = frozenset({Action.SEE, Action.REPORT})
_ENGINEER = _OPERATOR | {
    Action.INGEST,
    Action.RETRAIN,
    Action.SCORE,
    Action.CANCEL,
    Action.RETRY,
    Action.DECIDE,
    Action.LIMIT,
    Action.CORRECT,
    Action.MAINTAIN,
    Action.PROMOTE,
    Action.ROLL_BACK,
}
_AUDITOR = frozenset({Action.SEE, Action.READ_AUDIT, Action.VERIFY})
RIGHTS: dict[Role, frozenset[Action]] = {
    Role.OPERATOR: _OPERATOR,
    Role.ENGINEER: _ENGINEER,
    Role.AUDITOR: _AUDITOR,
    Role.ADMIN: _ENGINEER | _AUDITOR | {Action.MANAGE_USERS},
}


def allowed(role: str, action: Action) -> bool:
    """Whether a role may do something; an unknown role may nothing."""
    return role in tuple(Role) and action in RIGHTS[Role(role)]


def require(user: User, action: Action, audit: AuditLog, object: str = "") -> None:
    """Let the user go on, or write the refusal down.

    Raises:
        Refused: the user's role may not do it.
        AuditError: the refusal could not be written.
    """
    if not allowed(user.role, action):
        reason = f"the role {user.role} may not {action.replace('_', ' ')}"
        refusal = Event(user.name, user.role, action, object, "refused", reason, request_id())
        audit.append(refusal)
        raise Refused(reason)


@contextmanager
def acting(
    user: User, action: Action, audit: AuditLog, object: str = "", after: Any = None
) -> Iterator[None]:
    """Around everything that changes something: checked and written down before it is done.

    An exception inside is written down as failed and goes on.

    Args:
        user: who acts.
        action: what they do.
        audit: the log.
        object: what they do it to.
        after: JSON value that describes what is asked for or holds afterwards.

    Raises:
        Refused: the user's role may not do it.
        AuditError: it could not be written down, so it is not done.
    """
    require(user, action, audit, object)
    event = Event(user.name, user.role, action, object, request_id=request_id(), after=after)
    audit.append(event)
    try:
        yield
    except Exception as error:
        audit.append(replace(event, outcome="failed", reason=str(error)))
        raise
