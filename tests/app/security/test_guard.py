"""The guard: nothing without a session, nothing from elsewhere, nothing that is not a callback."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from dash import Dash
from werkzeug.routing import Rule

from app.services import Services
from lakehouse.audit import AuditError, AuditLog
from tests.app.security.conftest import Browser, page_call

SIGNED_IN = Callable[[str], Browser]
PUBLIC = {"sign_in.show", "sign_in.enter", "health.alive", "health.ready"}
START = 1_800_000_000


def routes(app: Dash) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of everything that the server answers, variables filled in."""
    found = []
    for rule in app.server.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            found.append((rule.endpoint, method, filled(rule)))
    return found


def filled(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        for kind in ("", "string:", "path:"):
            path = path.replace(f"<{kind}{name}>", "x")
    return path


def test_a_stranger_reaches_no_route_but_sign_in_and_health(app: Dash, stranger: Browser) -> None:
    found = routes(app)
    assert len(found) > 20
    for endpoint, method, path in found:
        answer = stranger.client.open(path, method=method, json={})
        if endpoint in PUBLIC:
            continue
        expected = {302} if endpoint in ("/", "/<path:path>") and method == "GET" else {401}
        assert answer.status_code in expected, (endpoint, method, path)
        assert "/sign-in" in answer.headers.get("Location", "/sign-in")


def test_a_stranger_runs_no_callback(app: Dash, stranger: Browser) -> None:
    assert len(app.callback_map) > 5
    for output in app.callback_map:
        body = {"output": output, "outputs": [], "inputs": [], "changedPropIds": []}
        answer = stranger.client.post("/_dash-update-component", json=body)
        assert answer.status_code == 401, output


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/assets/tokens.css", 200),
        ("/assets/shell.css", 200),
        ("/assets/theme.js", 200),
        ("/assets/favicon.svg", 200),
        ("/assets/logo.svg", 200),
        ("/bootstrap/bootstrap.min.css", 200),
        ("/bootstrap/bootstrap.css", 401),
        ("/assets/shell.js", 401),
        ("/assets/../app/factory.py", 401),
        ("/_dash-component-suites/dash/deps/react@18.3.1.min.js", 401),
    ],
)
def test_a_stranger_gets_just_the_files_that_sign_in_needs(
    stranger: Browser, path: str, status: int
) -> None:
    assert stranger.client.get(path).status_code == status


def test_an_unknown_path_tells_a_stranger_nothing_and_a_user_that_it_is_unknown(
    stranger: Browser, signed_in: SIGNED_IN
) -> None:
    assert stranger.client.get("/nowhere").status_code == 302
    user = signed_in("operator")
    assert user.client.get("/nowhere").status_code == 404
    assert user.client.get("/account").status_code == 200
    assert "no such page" in str(user.page("/nowhere"))


@pytest.mark.parametrize(
    "path",
    [
        "/engine/../../etc/passwd",
        "/engine/..%2f..%2fetc/passwd",
        "/engine/%2e%2e/%2e%2e",
        "/engine/a%00b/c",
        "/etc/passwd",
        "/engine/" + "a" * 5000 + "/b",
        "/assets/..%2fapp/factory.py",
        "/assets/%2e%2e/app/factory.py",
        "/bootstrap/..%2f..%2f__init__.py",
        "/file:///etc/passwd",
    ],
)
def test_a_path_never_becomes_a_file(signed_in: SIGNED_IN, path: str) -> None:
    user = signed_in("admin")
    answer = user.client.get(path)
    assert answer.status_code in (200, 308, 400, 404)
    assert b"root:" not in answer.data
    assert b"create_app" not in answer.data
    drawn = user.open(path)
    assert drawn.status_code == 200
    assert "root:" not in drawn.get_data(as_text=True)


def test_the_page_asked_for_comes_after_sign_in(stranger: Browser) -> None:
    answer = stranger.client.get("/engine/FD001/a%231?as_of=3&x=a%26b")
    assert answer.status_code == 302
    target = answer.headers["Location"]
    assert stranger.client.get(target).status_code == 200
    form = stranger.client.get(target).get_data(as_text=True)
    assert 'name="next" value="/engine/FD001/a%231?as_of=3&amp;x=a%26b"' in form
    into = stranger.sign_in("operator", next="/engine/FD001/a%231?as_of=3&x=a%26b")
    assert into.headers["Location"] == "/engine/FD001/a%231?as_of=3&x=a%26b"


def variants(user: Browser, other: Browser) -> dict[str, tuple[int, Callable[[], Any]]]:
    """Ways to replay a callback's POST, and what each is answered with."""
    path, body = "/_dash-update-component", page_call("/account")
    token = {"X-CSRFToken": user.token()}
    post = user.client.post
    elsewhere = token | {"Origin": "http://evil.example"}
    return {
        "as the page does it": (200, lambda: post(path, json=body, headers=token)),
        "same origin": (200, lambda: post(path, json=body, headers=token | here())),
        "no token": (400, lambda: post(path, json=body)),
        "other user's token": (
            400,
            lambda: post(path, json=body, headers={"X-CSRFToken": other.token()}),
        ),
        "a made-up token": (400, lambda: post(path, json=body, headers={"X-CSRFToken": "x.y.z"})),
        "GET": (405, lambda: user.client.get(path, headers=token)),
        "text/plain": (
            415,
            lambda: post(path, data="{}", content_type="text/plain", headers=token),
        ),
        "form": (415, lambda: post(path, data={"output": "x"}, headers=token)),
        "other origin": (403, lambda: post(path, json=body, headers=elsewhere)),
        "null origin": (403, lambda: post(path, json=body, headers=token | {"Origin": "null"})),
        "cross-site": (
            403,
            lambda: post(path, json=body, headers=token | {"Sec-Fetch-Site": "cross-site"}),
        ),
        "no session": (401, lambda: fresh(user).post(path, json=body, headers=token)),
    }


def here() -> dict[str, str]:
    return {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def fresh(user: Browser) -> Any:
    return user.client.application.test_client()


def test_a_replayed_post_does_nothing(signed_in: SIGNED_IN) -> None:
    user, other = signed_in("engineer"), signed_in("admin")
    for name, (status, send) in variants(user, other).items():
        assert send().status_code == status, name


def test_a_refused_post_of_a_user_is_audited(signed_in: SIGNED_IN, services: Services) -> None:
    user = signed_in("engineer")
    user.client.post("/_dash-update-component", json={})
    last = services.audit.entries()[-1]
    assert (last.actor, last.action, last.outcome) == ("engineer", "ask", "refused")
    assert last.object == "POST /_dash-update-component"


def test_what_is_nested_too_deep_to_be_read_is_refused(
    services: Services, signed_in: SIGNED_IN
) -> None:
    """It is no failure of the server."""
    user = signed_in("auditor")
    headers = {"X-CSRFToken": user.token(), "Content-Type": "application/json"}
    answer = user.client.post("/_dash-update-component", data=b"[" * 100_000, headers=headers)
    assert answer.status_code == 400
    assert services.audit.entries()[-1].outcome == "refused"


def test_what_fails_is_answered_also_while_nothing_can_be_audited(
    signed_in: SIGNED_IN, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same words; what is forged is still refused."""
    user = signed_in("engineer")
    token = user.token()

    def breaks(*_: Any) -> None:
        raise AuditError("disk full")

    monkeypatch.setattr(AuditLog, "append", breaks)
    monkeypatch.setattr("app.router.view", lambda *_: 1 / 0)
    for body in ({"output": "x.y"}, page_call("/")):
        headers = {"X-CSRFToken": token}
        answer = user.client.post("/_dash-update-component", json=body, headers=headers)
        assert answer.status_code in (500, 503)
        assert answer.get_json()["request_id"]


def test_a_session_that_has_ended_is_nobody(app: Dash, services: Services) -> None:
    for wait in (timedelta(hours=2, seconds=1), timedelta(hours=12, seconds=1)):
        with time_machine.travel(START, tick=False) as clock:
            user = Browser(app.server.test_client())
            user.sign_in("engineer")
            token = user.token()
            clock.shift(wait)
            body = page_call("/account")
            headers = {"X-CSRFToken": token}
            answer = user.client.post("/_dash-update-component", json=body, headers=headers)
            assert answer.status_code == 401


def test_what_no_page_would_send_is_refused_without_a_trace_and_audited(
    signed_in: SIGNED_IN, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """Callbacks that are not there, and one that is with other fields than it takes."""
    user, real = signed_in("engineer"), page_call("/")
    url, state = real["inputs"][0], real["state"]
    bodies: list[Any] = [
        {"output": "x.y"}, {}, [], "text", {"output": ["x"]},
        {"output": real["output"]}, real | {"outputs": "x"}, real | {"inputs": [url]},
        real | {"inputs": [url, url]}, real | {"inputs": {}}, real | {"inputs": ["x", "y"]},
        real | {"inputs": [[url], url]}, real | {"state": []}, real | {"state": None},
        real | {"state": [state[0] | {"id": "x"}]}, real | {"state": [state[0] | {"id": {}}]},
        real | {"changedPropIds": "x"}, real | {"changedPropIds": [None]},
    ]  # fmt: skip
    before = len(services.audit.entries())
    for body in bodies:
        assert user.call(body).status_code == 400, body
    headers = {"X-CSRFToken": user.token()}
    for text in ("{", "null", ""):
        answer = user.client.post(
            "/_dash-update-component", data=text, headers=headers, content_type="application/json"
        )
        assert answer.status_code == 400, text
    refused = services.audit.entries()[before:]
    assert [entry.outcome for entry in refused] == ["refused"] * (len(bodies) + 3)
    assert {entry.object for entry in refused} == {"POST /_dash-update-component"}
    assert "Traceback" not in caplog.text


def test_a_large_body_is_refused(signed_in: SIGNED_IN) -> None:
    user = signed_in("engineer")
    assert user.call(page_call("/" + "a" * 2**20)).status_code == 413


def test_what_developers_need_is_off(app: Dash, signed_in: SIGNED_IN, stranger: Browser) -> None:
    user = signed_in("admin")
    token = {"X-CSRFToken": user.token()}
    assert stranger.client.post("/_mcp").status_code == 405
    assert user.client.post("/_mcp", headers=token).status_code == 405
    assert user.client.get("/_reload-hash").status_code == 404
    assert user.client.get("/console").status_code == 404
    assert app.server.debug is False
    assert app._dev_tools.ui in (None, False)


def test_an_error_shows_no_trace_of_the_code(
    app: Dash, services: Services, signed_in: SIGNED_IN, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = signed_in("admin")
    token = user.token()

    def breaks(*_: Any) -> None:
        raise RuntimeError("secret-of-the-code")

    monkeypatch.setattr("app.router.view", breaks)
    headers = {"X-CSRFToken": token}
    answer = user.client.post("/_dash-update-component", json=page_call("/"), headers=headers)
    assert answer.status_code == 500
    assert "secret-of-the-code" not in answer.get_data(as_text=True)
    last = services.audit.entries()[-1]
    assert (last.actor, last.outcome, last.reason) == ("admin", "failed", "RuntimeError")
    assert answer.get_json()["request_id"] == last.request_id
