"""The audit page in a real browser: filters, pages, files, and a log that is not whole."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from app.services import Services
from lakehouse.audit import Event, Outcome
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD
from tests.browsing import served, signed_in_page

pytestmark = pytest.mark.browser
LONG = {"fleet": "FD001", "cycle": 31, "changes": {"sensor_2": {"old": 641.8, "new": 642.1}}}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    """A dashboard with a log of two pages."""
    services = open_services(Settings(home=tmp_path_factory.mktemp("home")))
    services.users.add("ada", "auditor", PASSWORD)
    for number in range(60):
        outcome: Outcome = "refused" if number % 7 == 0 else "allowed"
        event = Event("bob", "engineer", "correct", f"FD001/test-{number:03}", outcome)
        services.audit.append(event)
    words = ("bob", "engineer", "limit", "FD001/sensor_2")
    why = "known to drop out"
    changed: dict[str, Any] = {"before": {"high": 642}, "after": {"high": 643}}
    services.audit.append(Event(*words, "allowed", why, "r" * 16, **changed))
    services.audit.append(Event("bob", "engineer", "queue", "correct-1", after=LONG))
    with served(services.settings) as address:
        yield address, services


@pytest.fixture
def page(browser: Chromium, lived: tuple[str, Services]) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in_page(browser, lived[0], "/audit") as found:
        yield found


def test_an_auditor_finds_an_entry_and_takes_the_log_along(page: Page) -> None:
    """From the header to the filter, the values and the file, all by clicks."""
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("#audit-proof")).to_contain_text("entries, whole.")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Older →").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(rows).not_to_have_count(50)
    page.get_by_label("Action").select_option("queue")
    expect(page).to_have_url("/audit?action=queue")
    expect(rows).to_have_count(1)
    rows.locator("summary").click()
    expect(rows).to_contain_text("changes.sensor_2.new")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"audit-\d{8}T\d{6}Z\.csv", download.value.suggested_filename)
    assert "correct-1" in download.value.path().read_text()
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(50)
    page.get_by_label("Object contains").fill("SENSOR_2")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("642 → 643")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_narrow_screen(
    page: Page, theme: str, lived: tuple[str, Services]
) -> None:
    """Also when the log is not whole, which is said first."""
    file = lived[1].settings.audit / "audit.jsonl"
    whole = file.read_bytes()
    page.context.add_cookies([{"name": "theme", "value": theme, "url": lived[0]}])
    file.write_bytes(whole.replace(b"test-057", b"test-999"))
    try:
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto("/audit")
        expect(page.locator("#audit-proof")).to_contain_text("The log is not whole: entry 58")
        expect(page.locator(".audit-unproven").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.set_viewport_size({"width": 1280, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    finally:
        file.write_bytes(whole)
