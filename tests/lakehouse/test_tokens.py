"""Personal access tokens: who they let in, until when, and what is stored of them."""

import hmac
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.tokens import (
    MOST_TOKENS,
    Draft,
    TokenError,
    check_token,
    draft_token,
    find_token,
    keep_token,
    list_tokens,
    revoke_token,
)
from lakehouse.users import User, UserError, UserStore

START = 1_800_000_000


@pytest.fixture
def users(tmp_path: Path) -> UserStore:
    """Two people."""
    found = UserStore(tmp_path / "users.sqlite")
    found.add("ada", "engineer")
    found.add("root", "admin")
    return found


@pytest.fixture(scope="module")
def one_token(tmp_path_factory: pytest.TempPathFactory) -> UserStore:
    """One person with one token."""
    found = UserStore(tmp_path_factory.mktemp("users") / "users.sqlite")
    found.add("ada", "engineer")
    made(found)
    return found


def made(users: UserStore, user: str = "ada", name: str = "notebook", days: int = 90) -> Draft:
    draft = draft_token(users, user, name, days)
    keep_token(users, draft)
    return draft


def test_a_token_lets_its_user_in_with_the_role_of_that_moment(users: UserStore) -> None:
    draft = made(users)
    checked = check_token(users, draft.text)
    assert (checked.user, checked.refusal) == (User("ada", "engineer"), "")
    users.set_role("ada", "auditor")
    assert check_token(users, draft.text).user == User("ada", "auditor")


def test_only_the_hash_is_stored(users: UserStore, tmp_path: Path) -> None:
    draft = made(users)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    secret = draft.text.rpartition(draft.token.token_id)[2].strip("_")
    assert draft.token.token_id.encode() in stored
    assert len(secret) >= 40
    assert secret.encode() not in stored
    assert draft.text not in repr(list_tokens(users))


def test_no_two_tokens_are_alike(users: UserStore) -> None:
    texts = {draft_token(users, "ada", "x").text for _ in range(50)}
    assert len(texts) == 50
    assert all(text.startswith("sw_") and len(text) == 59 for text in texts)


def test_a_draft_opens_nothing(users: UserStore) -> None:
    assert check_token(users, draft_token(users, "ada", "x").text).user is None
    assert list_tokens(users) == []


def test_a_revoked_token_is_dead_at_once_and_stays_so(users: UserStore) -> None:
    draft, other = made(users), made(users, name="other")
    ended = revoke_token(users, draft.token.token_id, "ada")
    assert (ended.state, ended.revoked is None) == ("revoked", False)
    checked = check_token(users, draft.text)
    assert (checked.user, checked.token) == (None, ended)
    assert "was revoked" in checked.refusal
    assert check_token(users, other.text).user is not None
    with pytest.raises(TokenError, match="revoked before"):
        revoke_token(users, draft.token.token_id)


def test_a_token_ends_when_it_was_said_to(users: UserStore) -> None:
    with time_machine.travel(START, tick=False) as clock:
        draft = made(users, days=7)
        clock.shift(timedelta(days=7, seconds=-1))
        assert check_token(users, draft.text).user is not None
        clock.shift(timedelta(seconds=1))
        checked = check_token(users, draft.text)
        assert checked.user is None
        assert "expired on 2027-01-22" in checked.refusal
        assert find_token(users, draft.token.token_id).state == "expired"


def test_tokens_of_who_is_shut_out_are_dead_and_do_not_come_back(users: UserStore) -> None:
    draft, other = made(users), made(users, "root")
    users.set_active("ada", False)
    assert check_token(users, draft.text).user is None
    users.set_active("ada", True)
    assert check_token(users, draft.text).user is None
    assert check_token(users, other.text).user == User("root", "admin")


@pytest.mark.parametrize("query", ["DELETE FROM users", "UPDATE users SET active = 0"])
def test_a_token_whose_user_went_is_dead(users: UserStore, query: str) -> None:
    """However that came about."""
    draft = made(users)
    with users.database as database:
        database.execute(query)
    checked = check_token(users, draft.text)
    assert checked.user is None
    assert "may not sign in" in checked.refusal


def test_the_last_use_is_known(users: UserStore) -> None:
    with time_machine.travel(START, tick=False) as clock:
        draft = made(users)
        assert find_token(users, draft.token.token_id).used is None
        for seconds, used in ((10, 10), (30, 10), (31, 71)):
            clock.shift(seconds)
            check_token(users, draft.text)
            found = find_token(users, draft.token.token_id).used
            assert found is not None
            assert found.timestamp() == START + used


@pytest.mark.parametrize(
    ("name", "days", "told"),
    [("", 90, "name"), (" ", 90, "name"), ("x" * 65, 90, "name"), ("a\nb", 90, "name"),
     ("x", 0, "1 to 365 days"), ("x", 366, "1 to 365 days"), ("x", -1, "1 to 365 days")],
)  # fmt: skip
def test_what_is_not_allowed_is_said(users: UserStore, name: str, days: int, told: str) -> None:
    with pytest.raises(TokenError, match=told):
        draft_token(users, "ada", name, days)


def test_only_who_may_sign_in_gets_tokens_and_not_without_end(users: UserStore) -> None:
    with pytest.raises(UserError, match="no user"):
        draft_token(users, "nobody", "x")
    for _ in range(MOST_TOKENS):
        last = made(users)
    with pytest.raises(TokenError, match="revoke one first"):
        draft_token(users, "ada", "x")
    draft_token(users, "root", "x")
    revoke_token(users, last.token.token_id)
    draft_token(users, "ada", "x")
    users.set_active("ada", False)
    with pytest.raises(TokenError, match="shut out"):
        draft_token(users, "ada", "x")


def test_nobody_revokes_the_token_of_another(users: UserStore) -> None:
    draft = made(users)
    with pytest.raises(TokenError, match="no token"):
        revoke_token(users, draft.token.token_id, "root")
    assert check_token(users, draft.text).user is not None
    assert list_tokens(users, "root") == []
    assert revoke_token(users, draft.token.token_id, "ADA").state == "revoked"


def test_tokens_that_ended_long_ago_are_forgotten(users: UserStore) -> None:
    with time_machine.travel(START, tick=False) as clock:
        old = made(users, days=1)
        clock.shift(timedelta(days=366, seconds=1))
        assert [one.token_id for one in list_tokens(users)] == [old.token.token_id]
        new = made(users)
        assert [one.token_id for one in list_tokens(users)] == [new.token.token_id]


def test_a_secret_is_compared_in_constant_time(
    users: UserStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right, wrong and unknown texts go through the same comparison of hashes."""
    draft = made(users)
    asked: list[tuple[str, str]] = []
    constant_time = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        asked.append((one, other))
        return constant_time(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    wrong = draft.text[:-1] + ("A" if draft.text[-1] != "A" else "B")
    unknown = draft.text.replace(draft.token.token_id, "0" * 12)
    texts = (draft.text, wrong, unknown, "", "junk")
    assert [check_token(users, text).user is not None for text in texts] == [True, *[False] * 4]
    assert len(asked) == len(texts)
    assert {len(side) for pair in asked for side in pair} == {64}


@given(text=st.text() | st.from_regex(r"sw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", fullmatch=True))
def test_no_other_text_lets_in(one_token: UserStore, text: str) -> None:
    checked = check_token(one_token, text)
    assert (checked.user, checked.token) == (None, None)
    assert "not known" in checked.refusal
