"""Users: an administrator adds, changes and shuts out; every change is written down."""

import pytest

from app.security.administration import add_user, change_role, renew_link, switch_active
from app.security.roles import Refused
from app.services import Services
from lakehouse.users import User, UserError

ADMIN = User("admin", "admin")


def test_a_new_user_comes_in_by_a_link(services: Services) -> None:
    link = add_user(services, ADMIN, "ada", "engineer")
    assert services.users.redeem(link.token) == User("ada", "engineer")
    entry = services.audit.entries()[-1]
    assert (entry.actor, entry.action, entry.object) == ("admin", "manage_users", "add ada")
    assert link.token not in str(services.audit.entries())


def test_what_goes_wrong_is_written_down_as_failed(services: Services) -> None:
    with pytest.raises(UserError):
        add_user(services, ADMIN, "../x", "engineer")
    assert [entry.outcome for entry in services.audit.entries()] == ["allowed", "failed"]


def test_a_link_can_be_renewed(services: Services) -> None:
    old = renew_link(services, ADMIN, "operator")
    new = renew_link(services, ADMIN, "operator")
    assert services.users.redeem(old.token) is None
    assert services.users.redeem(new.token) == User("operator", "operator")


def test_a_role_is_changed_once(services: Services) -> None:
    assert change_role(services, ADMIN, "operator", "engineer") == "operator is engineer now."
    assert change_role(services, ADMIN, "operator", "engineer") == ""
    assert services.users.account("operator").role == "engineer"
    assert len(services.audit.entries()) == 1


def test_shutting_out_and_letting_in(services: Services) -> None:
    assert switch_active(services, ADMIN, "operator") == "operator was shut out."
    assert switch_active(services, ADMIN, "operator") == "operator was let in."
    assert services.users.account("operator").active


def test_nobody_shuts_themselves_out(services: Services) -> None:
    with pytest.raises(UserError, match="somebody else"):
        switch_active(services, ADMIN, "Admin")
    with pytest.raises(UserError, match="somebody else"):
        change_role(services, ADMIN, "admin", "operator")
    assert services.users.account("admin").role == "admin"


@pytest.mark.parametrize("role", ["operator", "engineer", "auditor"])
def test_nobody_else_may(services: Services, role: str) -> None:
    eve = User("eve", role)
    for change in (
        lambda: add_user(services, eve, "ada", "admin"),
        lambda: renew_link(services, eve, "admin"),
        lambda: change_role(services, eve, "operator", "admin"),
        lambda: switch_active(services, eve, "admin"),
    ):
        with pytest.raises(Refused):
            change()
    assert {entry.outcome for entry in services.audit.entries()} == {"refused"}
