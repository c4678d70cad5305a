"""Users: who may come in, by password or by a link that works once."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

import lakehouse.users as module
from lakehouse.users import ROLES, User, UserError, UserStore

GOOD = "correct horse"


@pytest.fixture
def users(tmp_path: Path) -> UserStore:
    return UserStore(tmp_path / "home" / "users.sqlite")


def test_a_user_comes_in_with_the_right_password_only(users: UserStore) -> None:
    users.add("ada", "engineer", GOOD)
    assert users.verify("ada", GOOD) == User("ada", "engineer")
    assert users.verify("ADA", GOOD) == User("ada", "engineer")
    assert users.verify("ada", GOOD + "!") is None
    assert users.verify("bob", GOOD) is None
    assert users.verify("ada", "") is None


def test_a_missing_user_costs_one_password_check_too(
    users: UserStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("ada", "engineer", GOOD)
    users.add("link-only", "engineer")
    checked: list[str] = []

    def check(stored: str, _: str) -> bool:
        checked.append(stored.split("$")[0])
        return False

    monkeypatch.setattr(module, "check_password_hash", check)
    for name in ("ada", "link-only", "nobody"):
        users.verify(name, "wrong password")
    assert len(checked) == 3
    assert len(set(checked)) == 1


def test_another_process_that_leaves_takes_nothing_along(users: UserStore) -> None:
    """However many threads this one has let in meanwhile."""
    users.add("ada", "engineer")
    thread = threading.Thread(target=users.accounts)
    thread.start()
    thread.join()
    other = "import sys; from pathlib import Path; from lakehouse.users import UserStore; "
    other += "UserStore(Path(sys.argv[1])).add('bob', 'operator')"
    subprocess.run([sys.executable, "-c", other, str(users._path)], check=True)
    assert [account.name for account in users.accounts()] == ["ada", "bob"]
    users.add("eve", "auditor")
    assert [account.name for account in UserStore(users._path).accounts()] == ["ada", "bob", "eve"]


@pytest.mark.parametrize(
    "name", ["", ".ada", "a b", "cli:root", "a" * 65, "ad\u0430", "a\n", "../x", "<b>", "=1"]
)
def test_odd_names_are_refused(users: UserStore, name: str) -> None:
    with pytest.raises(UserError, match="a name has"):
        users.add(name, "engineer")


def test_names_differ_in_more_than_case(users: UserStore) -> None:
    users.add("ada", "engineer")
    with pytest.raises(UserError, match="already"):
        users.add("Ada", "admin")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_short_and_endless_passwords_are_refused(users: UserStore, password: str) -> None:
    with pytest.raises(UserError, match="a password has"):
        users.add("ada", "engineer", password)
    assert users.accounts() == []


def test_unknown_roles_are_refused(users: UserStore) -> None:
    with pytest.raises(UserError, match="a role is one of"):
        users.add("ada", "root", GOOD)


def test_no_password_or_token_is_stored_in_clear(users: UserStore, tmp_path: Path) -> None:
    users.add("ada", "engineer", GOOD)
    token = users.one_time_link("ada").token
    stored = b"".join(file.read_bytes() for file in (tmp_path / "home").iterdir())
    assert GOOD.encode() not in stored
    assert token.encode() not in stored


def test_the_file_and_its_side_files_are_private(users: UserStore, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        users.add("ada", "engineer", GOOD)
        files = list((tmp_path / "home").iterdir())
    finally:
        os.umask(old)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_link_works_once(users: UserStore) -> None:
    users.add("ada", "engineer")
    link = users.one_time_link("ada")
    assert users.redeem(link.token) == User("ada", "engineer")
    assert users.redeem(link.token) is None
    assert users.redeem("") is None


def test_a_link_ends_after_a_day(users: UserStore) -> None:
    users.add("ada", "engineer")
    with time_machine.travel(1_000_000_000, tick=False) as clock:
        link = users.one_time_link("ada")
        clock.shift(24 * 3600 + 1)
        assert users.redeem(link.token) is None


def test_a_newer_link_ends_the_older_one(users: UserStore) -> None:
    users.add("ada", "engineer")
    old, new = users.one_time_link("ada"), users.one_time_link("ada")
    assert users.redeem(old.token) is None
    assert users.redeem(new.token) is not None


def test_one_link_redeemed_by_many_at_once_lets_one_in(users: UserStore) -> None:
    users.add("ada", "engineer")
    token = users.one_time_link("ada").token
    found: list[User | None] = []
    threads = [threading.Thread(target=lambda: found.append(users.redeem(token))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(user is not None for user in found) == 1


def test_somebody_shut_out_stays_out(users: UserStore) -> None:
    users.add("ada", "engineer", GOOD)
    link = users.one_time_link("ada")
    users.set_active("ada", False)
    assert users.verify("ada", GOOD) is None
    assert users.redeem(link.token) is None
    with pytest.raises(UserError, match="shut out"):
        users.one_time_link("ada")
    users.set_active("ada", True)
    assert users.verify("ada", GOOD) is not None


def test_the_last_administrator_stays(users: UserStore) -> None:
    users.add("root", "admin", GOOD)
    with pytest.raises(UserError, match="nobody would be left"):
        users.set_active("root", False)
    with pytest.raises(UserError, match="nobody would be left"):
        users.set_role("root", "auditor")
    assert users.verify("root", GOOD) == User("root", "admin")
    users.add("second", "admin")
    users.set_role("root", "auditor")
    assert users.account("root").role == "auditor"


def test_a_new_password_replaces_the_old(users: UserStore) -> None:
    users.add("ada", "engineer", GOOD)
    users.set_password("ada", "battery staple")
    assert users.verify("ada", GOOD) is None
    assert users.verify("ada", "battery staple") is not None
    with pytest.raises(UserError, match="no user"):
        users.set_password("bob", GOOD)


def test_the_first_start_makes_one_user_a_role_without_a_password(users: UserStore) -> None:
    links = users.first_start_links()
    assert [(link.user.name, link.user.role) for link in links] == [(role, role) for role in ROLES]
    assert not users.any_password()
    assert [users.redeem(link.token) for link in links] == [link.user for link in links]


def test_a_later_start_helps_only_those_without_a_password(users: UserStore) -> None:
    first = users.first_start_links()
    users.set_password("admin", GOOD)
    again = users.first_start_links()
    assert [link.user.name for link in again] == ["operator", "engineer", "auditor"]
    assert users.redeem(first[0].token) is None
    assert users.any_password()


@settings(deadline=None)
@given(name=st.text(max_size=70))
def test_any_accepted_name_is_plain(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    users = UserStore(tmp_path_factory.mktemp("users") / "users.sqlite")
    try:
        users.add(name, "operator")
    except UserError:
        return
    assert name.isascii()
    assert not set(name) & set("/\\<>\"'=@:; \n")
