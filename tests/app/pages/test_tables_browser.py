"""The tables pages in a real browser: from an engine to the version behind it, and back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.app.security.conftest import PASSWORD
from tests.app.table_home import ENGINE, PLAN, SILVER, STATUS, make_table_home, publish
from tests.browsing import served, signed_in_page

pytestmark = pytest.mark.browser
ROWS = ".tbl-changed-rows tbody tr"
DRAWN = "#table-timeline .scatterlayer .trace"
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PATHS = {
    "/tables": ".tbl-entry",
    "/tables/retention": ".tbl-model",
    f"/tables/{SILVER}": DRAWN,
    f"/tables/{SILVER}/diff": ".cmp-detail .main-svg",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard over tables with a history."""
    services = make_table_home(tmp_path_factory.mktemp("home"))
    publish(services, "m-1", STATUS, 1)
    publish(services, "m-2", SILVER, 2)
    services.users.add("ada", "operator", PASSWORD)
    with served(services.settings) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Chromium, address: str) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in_page(browser, address) as found:
        yield found


def test_from_a_fleet_row_to_the_version_behind_it_its_diff_and_back(page: Page) -> None:
    """Row, engine, silver version, what changed in it, the engine that changed, and back."""
    page.goto("/")
    page.get_by_role("link", name=ENGINE, exact=True).click()
    stamp = page.locator(".engine-head .stamp-line")
    expect(stamp).to_contain_text("silver v2")
    stamp.get_by_role("link", name="v2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SILVER)
    rows = page.get_by_role("heading", name=f"Rows of v2: engine {PLAN.name}/{ENGINE}")
    expect(rows).to_be_visible()
    expect(page.locator(DRAWN).first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name=f"Save version 2 of {SILVER} as CSV").click()
    assert saved.value.suggested_filename == "silver-readings-v2.csv"
    page.get_by_role("link", name="What changed since v1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{SILVER} v1 → v2")
    expect(page.locator(ROWS).first).to_contain_text("+12.5")
    page.get_by_role("link", name="Show all engines").click()
    expect(page).to_have_url(re.compile(r"from=1&to=2$"))
    touched = page.locator(".tbl-engines li")
    expect(touched).to_have_count(1)
    touched.get_by_role("link", name=ENGINE, exact=True).click()
    expect(page).to_have_url(re.compile(f"/engine/{PLAN.name}/{ENGINE}$"))
    expect(page.locator("h1")).to_have_text(ENGINE)
    page.go_back()
    expect(page.locator(ROWS).first).to_contain_text("sensor_4")


def test_a_version_is_chosen_in_the_fields_and_on_the_chart(page: Page) -> None:
    """And the column that moved most opens to its figure."""
    page.goto(f"/tables/{SILVER}/diff")
    expect(page.locator(".cmp-detail .main-svg").first).to_be_visible()
    expect(page.locator(".cmp summary strong").first).to_have_text("sensor_4")
    page.get_by_label("From version").fill("0")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"from=0&to=2$"))
    expect(page.get_by_role("heading", name="Rows added")).to_be_visible()
    page.get_by_role("link", name="v2", exact=True).click()
    page.locator("#table-timeline .scatterlayer .trace .point").nth(1).click(force=True)
    expect(page).to_have_url(re.compile(r"/readings\?version=1$"))
    expect(page.locator("tr.tbl-chosen")).to_contain_text("v1")


def test_a_version_that_is_gone_names_the_model_and_what_can_be_read(page: Page) -> None:
    page.goto("/tables")
    expect(page.locator(".tbl-lost")).to_contain_text("m-1 lost its training data")
    page.get_by_role("link", name="Until when training data can be read").click()
    expect(page.locator("tr.tbl-lost-row")).to_have_count(1)
    page.locator("tr.tbl-lost-row").get_by_role("link", name="v1").click()
    expect(page.locator(".notice.tbl-lost")).to_contain_text("Readable: v2 to v3, v0.")
    expect(page.locator("tr.tbl-lost-row")).to_contain_text("▲ lost")
    expect(page.locator(".tbl-scroll")).to_have_count(0)


def test_the_columns_of_a_table_open_by_key(page: Page) -> None:
    page.goto("/tables")
    entry = page.locator(".tbl-entry:has(strong a[href$='silver/readings'])")
    expect(entry.locator(".tbl-body")).to_be_hidden()
    entry.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(entry.locator(".tbl-body")).to_contain_text("LPT outlet temperature")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways_in_light_and_in_dark(page: Page, path: str, width: int) -> None:
    """The theme changes while the page is seen; figures are drawn anew."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    for _theme in ("as it is", "the other one"):
        expect(page.locator(PATHS[path]).first).to_be_visible()
        assert page.evaluate(OVER) == 0
        page.click("#shell-theme-button")
