"""A model promoted and rolled back by its forms, in a real browser over a home that has lived."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect

from app.factory import open_services
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD
from tests.app.taught_home import FLEET, TaughtHome
from tests.browsing import served, signed_in_page
from tests.pipeline.command import document, stillwater

pytestmark = pytest.mark.browser
WORSE = ("--set", "rounds=10", "--set", "averaged=1")
ROLES = {"ada": "engineer", "olga": "operator", "otto": "auditor"}


@pytest.fixture(scope="module")
def own_home(taught_home: TaughtHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home with a second model, which the gate refused."""
    home = Path(shutil.copytree(taught_home.path, tmp_path_factory.mktemp("own") / "var"))
    assert not document(home, "retrain", *WORSE)["pushed"]
    return home


@pytest.fixture(scope="module")
def opened(own_home: Path, browser: Chromium) -> Iterator[dict[str, Page]]:
    """A page each, signed in; fails on any error of the browser, refused scripts among them."""
    settings = Settings(home=own_home)
    for name, role in ROLES.items():
        open_services(settings).users.add(name, role, PASSWORD)
    with served(settings) as address, ExitStack() as open_pages:
        yield {
            name: open_pages.enter_context(signed_in_page(browser, address, name=name))
            for name in ROLES
        }


def test_an_engineer_promotes_a_refused_model_and_rolls_back(
    opened: dict[str, Page], own_home: Path
) -> None:
    """From the list to the form; fleet page and timeline say what serves, who said so and why."""
    models = document(own_home, "models")
    new, old = models[-1]["model_id"], models[0]["model_id"]
    page, operator = opened["ada"], opened["olga"]
    page.goto("/")
    page.get_by_role("link", name="Models").click()
    page.locator(".runs-table").last.get_by_role("link", name=new).click()
    expect(page.locator("main h1")).to_have_text(new)
    expect(page.locator("main")).to_contain_text("The gate refused it")
    page.get_by_text("Promote this model…").click()
    page.get_by_role("button", name="Make it live").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a reason")
    follow(page, own_home, page.get_by_role("button", name="Make it live"), "narrower windows")

    operator.goto("/")
    stamp = operator.locator(".stamp-link", has_text=new)
    expect(stamp).to_be_visible()
    stamp.click()
    expect(operator.locator(".run-title")).to_contain_text("live")
    expect(operator.locator("main")).to_contain_text("narrower windows")

    page.goto(f"/models?fleet={FLEET}")
    page.get_by_text(f"Roll back to {old}…").click()
    follow(page, own_home, page.get_by_role("button", name=f"Roll back to {old}"), "late alarms")
    page.goto(f"/models?fleet={FLEET}")
    rows = page.locator(".runs-table").first.locator("tbody tr")
    expect(rows).to_have_count(3)
    for row, words in zip(rows.all(), ((old, "rolled back", "late alarms", "ada"),
                                       (new, "promoted", "narrower windows", "ada"),
                                       (old, "passed the gate")), strict=True):  # fmt: skip
        for word in words:
            expect(row).to_contain_text(word)
    expect(page.locator(".page-head")).to_contain_text(f"live {old}")
    expect(page.locator(".mdl-period")).to_have_count(3)


def follow(page: Page, home: Path, button: Locator, reason: str) -> None:
    """Give a reason, send the form, and wait for its run."""
    page.locator("textarea:visible").fill(reason)
    button.click()
    link = page.locator(".quality-done a")
    expect(link).to_be_visible()
    run = (link.get_attribute("href") or "").rpartition("/")[2]
    waited = stillwater(home, "run", "wait", run, timeout=300)
    assert waited.returncode == 0, waited.stderr[-2000:]


def test_operators_and_auditors_see_no_form(opened: dict[str, Page], own_home: Path) -> None:
    model = document(own_home, "models")[-1]["model_id"]
    for name in ("olga", "otto"):
        page = opened[name]
        for path in ("/models", f"/models/{model}"):
            page.goto(path)
            expect(page.locator("main h2").first).to_be_visible()
            expect(page.locator("textarea")).to_have_count(0)


def test_what_was_live_is_asked_and_two_models_are_compared_also_on_a_narrow_screen(
    opened: dict[str, Page],
) -> None:
    """Nothing scrolls sideways at 390 px."""
    page = opened["otto"]
    page.goto("/models")
    page.fill("#models-when", "2000-01-01")
    page.press("#models-when", "Enter")
    expect(page.locator(".quality-verdict")).to_contain_text("nothing was live")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name="with the live one").first.click()
    expect(page.locator("main")).to_contain_text("Engines on which they differ most")
    for path in ("/models", page.url):
        page.goto(path)
        expect(page.locator("main h2").first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
