"""Tokens at the door: what they open, what they do not, and that refusals are written down."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from dash import Dash
from werkzeug.test import TestResponse

from app.security.throttle import FREE_PER_ADDRESS
from app.security.tokens import create_own, revoke_own
from app.services import Services
from lakehouse.audit import AuditError, AuditLog
from lakehouse.tokens import Draft, TokenError, draft_token, keep_token, list_tokens, revoke_token
from lakehouse.users import User
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]
TABLES = "/api/v1/tables"
START = 1_800_000_000


@pytest.fixture
def draft(services: Services) -> Draft:
    """A token of the engineer."""
    made = draft_token(services.users, "engineer", "a program")
    keep_token(services.users, made)
    return made


def ask(browser: Browser, text: str, path: str = TABLES, method: str = "GET") -> TestResponse:
    headers = {"Authorization": f"Bearer {text}"}
    return browser.client.open(path, method=method, headers=headers)


def test_a_token_opens_the_read_api_and_nothing_else(
    stranger: Browser, draft: Draft, app: Dash
) -> None:
    assert ask(stranger, draft.text).status_code == 200
    for path in ("/", "/account", "/users"):
        assert ask(stranger, draft.text, path).status_code == 302
    for path in ("/_dash-layout", "/_dash-dependencies", "/runs/x/log.txt", "/assets/shell.js"):
        assert ask(stranger, draft.text, path).status_code == 401
    for path in ("/upload?name=x", "/_dash-update-component", "/sign-out"):
        assert ask(stranger, draft.text, path, "POST").status_code in (400, 401)
    assert "Set-Cookie" not in ask(stranger, draft.text).headers


def test_a_token_is_dead_once_it_is_revoked_expired_or_its_user_shut_out(
    stranger: Browser, services: Services
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        made = [draft_token(services.users, "engineer", name, 7) for name in ("one", "two")]
        made.append(draft_token(services.users, "auditor", "three", 365))
        for one in made:
            keep_token(services.users, one)
            assert ask(stranger, one.text).status_code == 200
        revoke_token(services.users, made[0].token.token_id)
        clock.shift(timedelta(days=7))
        services.users.set_active("auditor", False)
        answers = [ask(stranger, one.text) for one in made]
    assert [answer.status_code for answer in answers] == [401] * 3
    told = [answer.get_json()["detail"] for answer in answers]
    assert "was revoked" in told[0]
    assert "expired on 2027-01-22" in told[1]
    assert "was revoked" in told[2]
    assert all("page Account" in text for text in told)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        'Bearer realm="Stillwater", error="invalid_token"'
    }


def test_a_refusal_is_written_down_by_the_tokens_id(
    stranger: Browser, services: Services, draft: Draft
) -> None:
    revoke_token(services.users, draft.token.token_id)
    ask(stranger, draft.text)
    ask(stranger, "sw_000000000000_" + "s" * 43)
    known, unknown = services.audit.entries()[-2:]
    assert (known.actor, known.action, known.outcome) == ("engineer", "use_token", "refused")
    assert known.object == f"{draft.token.token_id} of engineer"
    assert (unknown.actor, unknown.object, unknown.outcome) == ("unknown", "127.0.0.1", "refused")
    written = str(services.audit.entries())
    assert "s" * 43 not in written
    assert draft.text not in written


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic ZW5naW5lZXI6Y29ycmVjdCBob3JzZQ==", "Token x", "Bearer a b",
     "Bearer \xe4\xf6", "Bearer sw_", "Bearer " + "x" * 10_000],
)  # fmt: skip
def test_a_header_that_is_no_token_opens_nothing(stranger: Browser, header: str) -> None:
    answer = stranger.client.get(TABLES, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"


def test_a_token_in_the_address_or_a_cookie_opens_nothing(stranger: Browser, draft: Draft) -> None:
    for name in ("token", "access_token", "authorization"):
        assert stranger.client.get(f"{TABLES}?{name}={draft.text}").status_code == 401
        stranger.client.set_cookie(name, draft.text)
    assert stranger.client.get(TABLES).status_code == 401


def test_a_session_does_not_make_a_bad_token_good(signed_in: SIGNED_IN) -> None:
    user = signed_in("admin")
    assert user.client.get(TABLES).status_code == 200
    assert ask(user, "sw_000000000000_" + "s" * 43).status_code == 401


def test_what_a_proxy_asks_for_is_no_token(signed_in: SIGNED_IN) -> None:
    """A browser sends the proxy's password along; its session counts."""
    user = signed_in("admin")
    headers = {"Authorization": "Basic ZW5naW5lZXI6Y29ycmVjdCBob3JzZQ=="}
    assert user.client.get(TABLES, headers=headers).status_code == 200


def test_the_role_is_that_of_the_moment(
    stranger: Browser, services: Services, draft: Draft
) -> None:
    with services.users.database as database:
        database.execute("UPDATE users SET role = 'guest' WHERE name = 'engineer'")
    assert ask(stranger, draft.text).status_code == 403
    services.users.set_role("engineer", "operator")
    assert ask(stranger, draft.text).status_code == 200


def test_guessing_is_slowed_down_and_harms_nobody_else(
    stranger: Browser, services: Services, draft: Draft
) -> None:
    """Neither good tokens nor people who sign in at the same address have to wait."""
    with time_machine.travel(START, tick=False) as clock:
        wrong = [ask(stranger, f"sw_{number:012x}_{'s' * 43}") for number in range(30)]
        codes = [answer.status_code for answer in wrong]
        assert codes == [401] * FREE_PER_ADDRESS + [429] * (30 - FREE_PER_ADDRESS)
        assert int(wrong[-1].headers["Retry-After"]) >= 1
        assert wrong[-1].mimetype == "application/problem+json"
        assert len(services.audit.entries()) == FREE_PER_ADDRESS
        assert ask(stranger, draft.text).status_code == 200
        assert stranger.sign_in("engineer").status_code == 303
        clock.shift(301)
        assert ask(stranger, "sw_x").status_code == 401


def test_each_use_stands_in_the_servers_log(
    stranger: Browser, draft: Draft, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    ask(stranger, draft.text, f"{TABLES}/silver/a%0aforged line")
    lines = [record.getMessage() for record in caplog.records if "with token" in record.message]
    assert len(lines) == 1
    assert lines[0].endswith(
        f"GET {TABLES}/silver/a%0Aforged%20line with token {draft.token.token_id} of engineer"
    )
    assert draft.text not in caplog.text


def test_what_users_do_with_their_tokens_is_written_down_first(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User("ada", "operator")
    services.users.add("ada", "operator")
    made = create_own(services, user, "notebook", 30)
    revoke_own(services, user, made.token.token_id)
    entries = services.audit.entries()
    assert [(one.actor, one.action, one.object) for one in entries] == [
        ("ada", "create_token", f"{made.token.token_id} of ada"),
        ("ada", "revoke_token", f"{made.token.token_id} of ada"),
    ]
    kept = create_own(services, user, "kept", 30)

    def full(*_: object) -> None:
        raise AuditError("disk full")

    monkeypatch.setattr(AuditLog, "append", full)
    with pytest.raises(AuditError):
        create_own(services, user, "third", 30)
    with pytest.raises(AuditError):
        revoke_own(services, user, kept.token.token_id)
    assert [one.name for one in list_tokens(services.users) if one.state == "live"] == ["kept"]


def test_nobody_touches_the_tokens_of_others(services: Services, draft: Draft) -> None:
    with pytest.raises(TokenError, match="no token"):
        revoke_own(services, User("admin", "admin"), draft.token.token_id)
    assert services.audit.entries() == []
