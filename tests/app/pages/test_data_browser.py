"""Statistics, schema and drift page in a real browser, over a home that has lived."""

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
from tests.app.taught_home import TaughtHome
from tests.browsing import served, signed_in_page
from tests.pipeline.command import stillwater

pytestmark = pytest.mark.browser
PLOT = ".cmp-detail .main-svg"
PAGES = ("/quality/statistics", "/quality/schema", "/quality/drift")


@pytest.fixture(scope="module")
def own_home(taught_home: TaughtHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home, for decisions."""
    return Path(shutil.copytree(taught_home.path, tmp_path_factory.mktemp("own") / "var"))


@pytest.fixture(scope="module")
def address(own_home: Path) -> Iterator[str]:
    """The dashboard over it."""
    settings = Settings(home=own_home)
    open_services(settings).users.add("ada", "engineer", PASSWORD)
    with served(settings) as found:
        yield found


@pytest.fixture
def page(browser: Chromium, address: str) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in_page(browser, address) as found:
        yield found


def test_a_column_opens_to_its_figure_by_hand_and_by_key(page: Page) -> None:
    """The first one is open; others follow, and what is drawn once stays."""
    page.goto(PAGES[0])
    expect(page.locator(PLOT).first).to_be_visible()
    second = page.locator(".cmp details").nth(1)
    second.locator("summary").click()
    expect(second.locator(".main-svg").first).to_be_visible()
    third = page.locator(".cmp details").nth(2)
    third.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(third.locator(".main-svg").first).to_be_visible()
    second.locator("summary").click()
    expect(second.locator(".cmp-detail")).to_be_hidden()
    second.locator("summary").click()
    expect(second.locator(".main-svg").first).to_be_visible()


def test_a_choice_stands_in_the_url_and_back_leads_back(page: Page) -> None:
    page.goto(PAGES[0])
    page.wait_for_selector(".cmp")
    page.select_option("#statistics-sort", "name")
    expect(page).to_have_url(re.compile("sort=name"))
    expect(page.locator(".cmp summary strong").first).to_have_text("cycle")
    page.get_by_role("link", name="⇄ Swap").click()
    expect(page.locator(".cmp-side h2").first).to_have_text("odd.csv")
    page.go_back()
    expect(page.locator(".cmp-side h2").first).to_have_text("training of silver v1")


def test_drift_opens_both_tables_and_another_delivery(page: Page) -> None:
    page.goto(PAGES[2])
    expect(page.locator(PLOT).first).to_be_visible()
    expect(page.locator(".cmp")).to_have_count(2)
    last = page.locator("#drift-delivery option").last.get_attribute("value")
    page.select_option("#drift-delivery", last)
    expect(page).to_have_url(re.compile(f"delivery={last}"))
    expect(page.locator(".cmp").first).to_be_visible()


def test_a_theme_draws_everything_again(page: Page) -> None:
    page.goto(PAGES[2])
    picture = page.locator(".cmp-thumb").first
    before = picture.get_attribute("src")
    page.click("#shell-theme-button")
    expect(page.locator(".cmp-thumb").first).not_to_have_attribute("src", before or "")
    expect(page.locator(PLOT).first).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_narrow_screen(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(path)
    page.wait_for_selector(".cmp, .schema-grid")
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over == 0


def test_a_proposal_is_accepted_and_holds(page: Page, own_home: Path) -> None:
    """The last of these tests: the home has another schema afterwards."""
    page.goto(PAGES[1])
    proposal = page.locator(".schema-proposal")
    name = proposal.locator("code").first.inner_text()
    proposal.get_by_role("button", name="Accept").click()
    expect(proposal.locator(".quality-refused")).to_contain_text("Give a reason")
    proposal.locator("textarea").fill("sensor 7 is known to drop out")
    proposal.get_by_role("button", name="Accept").click()
    expect(proposal.locator(".quality-done")).to_be_visible()
    run = (proposal.locator(".quality-done a").get_attribute("href") or "").rpartition("/")[2]
    waited = stillwater(own_home, "run", "wait", run, timeout=300)
    assert waited.returncode == 0, waited.stderr[-2000:]
    page.goto(PAGES[1])
    expect(page.locator(".schema-proposal")).to_have_count(0)
    expect(page.get_by_role("heading", name=re.compile("In force:"))).to_contain_text(name)
    expect(page.locator("main")).to_contain_text("sensor 7 is known to drop out")
