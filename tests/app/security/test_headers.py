"""Headers: on every answer, also on errors and redirects."""

import re
from collections.abc import Callable

import pytest
from dash import Dash

from app.factory import create_app, open_services
from lakehouse.settings import Settings, WebSettings
from tests.app.security.conftest import Browser
from tests.app.security.test_guard import routes

SIGNED_IN = Callable[[str], Browser]


def test_every_answer_carries_them(app: Dash, signed_in: SIGNED_IN, stranger: Browser) -> None:
    for browser in (stranger, signed_in("admin")):
        for _, method, path in routes(app):
            headers = browser.client.open(path, method=method).headers
            policy = headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "object-src 'none'" in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            private = "no-store" in headers["Cache-Control"]
            assert ("Cookie" in headers["Vary"]) is private, (method, path)
            assert "Strict-Transport-Security" not in headers


def test_no_script_runs_but_those_of_the_page(app: Dash, signed_in: SIGNED_IN) -> None:
    answer = signed_in("admin").client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    scripts = re.search(r"script-src ([^;]+)", policy)
    assert scripts
    assert set(app.csp_hashes()) <= set(scripts[1].split())
    assert "unsafe-inline" not in scripts[1]
    assert "unsafe-eval" not in policy


def test_nothing_comes_from_another_host(signed_in: SIGNED_IN) -> None:
    page = signed_in("admin").client.get("/").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) > 5
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/_dash-dependencies", "/sign-in"])
def test_private_answers_are_kept_nowhere(signed_in: SIGNED_IN, path: str) -> None:
    assert signed_in("admin").client.get(path).headers["Cache-Control"] == "no-store"


def test_library_files_are_kept_by_the_browser_alone(signed_in: SIGNED_IN) -> None:
    user = signed_in("admin")
    page = user.client.get("/").get_data(as_text=True)
    library = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page)[0]
    kept = user.client.get(library).headers["Cache-Control"]
    assert "private" in kept
    assert "max-age" in kept
    own = re.findall(r'src="(/assets/shell.js\?m=[^"]+)"', page)[0]
    assert "max-age" in user.client.get(own).headers["Cache-Control"]
    assert "max-age" not in user.client.get("/assets/shell.js").headers["Cache-Control"]


def test_behind_tls_cookies_and_browsers_stay_on_tls(settings: Settings) -> None:
    web = WebSettings.model_validate({"behind_tls": True})
    secure = settings.model_copy(update={"web": web})
    open_services(secure).users.add("ada", "engineer", "correct horse")
    browser = Browser(create_app(secure).server.test_client())
    browser.client.environ_base["wsgi.url_scheme"] = "https"
    answer = browser.sign_in("ada")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
