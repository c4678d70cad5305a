"""A dashboard on an empty home, with one user a role, and browsers that are signed in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from app.factory import create_app, open_services
from app.services import Services
from lakehouse.settings import Settings
from lakehouse.users import ROLES

PASSWORD = "correct horse"
# Worked out once: it takes long on purpose.
HASH = generate_password_hash(PASSWORD)


@dataclass
class Browser:
    """A test client that keeps cookies and knows how to send a CSRF token."""

    client: FlaskClient

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
        fields = {"csrf_token": self.form_token(), "name": name, "password": password, **more}
        return self.client.post("/sign-in", data=fields)

    def form_token(self, path: str = "/sign-in") -> str:
        page = self.client.get(path).get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return found[1] if found else self.token()

    def token(self) -> str:
        """What Dash's renderer reads from its cookie."""
        self.client.get("/")
        cookie = self.client.get_cookie("_csrf_token")
        return cookie.value if cookie else ""

    def call(self, body: Any, **headers: str) -> TestResponse:
        """Post to Dash as its renderer does."""
        headers = {"X-CSRFToken": self.token(), **headers}
        return self.client.post("/_dash-update-component", json=body, headers=headers)

    def open(self, path: str, search: str = "") -> TestResponse:
        """Let the router draw a page."""
        return self.call(page_call(path, search))

    def page(self, path: str, search: str = "") -> Any:
        """The drawn page as JSON."""
        return self.open(path, search).get_json()["response"]["page"]["children"]


def page_call(path: str, search: str = "") -> dict[str, Any]:
    """The body of the router's callback."""
    output = (
        "..shell-nav.children...shell-stamp.children...shell-banner.children"
        "...page.children...shell-title.data.."
    )
    outputs = [part.split(".") for part in output.strip(".").split("...")]
    return {
        "output": output,
        "outputs": [{"id": name, "property": prop} for name, prop in outputs],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": search},
        ],
        "state": [{"id": "theme", "property": "data", "value": "light"}],
        "changedPropIds": ["url.pathname"],
    }


@pytest.fixture
def services(settings: Settings) -> Services:
    """What the dashboard uses, seen from outside of it."""
    found = open_services(settings)
    for role in ROLES:
        found.users.add(role, role)
    with found.users.database as database:
        database.execute("UPDATE users SET password = ?", (HASH,))
    return found


@pytest.fixture
def app(services: Services) -> Dash:
    return create_app(services.settings)


@pytest.fixture
def stranger(app: Dash) -> Browser:
    return Browser(app.server.test_client())


@pytest.fixture
def signed_in(app: Dash) -> Callable[[str], Browser]:
    """A browser that is signed in with a role."""

    def browser(role: str) -> Browser:
        one = Browser(app.server.test_client())
        assert one.sign_in(role).status_code == 303
        return one

    return browser
