"""A correction from the form to the chart, in a real browser over a home that has lived."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD
from tests.app.taught_home import FLEET, TaughtHome
from tests.browsing import served, signed_in_page
from tests.pipeline.command import document, stillwater

pytestmark = pytest.mark.browser
PANEL = "#engine-chosen .main-svg .scatterlayer .trace"


@pytest.fixture(scope="module")
def own_home(taught_home: TaughtHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home, to be corrected."""
    return Path(shutil.copytree(taught_home.path, tmp_path_factory.mktemp("own") / "var"))


@pytest.fixture(scope="module")
def address(own_home: Path) -> Iterator[str]:
    """The dashboard over it."""
    settings = Settings(home=own_home)
    open_services(settings).users.add("ada", "engineer", PASSWORD)
    open_services(settings).users.add("olga", "operator", PASSWORD)
    with served(settings) as address:
        yield address


@pytest.fixture(scope="module")
def opened(browser: Chromium, address: str) -> Iterator[dict[str, Page]]:
    """A page each, signed in."""
    with ExitStack() as open_pages:
        yield {
            name: open_pages.enter_context(signed_in_page(browser, address, name=name))
            for name in ("ada", "olga")
        }


def test_a_value_is_corrected_and_the_page_says_so(opened: dict[str, Page], own_home: Path) -> None:
    """The engineer sees what it reads, corrects it, and follows the run; the operator sees it."""
    ready = [row for row in document(own_home, "engines") if row["state"] == "in_service"]
    engine = ready[0]["engine"]
    path = f"/engine/{FLEET}/{engine}?sensors=sensor_4"
    operator, page = opened["olga"], opened["ada"]
    operator.goto(path)
    expect(operator.locator(PANEL).first).to_be_visible()
    expect(operator.get_by_role("button", name="Correct data…")).to_have_count(0)
    expect(operator.locator("#engine-correct-send")).to_have_count(0)

    page.goto(path)
    page.get_by_role("button", name="Correct data…").click()
    dialog = page.locator(".modal.show")
    dialog.locator("select").nth(1).select_option("sensor_4")
    now = dialog.locator("#engine-correct-now")
    expect(now).to_contain_text("Now T50 reads")
    before = now.inner_text().split()[3]
    dialog.locator("select").first.select_option("withdraw")
    expect(now).to_be_hidden()
    dialog.locator("select").first.select_option("correct")
    dialog.get_by_label("New value").fill("1234.5")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.locator(".report-refused")).to_contain_text("Give a reason")
    dialog.get_by_label("Reason").fill("thermocouple was swapped")
    dialog.get_by_role("button", name="Send").click()
    link = dialog.locator(".report-done a")
    expect(link).to_be_visible()
    run = (link.get_attribute("href") or "").rpartition("/")[2]
    waited = stillwater(own_home, "run", "wait", run, timeout=300)
    assert waited.returncode == 0, waited.stderr[-2000:]

    operator.goto(path)
    card = operator.locator(".findings", has_text="thermocouple was swapped")
    expect(card).to_contain_text(f"{before} → 1234.5 °R")
    expect(operator.locator(".legend")).to_contain_text("its rows were corrected since")
    drawn = "id => document.getElementById(id).querySelector('.js-plotly-plot').data"
    expect(operator.locator(PANEL).first).to_be_visible()
    figure = str(operator.evaluate(drawn, "engine-chosen"))
    assert "1234.5" in figure
    assert "✎ T50 at cycle" in figure
    said = str(operator.evaluate(drawn, "engine-track"))
    assert "outdated by c-" in said
    operator.goto(f"/runs/{run}")
    expect(operator.locator("main")).to_contain_text("BulkInferrer")
    expect(operator.locator(".run-verdict")).to_contain_text(f"{FLEET}/{engine}")
