"""Fleet and engine page in a real browser: what a hand on mouse and keyboard does."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from lakehouse.settings import Settings
from tests.app.sample_lake import FleetPlan, write_lake
from tests.app.security.conftest import PASSWORD
from tests.browsing import served, signed_in_page

pytestmark = pytest.mark.browser
PANEL = "#engine-chosen .main-svg .scatterlayer .trace"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard over two fleets."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    write_lake(settings.lake, (FleetPlan(), FleetPlan("FD002", failed=3, in_service=2)))
    open_services(settings).users.add("ada", "operator", PASSWORD)
    with served(settings) as found:
        yield found


@pytest.fixture
def page(browser: Chromium, address: str) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in_page(browser, address) as found:
        yield found


def test_a_row_leads_to_its_engine_and_the_keys_to_the_next(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector(".fleet-table")
    names = page.locator(".c-engine").all_inner_texts()
    page.locator(".fleet-table tbody tr").first.locator(".c-window").click(force=True)
    expect(page.locator("h1")).to_have_text(names[0])
    page.wait_for_selector(PANEL)
    page.keyboard.press("j")
    expect(page.locator("h1")).to_have_text(names[1])
    page.keyboard.press("k")
    expect(page.locator("h1")).to_have_text(names[0])


def test_search_and_state_narrow_the_rows_and_stand_in_the_url(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector(".fleet-table")
    page.keyboard.press("/")
    page.keyboard.type("test-004")
    expect(page.locator(".fleet-table tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=test-004$"))
    page.fill("#fleet-search", "")
    page.select_option("#fleet-state", "failed")
    expect(page.locator(".fleet-table tbody tr")).to_have_count(8)
    expect(page).to_have_url(re.compile(r"\?state=failed$"))
    page.reload()
    expect(page.locator(".fleet-table tbody tr")).to_have_count(8)


def test_a_tap_on_a_sensor_adds_it_and_a_second_tap_takes_it_away(page: Page) -> None:
    page.goto("/engine/FD001/test-001?sensors=sensor_4,sensor_11")
    expect(page.locator(PANEL)).to_have_count(10)
    page.locator("[data-pick=sensor_2]").click()
    expect(page.locator(PANEL)).to_have_count(15)
    expect(page).to_have_url(re.compile("sensors=sensor_2,sensor_4,sensor_11$"))
    page.locator("[data-pick=sensor_4]").click()
    expect(page.locator(PANEL)).to_have_count(10)
    page.reload()
    expect(page.locator("[data-pick][aria-pressed=true]")).to_have_count(2)


def test_dragging_zooms_and_the_range_stands_in_the_url(page: Page) -> None:
    page.goto("/engine/FD001/test-001?sensors=sensor_4")
    page.wait_for_selector(PANEL)
    box = page.locator("#engine-chosen .nsewdrag").first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))


def test_values_switch_between_raw_and_normalised(page: Page) -> None:
    page.goto("/engine/FD001/test-001")
    page.wait_for_selector(PANEL)
    page.locator("[data-norm=norm]").click()
    expect(page.locator("[data-pick=sensor_4] .value")).to_contain_text("σ")
    expect(page).to_have_url(re.compile("norm=norm"))
    page.locator("[data-norm=raw]").click()
    expect(page.locator("[data-pick=sensor_4] .value")).to_contain_text("°R")


@pytest.mark.parametrize("path", ["/", "/?state=failed", "/engine/FD001/test-002"])
def test_nothing_scrolls_sideways_on_a_narrow_screen(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(path)
    page.wait_for_selector(PANEL if "engine" in path else ".fleet-table")
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over == 0


def test_what_the_page_fetches_ahead_is_what_dash_asks_for(page: Page) -> None:
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(f"{answer.status} {answer.url}"))
    page.goto("/engine/FD001/test-001")
    page.wait_for_selector(PANEL)
    ahead = page.eval_on_selector_all("link[rel=preload]", "all => all.map(one => one.href)")
    assert len(ahead) == 2
    for url in ahead:
        # Asked for once: a second time would mean that Dash has it under another name.
        assert len([line for line in asked if line.endswith(url)]) == 1
        assert f"200 {url}" in asked
    assert sum("plotly.min.js" in line for line in asked) == 1
