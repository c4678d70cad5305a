"""The factory: parts joined once, as often as one likes."""

from importlib.metadata import entry_points
from pathlib import Path

from dash import Dash

from app.factory import ASSETS, PAGES, create_app, open_services
from app.router import find
from lakehouse.settings import Settings
from tests.app.security.conftest import Browser

PASSWORD = "correct horse"


def dashboard(home: Path) -> Dash:
    settings = Settings(home=home)
    open_services(settings).users.add("ada", "engineer", PASSWORD)
    return create_app(settings)


def test_two_dashboards_in_one_process_both_work(tmp_path: Path) -> None:
    apps = [dashboard(tmp_path / "a"), dashboard(tmp_path / "b")]
    for app in apps:
        user = Browser(app.server.test_client())
        assert user.sign_in("ada", PASSWORD).status_code == 303
        assert "Password" in str(user.page("/account"))
    assert apps[0].callback_map.keys() == apps[1].callback_map.keys()


def test_a_session_of_one_home_is_worth_nothing_in_another(tmp_path: Path) -> None:
    here, there = dashboard(tmp_path / "a"), dashboard(tmp_path / "b")
    user = Browser(here.server.test_client())
    user.sign_in("ada", PASSWORD)
    cookie = user.client.get_cookie("stillwater_session")
    assert cookie
    thief = Browser(there.server.test_client())
    thief.client.set_cookie("stillwater_session", cookie.value)
    assert thief.client.get("/account").status_code == 302


def test_a_session_holds_in_every_process_of_a_home(tmp_path: Path) -> None:
    app = dashboard(tmp_path)
    user = Browser(app.server.test_client())
    user.sign_in("ada", PASSWORD)
    other = create_app(Settings(home=tmp_path)).server.test_client()
    for name in ("stillwater_session", "_csrf_token"):
        cookie = user.client.get_cookie(name)
        if cookie:
            other.set_cookie(name, cookie.value)
    assert other.get("/account").status_code == 200


def test_every_page_draws_on_an_empty_home(tmp_path: Path) -> None:
    user = Browser(dashboard(tmp_path).server.test_client())
    user.sign_in("ada", PASSWORD)
    for page in PAGES:
        path = page.PATH.replace("<", "x").replace(">", "")
        assert "cannot be drawn" not in str(user.page(path)), path
        assert "cannot be drawn" not in str(user.page(path, "?as_of=abc&fleet=%00&page=-1")), path


def test_no_two_pages_share_a_path_and_none_is_hidden() -> None:
    paths = [page.PATH for page in PAGES]
    assert len(set(paths)) == len(paths)
    for page in PAGES:
        assert find(PAGES, page.PATH.replace("<", "").replace(">", ""))[0] is page


def test_no_installed_package_hooks_into_dash() -> None:
    assert not list(entry_points(group="dash_hooks"))


def test_nothing_in_the_assets_asks_another_host() -> None:
    for file in ASSETS.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file.name
        assert "https://" not in text, file.name
