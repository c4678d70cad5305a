"""Roles: who may do what, here and in every callback, and that each refusal is written down."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from app.security.roles import Action, Refused, Role, acting, allowed, require
from app.services import Services
from lakehouse.audit import AuditError, AuditLog
from lakehouse.requests import VerifyRequest
from lakehouse.runs import RunStore
from lakehouse.users import ROLES, User
from tests.app.security.conftest import Browser

ENGINEERING = {
    "ingest", "retrain", "score", "cancel", "retry", "decide", "limit", "correct", "promote",
    "roll_back", "maintain",
}  # fmt: skip
TABLE = {
    "operator": {"see", "report"},
    "engineer": {"see", "report"} | ENGINEERING,
    "auditor": {"see", "read_audit", "verify"},
    "admin": {"see", "report", "read_audit", "verify", "manage_users"} | ENGINEERING,
}


def test_the_roles_are_those_of_the_user_store() -> None:
    assert tuple(Role) == ROLES


@pytest.mark.parametrize("role", [*ROLES, "", "root"])
@pytest.mark.parametrize("action", list(Action))
def test_the_table_of_the_contract_holds(role: str, action: Action) -> None:
    assert allowed(role, action) is (action in TABLE.get(role, set()))


def test_a_refusal_is_written_down(services: Services) -> None:
    with pytest.raises(Refused, match="the role auditor may not retrain"):
        require(User("eve", "auditor"), Action.RETRAIN, services.audit, "FD001")
    entry = services.audit.entries()[-1]
    assert (entry.actor, entry.role, entry.action) == ("eve", "auditor", "retrain")
    assert (entry.object, entry.outcome) == ("FD001", "refused")


def test_what_is_allowed_is_written_down_before_it_is_done(services: Services) -> None:
    with acting(User("ada", "engineer"), Action.PROMOTE, services.audit, "m1", {"live": "m1"}):
        seen = services.audit.entries()[-1]
    assert (seen.outcome, seen.after) == ("allowed", {"live": "m1"})
    assert len(services.audit.entries()) == 1


def test_what_goes_wrong_is_written_down_too(services: Services) -> None:
    with (
        pytest.raises(ValueError, match="gone"),
        acting(User("ada", "engineer"), Action.PROMOTE, services.audit, "m1"),
    ):
        raise ValueError("the model is gone")
    assert [entry.outcome for entry in services.audit.entries()] == ["allowed", "failed"]


def test_what_cannot_be_written_down_is_not_done(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AuditError("disk full")

    monkeypatch.setattr(AuditLog, "append", full)
    done = []
    with (
        pytest.raises(AuditError),
        acting(User("ada", "engineer"), Action.PROMOTE, services.audit, "m1"),
    ):
        done.append(1)
    assert not done


def pressed(app: Dash, output: str) -> dict[str, Any]:
    """The body that a browser sends when every button of a callback was pressed."""
    wanted = next(one for one in app._callback_list if one["output"] == output)

    def filled(parts: list[dict[str, Any]]) -> list[Any]:
        return [sent(part | {"value": 1}) for part in parts]

    parts = output.strip(".").split("...")
    outputs = [
        sent(dict(zip(("id", "property"), part.rpartition(".")[::2], strict=True)))
        for part in parts
    ]
    inputs = filled(wanted["inputs"])
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": filled(wanted["state"]),
        "changedPropIds": [f"{part['id']}.{part['property']}" for part in wanted["inputs"]],
    }


def sent(part: dict[str, Any]) -> Any:
    """A field as a browser sends it: of a pattern, the one that there is."""
    if not part["id"].startswith("{"):
        return part
    known = json.loads(part["id"])
    one = part | {"id": {name: "x" if isinstance(of, list) else of for name, of in known.items()}}
    return [one] if '"ALL"' in part["id"] else one


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_no_callback_changes_anything_for_who_may_not(
    role: str,
    app: Dash,
    services: Services,
    signed_in: Callable[[str], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every callback there is, new ones too, with every button pressed."""
    done: list[Any] = []
    for verb in ("submit", "cancel", "retry"):
        monkeypatch.setattr(RunStore, verb, lambda _, what, *__: done.append(what))
    user = signed_in(role)
    accounts = services.users.accounts()
    for output, callback in app.callback_map.items():
        if "callback" in callback:
            user.call(pressed(app, output))
    # A verification changes nothing, and is what an auditor is there for.
    assert done == ([VerifyRequest()] if role == "auditor" else [])
    assert services.users.accounts() == accounts
    assert services.audit.verify().ok


def test_the_users_page_and_its_actions_are_for_administrators(
    services: Services, signed_in: Callable[[str], Browser]
) -> None:
    for role in ("operator", "engineer", "auditor"):
        user = signed_in(role)
        page = str(user.page("/users"))
        assert "may not manage users" in page
        assert "users-add" not in page
        body = {
            "output": "..users-answer.children...users-table.children..",
            "outputs": [
                {"id": "users-answer", "property": "children"},
                {"id": "users-table", "property": "children"},
            ],
            "inputs": [{"id": "users-add", "property": "n_submit", "value": 1}],
            "state": [
                {"id": "users-name", "property": "value", "value": "mallory"},
                {"id": "users-role", "property": "value", "value": "admin"},
            ],
            "changedPropIds": ["users-add.n_submit"],
        }
        assert user.call(body).status_code == 403
        assert services.audit.entries()[-1].outcome == "refused"
    assert "mallory" not in [account.name for account in services.users.accounts()]
    assert "users-add" in str(signed_in("admin").page("/users"))
