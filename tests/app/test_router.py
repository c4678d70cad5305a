"""The router: a URL is a page, or a sentence that says why not."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, html
from dash.development.base_component import Component
from hypothesis import given, settings
from hypothesis import strategies as st

from app.factory import create_app, open_services
from app.pages import PageRequest
from app.router import find, query_of
from app.services import Services
from lakehouse.settings import Settings
from tests.app.security.conftest import Browser


class FakePage:
    """A page that shows what it was asked."""

    TITLE = "Fake"

    def __init__(self, path: str, nav: str | None = None, fails: Exception | None = None) -> None:
        self.PATH = path
        self.NAV = nav
        self.fails = fails

    def layout(self, services: Services, request: PageRequest) -> Component:
        if self.fails:
            raise self.fails
        assert services.lake
        return html.P(f"{dict(request.path)} {dict(request.query)} {request.user} {request.role}")

    def register(self, app: Dash, services: Services) -> None:
        pass


PAGES = (
    FakePage("/", "Fleet"),
    FakePage("/engine/<fleet>/<engine>"),
    FakePage("/runs", "Runs"),
    FakePage("/runs/<run>"),
    FakePage("/broken", fails=RuntimeError("inner secret")),
    FakePage("/gone", fails=LookupError("nothing")),
)


def browser(home: Path) -> Browser:
    settings = Settings(home=home)
    open_services(settings).users.add("ada", "engineer", "correct horse")
    one = Browser(create_app(settings, PAGES).server.test_client())
    assert one.sign_in("ada").status_code == 303
    return one


@pytest.mark.parametrize(
    ("path", "template", "variables"),
    [
        ("/", "/", {}),
        ("", "/", {}),
        ("/runs", "/runs", {}),
        ("/runs/", "/runs", {}),
        ("/runs/r-1", "/runs/<run>", {"run": "r-1"}),
        ("/engine/F/a%20b%2Fc", "/engine/<fleet>/<engine>", {"fleet": "F", "engine": "a b/c"}),
        ("/engine/../..", "/engine/<fleet>/<engine>", {"fleet": "..", "engine": ".."}),
        ("/engine/FD001", None, {}),
        ("/engine/FD001/%00", None, {}),
        ("/engine//x", None, {}),
        ("/Runs", None, {}),
    ],
)  # fmt: skip
def test_a_path_names_one_page(
    path: str, template: str | None, variables: Mapping[str, str]
) -> None:
    page, found = find(PAGES, path)
    assert (page.PATH if page else None) == template
    assert found == variables


@settings(deadline=None)
@given(path=st.text(), search=st.text())
def test_no_url_breaks_the_router(path: str, search: str) -> None:
    find(PAGES, path)
    assert isinstance(query_of(search), dict)


def test_a_page_gets_its_request(tmp_path: Path) -> None:
    drawn = browser(tmp_path).page("/runs/r-1", "?a=1&a=2&b=x%20y")
    assert drawn["props"]["children"] == "{'run': 'r-1'} {'a': '2', 'b': 'x y'} ada engineer"


def test_a_page_that_breaks_says_so_without_its_secrets(tmp_path: Path) -> None:
    user = browser(tmp_path)
    for path in ("/broken", "/gone"):
        text = str(user.page(path))
        assert "cannot be drawn" in text
        assert "inner secret" not in text


def test_a_snapshot_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "There is no snapshot 99." in str(browser(tmp_path).page("/", "?as_of=99"))


def test_a_time_in_an_address_is_the_snapshot_of_then(tmp_path: Path, small_lake: Path) -> None:
    """Links of the page carry its number; what is neither number nor time is said, not ignored."""
    shutil.copytree(small_lake, tmp_path / "lake")
    user = browser(tmp_path)
    assert nav_of(user.open("/", "?as_of=2999-01-01T00:00:00Z"))[1][0].startswith("/runs?as_of=")
    assert "no snapshot yet at 2000-01-01" in str(user.page("/", "?as_of=2000-01-01T00:00:00Z"))
    assert "is neither a snapshot" in str(user.page("/", "?as_of=abc"))


def test_what_was_let_go_since_is_said_with_its_versions(tmp_path: Path, small_lake: Path) -> None:
    """The page of an old snapshot cannot be drawn; that of now still can be."""
    shutil.copytree(small_lake, tmp_path / "lake")
    user = browser(tmp_path)
    assert "cannot be drawn" in str(user.page("/broken", "?as_of=1"))
    for file in (tmp_path / "lake" / "gold" / "engine_status").rglob("*.parquet"):
        file.unlink()
    then = str(user.page("/broken", "?as_of=1"))
    assert "What was shown here at snapshot 1 is no longer kept." in then
    assert "gold/engine_status v" in then
    assert "cannot be drawn" in str(user.page("/broken"))


def nav_of(answer: Any) -> list[tuple[str, bool]]:
    links = answer.get_json()["response"]["shell-nav"]["children"]
    return [(link["props"]["href"], "active" in link["props"]["className"]) for link in links]


def test_the_navigation_marks_the_page_and_keeps_the_snapshot(tmp_path: Path) -> None:
    user = browser(tmp_path)
    assert nav_of(user.open("/")) == [("/", True), ("/runs", False)]
    assert nav_of(user.open("/runs/r-1")) == [("/", False), ("/runs", True)]
    assert nav_of(user.open("/engine/FD001/e", "?as_of=0")) == [
        ("/?as_of=0&fleet=FD001", True),
        ("/runs?as_of=0", False),
    ]
    assert nav_of(user.open("/nowhere")) == [("/", False), ("/runs", False)]


def test_a_lake_that_cannot_be_read_is_said_on_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = browser(tmp_path)

    def breaks(*_: Any) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(Services, "pinned", breaks)
    answer = user.open("/runs").get_json()["response"]
    assert "The lake cannot be read" in str(answer["shell-stamp"])
    assert "Fake" in answer["shell-title"]["data"]


def test_a_snapshot_whose_tables_were_let_go_is_still_named(
    tmp_path: Path, small_lake: Path
) -> None:
    shutil.copytree(small_lake, tmp_path / "lake")
    for file in (tmp_path / "lake" / "gold" / "engine_status").rglob("*.parquet"):
        file.unlink()
    user = browser(tmp_path)
    then = str(user.open("/runs", "?as_of=1").get_json()["response"]["shell-stamp"])
    assert "snapshot 1" in then
    assert "cannot be read" not in then
    now = str(user.open("/runs").get_json()["response"]["shell-stamp"])
    assert "The lake cannot be read" in now
