"""`stillwater token` makes, lists and revokes tokens."""

from pathlib import Path

import pytest

from lakehouse.audit import AuditLog
from lakehouse.tokens import check_token
from lakehouse.users import User, UserStore
from tests.pipeline.command import document, quick


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one user."""
    UserStore(tmp_path / "users.sqlite").add("ada", "auditor")
    return tmp_path


def test_a_token_is_made_listed_and_revoked(home: Path) -> None:
    """It is shown once, works until it is revoked, and what was done is in the audit log."""
    users = UserStore(home / "users.sqlite")
    made = document(home, "token", "add", "nightly", "--user", "ADA", "--days", "7")
    assert check_token(users, made["token"]).user == User("ada", "auditor")
    told = document(home, "token", "list")
    assert [(one["id"], one["name"], one["state"]) for one in told] == [
        (made["id"], "nightly", "live")
    ]
    assert made["token"] not in str(told)
    assert "nightly" in quick(home, "token", "list", "--user", "Ada").stdout
    assert document(home, "token", "list", "--user", "bob") == []
    assert document(home, "token", "revoke", made["id"])["state"] == "revoked"
    assert check_token(users, made["token"]).user is None
    entries = AuditLog(home / "audit").entries()
    assert [entry.action for entry in entries] == ["create_token", "revoke_token"]
    assert {entry.object for entry in entries} == {f"{made['id']} of ada"}
    assert made["token"] not in str(entries)


def test_what_cannot_be_is_wrong_usage(home: Path) -> None:
    """And nothing is written down that was not done."""
    for words in (("add", "x", "--user", "bob"), ("add", "x", "--user", "ada", "--days", "400"),
                  ("add", "", "--user", "ada"), ("revoke", "none")):  # fmt: skip
        assert quick(home, "token", *words).exit_code == 2
    assert AuditLog(home / "audit").entries() == []
