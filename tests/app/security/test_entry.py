"""Coming in: by password, by link, slowed down when guessing, and out for good."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from dash import Dash
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pages.sign_in import local_target
from app.services import Services
from lakehouse.audit import AuditError
from tests.app.security.conftest import PASSWORD, Browser

SIGNED_IN = Callable[[str], Browser]
START = 1_800_000_000


def session_cookie(browser: Browser) -> str:
    cookie = browser.client.get_cookie("stillwater_session")
    return cookie.value if cookie else ""


def inside(browser: Browser) -> bool:
    return browser.client.get("/account").status_code == 200


def test_the_right_password_lets_in_and_back_to_the_page(
    stranger: Browser, services: Services
) -> None:
    answer = stranger.sign_in("Engineer", next="/runs?kind=ingest")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/runs?kind=ingest"
    assert inside(stranger)
    entry = services.audit.entries()[-1]
    assert (entry.actor, entry.role, entry.action) == ("engineer", "engineer", "sign_in")
    assert (entry.outcome, entry.object, entry.reason) == ("allowed", "127.0.0.1", "password")


def test_a_wrong_password_and_a_missing_user_read_the_same(
    stranger: Browser, services: Services
) -> None:
    wrong = stranger.sign_in("engineer", "not this one")
    missing = stranger.sign_in("nobody", "not this one")
    assert wrong.status_code == missing.status_code == 401
    pages = [answer.get_data(as_text=True) for answer in (wrong, missing)]
    plain = [page.split("</form>")[0].split("role=")[1][:60] for page in pages]
    assert plain[0] == plain[1]
    refused = services.audit.entries()
    assert [entry.actor for entry in refused] == ["engineer", "unknown"]
    assert {entry.outcome for entry in refused} == {"refused"}


def test_what_was_typed_into_the_name_field_is_not_written_down(
    stranger: Browser, services: Services
) -> None:
    stranger.sign_in("my-secret-password")
    home = services.settings.home
    stored = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert b"my-secret-password" not in stored
    assert PASSWORD.encode() not in stored


def test_a_sign_in_that_cannot_be_audited_is_refused(
    stranger: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AuditError("disk full")

    monkeypatch.setattr("lakehouse.audit.AuditLog.append", full)
    assert stranger.sign_in("engineer").status_code == 503
    assert not inside(stranger)


def test_the_session_is_another_one_after_sign_in(stranger: Browser) -> None:
    stranger.client.get("/sign-in")
    before = session_cookie(stranger)
    stranger.sign_in("engineer")
    after = session_cookie(stranger)
    assert before and after and before != after
    # A cookie that somebody planted before does not come in with the victim.
    planted = Browser(stranger.client.application.test_client())
    planted.client.set_cookie("stillwater_session", before)
    assert not inside(planted)


def test_the_token_of_the_form_is_worth_nothing_after_sign_in(stranger: Browser) -> None:
    token = stranger.form_token()
    stranger.sign_in("engineer")
    assert stranger.client.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert inside(stranger)


def test_signing_out_ends_the_session_on_the_server(
    signed_in: SIGNED_IN, services: Services
) -> None:
    user = signed_in("engineer")
    stolen = session_cookie(user)
    answer = user.client.post("/sign-out", data={"csrf_token": user.token()})
    assert answer.status_code == 303
    assert services.audit.entries()[-1].action == "sign_out"
    user.client.set_cookie("stillwater_session", stolen)
    assert not inside(user)


def test_signing_out_takes_a_post_with_a_token(signed_in: SIGNED_IN) -> None:
    user = signed_in("engineer")
    assert user.client.get("/sign-out").status_code == 405
    assert user.client.post("/sign-out").status_code == 400
    assert inside(user)


def test_signing_in_again_ends_the_session_before(signed_in: SIGNED_IN) -> None:
    user = signed_in("engineer")
    old = session_cookie(user)
    user.sign_in("operator")
    user.client.set_cookie("stillwater_session", old)
    assert not inside(user)


@pytest.mark.parametrize(
    ("step", "steps", "holds"),
    [
        (timedelta(minutes=119), 1, True),
        (timedelta(minutes=121), 1, False),
        (timedelta(minutes=60), 11, True),
        (timedelta(minutes=60), 13, False),
    ],
)
def test_a_session_ends_when_idle_and_at_last_in_any_case(
    stranger: Browser, step: timedelta, steps: int, holds: bool
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        stranger.sign_in("engineer")
        for _ in range(steps):
            clock.shift(step)
            last = inside(stranger)
        assert last is holds


def test_shutting_out_and_a_new_role_take_effect_at_once(
    signed_in: SIGNED_IN, services: Services
) -> None:
    user = signed_in("engineer")
    services.users.set_role("engineer", "auditor")
    assert "auditor" in str(user.page("/account"))
    services.users.set_active("engineer", False)
    assert not inside(user)


def test_cookies_cannot_be_read_by_scripts_or_sent_by_other_sites(stranger: Browser) -> None:
    cookies = stranger.sign_in("engineer").headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("stillwater_session="))
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Secure" not in session


def test_a_link_shows_a_button_first_and_works_once(
    app: Dash, stranger: Browser, services: Services
) -> None:
    token = services.users.one_time_link("auditor").token
    for _ in range(3):
        page = stranger.client.get(f"/sign-in?token={token}")
        assert "Sign in with this link" in page.get_data(as_text=True)
    assert not inside(stranger)
    fields = {"csrf_token": stranger.form_token(), "token": token}
    assert stranger.client.post("/sign-in", data=fields).status_code == 303
    assert inside(stranger)
    thief = Browser(app.server.test_client())
    fields = {"csrf_token": thief.form_token(), "token": token}
    assert thief.client.post("/sign-in", data=fields).status_code == 401
    assert not inside(thief)
    outcomes = [entry.outcome for entry in services.audit.entries()]
    assert outcomes == ["allowed", "refused"]


def test_guessing_one_user_is_slowed_down(app: Dash, services: Services) -> None:
    with time_machine.travel(START, tick=False) as clock:
        codes = []
        for _ in range(20):
            codes.append(Browser(app.server.test_client()).sign_in("admin", "wrong").status_code)
        assert codes == [401] * 5 + [429] * 15
        # While one waits, the right password is not looked at either.
        one = Browser(app.server.test_client())
        held = one.sign_in("admin")
        assert held.status_code == 429
        assert int(held.headers["Retry-After"]) >= 1
        clock.shift(2)
        assert one.sign_in("admin").status_code == 303
    assert sum(entry.outcome == "refused" for entry in services.audit.entries()) == 5


def test_a_name_that_is_nobody_is_slowed_down_the_same(stranger: Browser) -> None:
    with time_machine.travel(START, tick=False):
        codes = [stranger.sign_in("nobody", "wrong").status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2


def test_the_wait_grows(stranger: Browser) -> None:
    with time_machine.travel(START, tick=False) as clock:
        waits = []
        for _ in range(5):
            stranger.sign_in("admin", "wrong")
        for _ in range(4):
            waits.append(int(stranger.sign_in("admin", "wrong").headers["Retry-After"]))
            clock.shift(waits[-1])
            assert stranger.sign_in("admin", "wrong").status_code == 401
    assert waits == [1, 2, 4, 8]


def test_one_password_for_many_users_is_slowed_down(stranger: Browser) -> None:
    with time_machine.travel(START, tick=False):
        codes = [stranger.sign_in(f"user{n}", "Winter2026!").status_code for n in range(40)]
    assert codes == [401] * 20 + [429] * 20


def test_a_right_password_forgets_the_wrong_ones_before(stranger: Browser) -> None:
    with time_machine.travel(START, tick=False):
        for _ in range(3):
            for _ in range(4):
                assert stranger.sign_in("admin", "wrong").status_code == 401
            assert stranger.sign_in("admin").status_code == 303
            stranger.client.post("/sign-out", data={"csrf_token": stranger.token()})


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "",
     "evil", "/a\r\nX: y", "/sign-in", "/sign-in?next=/sign-in", "///evil.example"],
)  # fmt: skip
def test_no_way_leads_to_another_site(target: str) -> None:
    assert local_target(target) == "/"


@settings(deadline=None)
@given(st.text())
def test_where_to_go_is_always_a_path_of_this_site(target: str) -> None:
    found = local_target(target)
    assert found in ("/", target)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))


def test_a_signed_in_user_is_not_asked_again(signed_in: SIGNED_IN) -> None:
    answer = signed_in("engineer").client.get("/sign-in?next=/runs")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/runs")


def test_markup_in_the_form_stays_text(stranger: Browser) -> None:
    name = '"><script>PWN=1</script>'
    page = stranger.sign_in(name, "wrong", next='/"><script>PWN=2</script>')
    text = page.get_data(as_text=True)
    assert "<script>PWN" not in text
    asked = stranger.client.get("/sign-in", query_string={"token": name, "next": name})
    assert "<script>PWN" not in asked.get_data(as_text=True)
