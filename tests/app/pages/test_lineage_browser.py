"""The lineage page in a real browser: from a fleet row to the delivered file and forward again."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD
from tests.app.taught_home import ODD, TaughtHome
from tests.browsing import served, signed_in_page
from tests.lakehouse.lineage.stores import chain

pytestmark = pytest.mark.browser
GRAPH = "#lineage-graph canvas"
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PLACE = """
(label) => {
  const box = document.getElementById("lineage-graph"), cy = box._cyreg.cy;
  const node = cy.nodes().filter((one) => one.data("label").split("\\n")[0] === label)[0];
  const at = node.renderedPosition(), corner = box.getBoundingClientRect();
  return [corner.x + at.x, corner.y + at.y];
}
"""
SEEN = """
() => {
  const box = document.getElementById("lineage-graph"), cy = box._cyreg.cy;
  const at = cy.nodes(".start").last().renderedPosition();
  return at.x > 0 && at.y > 0 && at.x < box.clientWidth && at.y < box.clientHeight;
}
"""


@pytest.fixture(scope="module")
def address(taught_home: TaughtHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard over a copy of a home that has lived, with a store of others in it."""
    home = Path(shutil.copytree(taught_home.path, tmp_path_factory.mktemp("own") / "var"))
    settings = Settings(home=home)
    settings.stores.mkdir(parents=True, exist_ok=True)
    chain(settings.stores / "chain.db")
    open_services(settings).users.add("ada", "auditor", PASSWORD)
    with served(settings) as found:
        yield found


@pytest.fixture(scope="module")
def page(browser: Chromium, address: str) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in_page(browser, address) as found:
        yield found


def tap(page: Page, label: str) -> None:
    """A click on a node of the picture, once it has its place."""
    page.wait_for_function(SEEN)
    page.locator(".lin-graph").scroll_into_view_if_needed()
    page.mouse.click(*page.evaluate(PLACE, label))


def test_from_a_fleet_row_to_the_delivered_file_and_forward_to_all_that_it_touched(
    page: Page, taught_home: TaughtHome
) -> None:
    """The file's hash is shown on the way, and every prediction that it touched at the end."""
    engine = "late-1"
    page.goto("/?q=late-1")
    page.get_by_role("link", name=engine, exact=True).first.click()
    expect(page.locator("h1")).to_have_text(engine)
    page.locator(".engine-head .stamp-line").get_by_role("link", name="lineage").click()
    expect(page.locator("h1")).to_have_text(re.compile(f"Prediction SIM/{engine}@"))
    prediction = page.locator("h1").inner_text().removeprefix("Prediction ")
    sha256 = taught_home.odd["deliveries"][0]["sha256"]
    expect(page.locator(".lin-sources")).to_contain_text(sha256)
    expect(page.locator(GRAPH).first).to_be_visible()
    page.locator(".lin-sources").get_by_role("link", name=ODD).click()
    expect(page.locator("h1")).to_have_text(f"Delivery {ODD}")
    expect(page.locator(".lin-details")).to_contain_text(sha256)
    said = page.locator(".lin-touched tbody tr")
    count = int(page.locator(".kpi-value").first.inner_text())
    expect(said).to_have_count(count)
    page.locator(".lin-touched").get_by_role("link", name=prediction, exact=True).click()
    expect(page.locator("h1")).to_have_text(f"Prediction {prediction}")


def test_a_click_on_the_picture_leads_to_the_node_and_back(page: Page) -> None:
    page.goto("/lineage?of=silver/readings@3")
    expect(page.locator("h1")).to_have_text("silver/readings v3")
    tap(page, "BulkInferrer")
    expect(page.locator("h1")).to_have_text(re.compile("^BulkInferrer of ingest-"))
    expect(page.locator(".lin-details")).to_contain_text("who asked")
    page.go_back()
    expect(page.locator("h1")).to_have_text("silver/readings v3")
    page.get_by_role("link", name="runs", exact=True).click()
    expect(page).to_have_url(re.compile("runs=1"))
    expect(page.locator(".lin-table")).to_contain_text("ingest-")


def test_the_table_is_sorted_by_key_and_files_are_downloaded(page: Page) -> None:
    page.goto("/lineage?of=silver/readings@3")
    head = page.get_by_role("link", name="Name", exact=True)
    head.focus()
    page.keyboard.press("Enter")
    expect(page.locator('th[aria-sort="ascending"]')).to_contain_text("Name")
    with page.expect_download() as started:
        page.get_by_role("link", name="OpenLineage").click()
    text = Path(started.value.path()).read_text()
    assert text.startswith('{"eventTime"') and started.value.suggested_filename.endswith(".jsonl")


def test_a_store_of_others_and_a_start_that_is_written(page: Page) -> None:
    page.goto("/lineage")
    page.get_by_role("link", name="chain.db").click()
    expect(page.locator("h1")).to_have_text("chain.db")
    expect(page.locator(GRAPH).first).to_be_visible()
    page.get_by_label("Start").fill("m-2")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("m-2")
    expect(page).to_have_url(re.compile("store=chain.db"))
    tap(page, "m-2")
    expect(page.locator("h1")).to_have_text("m-2")


def test_on_a_phone_the_tables_come_first_and_nothing_scrolls_sideways(
    page: Page, taught_home: TaughtHome
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/lineage?of={taught_home.trained['model_id']}")
    expect(page.locator(GRAPH).first).to_be_visible()
    page.wait_for_function(SEEN)
    assert page.evaluate(OVER) == 0
    table, graph = (page.locator(part).bounding_box() for part in (".lin-same", ".lin-graph"))
    assert table is not None and graph is not None and table["y"] < graph["y"]
    before = page.evaluate(
        'document.getElementById("lineage-graph")._cyreg.cy.nodes()[0].style("color")'
    )
    page.get_by_role("button", name="Change between light and dark").click()
    page.wait_for_function(
        "(before) => document.getElementById('lineage-graph')._cyreg.cy.nodes()[0]"
        ".style('color') !== before",
        arg=before,
    )
    page.set_viewport_size({"width": 1280, "height": 1000})
