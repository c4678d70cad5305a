"""The shell in a real browser: sign-in, themes, keyboard, hostile names, the policy on scripts."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from app.services import Services
from lakehouse.settings import Settings
from tests.app.sample_lake import FleetPlan, write_lake
from tests.app.security.conftest import PASSWORD
from tests.browsing import served, sign_in

pytestmark = pytest.mark.browser
LINK = re.compile(r"^http://127\.0\.0\.1:\d+/sign-in\?token=[\w-]{43}$")
HOSTILE = '<img src=x onerror="window.PWN=1"><script>window.PWN=2</script>'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    """A dashboard over a fleet whose name is markup; yields its address and services."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    write_lake(settings.lake, (FleetPlan(), FleetPlan(HOSTILE, failed=3, in_service=2)))
    services = open_services(settings)
    services.users.add("ada", "admin", PASSWORD)
    with served(settings) as address:
        yield address, services


@pytest.fixture
def page(browser: Chromium, hostile: tuple[str, Services]) -> Iterator[Page]:
    """A signed-in page; fails the test on any refused script, dialog or foreign address."""
    context = browser.new_context(base_url=hostile[0], color_scheme="dark")
    found = context.new_page()
    trouble: list[str] = []
    found.on("dialog", lambda dialog: trouble.append(dialog.message))
    found.on("console", lambda line: trouble.append(line.text) if _serious(line) else None)
    found.on("request", lambda ask: _note_foreign(ask.url, hostile[0], trouble))
    sign_in(found)
    yield found
    context.close()
    assert not trouble


def _serious(line: Any) -> bool:
    return "Content Security Policy" in line.text or "Refused" in line.text


def _note_foreign(url: str, own: str, trouble: list[str]) -> None:
    if not url.startswith((own, "data:", "blob:")):
        trouble.append(url)


def test_sign_in_leads_to_the_page_that_was_asked_for(page: Page) -> None:
    expect(page).to_have_url("/account")
    expect(page).to_have_title("Account · Stillwater")


def test_a_click_after_the_session_ended_leads_to_sign_in_and_back_and_is_not_repeated(
    page: Page, hostile: tuple[str, Services]
) -> None:
    services = hostile[1]
    with services.users.database as database:
        database.execute("DELETE FROM sessions")
    before = len(services.audit.entries())
    page.click("text=Sign out elsewhere")
    page.wait_for_url("**/sign-in?next=**")
    sign_in(page, page.url)
    expect(page).to_have_url("/account")
    actions = [entry.action for entry in services.audit.entries()[before:]]
    assert actions == ["sign_in"]


def test_signing_out_is_two_clicks(page: Page) -> None:
    page.click(".user-menu button")
    page.click("text=Sign out >> visible=true")
    page.wait_for_url("**/sign-in")
    page.goto("/account")
    expect(page).to_have_url("/sign-in?next=/account")


def test_the_theme_follows_the_system_until_one_chooses_and_stays(page: Page) -> None:
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#shell-theme-button")
    expect(root).to_have_attribute("data-bs-theme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")


def test_the_keyboard_reaches_the_page_and_the_menu(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.focus(".user-menu button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Account")).to_be_hidden()


def test_going_to_another_page_tells_title_and_focus(page: Page) -> None:
    page.click("nav >> text=Runs")
    expect(page).to_have_title("Runs · Stillwater")
    expect(page.locator("main")).to_be_focused()
    page.go_back()
    expect(page).to_have_title("Account · Stillwater")


def test_hostile_names_stay_text(page: Page) -> None:
    fleet = quote(HOSTILE, safe="")
    for path in ("/", f"/?fleet={fleet}", f"/engine/{fleet}/test-001", f"/{fleet}", "/runs",
                 f"/runs?q={fleet}", f"/engine/FD001/{fleet}", "/runs/" + fleet):  # fmt: skip
        page.goto(path)
        page.wait_for_selector("main h1")
        assert page.evaluate("window.PWN") is None, path
        assert page.locator("main img[src='x']").count() == 0, path
    page.goto("/")
    page.click(".fleet-menu button")
    expect(page.get_by_role("link", name=HOSTILE, exact=True)).to_be_visible()
    assert page.evaluate("window.PWN") is None


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_page_of_the_shell_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/account", "/users", "/nowhere"):
        page.goto(path)
        page.wait_for_selector("main h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_an_administrator_adds_a_user_and_gets_the_link(page: Page, browser: Chromium) -> None:
    page.goto("/users")
    page.fill("#users-name", "grace")
    page.click("text=Add user")
    link = page.locator("#users-link")
    expect(link).to_have_value(LINK)
    address = link.input_value()
    context = browser.new_context()
    fresh = context.new_page()
    fresh.goto(address)
    fresh.click("text=Sign in with this link")
    fresh.wait_for_selector(".bar")
    expect(fresh.locator(".user-menu .chip")).to_have_text("grace")
    context.close()
