"""A unit that changed in one sensor, in a real browser: blocked, looked at, accepted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.factory import open_services
from app.services import Services
from lakehouse.settings import Settings
from pipeline.sources.simulator import simulate
from tests.app.security.conftest import PASSWORD
from tests.browsing import served, sign_in, watched
from tests.pipeline.command import document, stillwater

pytestmark = pytest.mark.browser
PATIENT = 60_000
FLEET, ENGINE, SENSOR = "FD901", "test-002", 2
SETTINGS = 3
WIDTHS = (1280, 390)


@dataclass(frozen=True)
class Blocked:
    """A dashboard over a home with a blocked delivery."""

    address: str
    services: Services
    delivery: str


def in_kelvin(text: str, engine: int, sensor: int) -> str:
    """NASA's text with one sensor of one engine in kelvin."""
    lines = []
    for line in text.splitlines():
        fields = line.split()
        if int(fields[0]) == engine:
            place = 2 + SETTINGS + sensor - 1
            fields[place] = f"{float(fields[place]) / 1.8:.2f}"
        lines.append(" ".join(fields))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def blocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blocked]:
    """A real home: history went in, then a file with T24 of one engine in kelvin came."""
    folder = tmp_path_factory.mktemp("quality")
    home = folder / "var"
    history, service, _truth = simulate(folder / "made", 20, seed=3)
    train, test = folder / f"train_{FLEET}.txt", folder / f"test_{FLEET}.txt"
    train.write_bytes(Path(history.source).read_bytes())
    test.write_text(in_kelvin(Path(service.source).read_text(), 2, SENSOR))
    document(home, "ingest", str(train))
    told = document(home, "ingest", str(test), code=3)
    (delivery,) = told["deliveries"]
    assert delivery["state"] == "blocked"
    settings = Settings.load(home=home)
    services = open_services(settings)
    for role in ("engineer", "operator"):
        services.users.add(role, role, PASSWORD)
    with served(settings) as address:
        yield Blocked(address, services, delivery["delivery_id"])


def signed_in(browser: Chromium, blocked: Blocked, role: str) -> Page:
    """A page of somebody with a role."""
    context = browser.new_context(base_url=blocked.address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENT)
    sign_in(page, name=role)
    return page


def silver_rows(blocked: Blocked) -> int:
    """Rows of the engine that silver has of the delivery."""
    rows = blocked.services.pinned().scan("silver/readings")
    mine = (nw.col("engine") == ENGINE, nw.col("delivery_id") == blocked.delivery)
    return len(rows.filter(*mine).select("cycle").collect("polars"))


def test_a_changed_unit_is_seen_looked_at_and_accepted(blocked: Blocked, browser: Chromium) -> None:
    """An operator sees it and cannot decide; an engineer goes down to the rows and lets it in."""
    operator_sees(blocked, signed_in(browser, blocked, "operator"))
    page = signed_in(browser, blocked, "engineer")
    trouble = watched(page)
    goes_down(page)
    decides(blocked, page)
    assert not trouble


def operator_sees(blocked: Blocked, page: Page) -> None:
    page.goto("/")
    expect(page.locator(".notice.blocked")).to_contain_text("1 delivery is blocked")
    page.locator(".notice.blocked a").click()
    expect(page.locator(".quality-card")).to_contain_text("Nothing of it is in silver")
    expect(page.get_by_text("An engineer decides about it.")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/quality", f"/quality?delivery={blocked.delivery}", "/quality/limits"):
            page.goto(path)
            page.wait_for_selector(".quality-tabs")
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(over) == 0


def goes_down(page: Page) -> None:
    page.goto("/quality")
    row = page.locator("tr.delivery-blocked")
    expect(row).to_contain_text(f"test_{FLEET}.txt")
    expect(row).to_contain_text("reads like K where °R is expected")
    page.get_by_label("Severity").select_option("error")
    expect(page).to_have_url(re.compile(r"severity=error"))
    page.locator("#anomalies tbody").last.get_by_role("link", name="unit change").first.click()
    expect(page).to_have_url(re.compile(r"/quality/anomaly/a-"))
    expect(page.locator(".quality-chart .scatterlayer .trace").first).to_be_visible()
    expect(page.locator(".quality-rows tr.found-error").first).to_contain_text("▲")
    expect(page.locator(".quality-verdict")).to_contain_text("T24 reads like K")
    expect(page.get_by_role("link", name=f"{FLEET}/{ENGINE}").first).to_have_attribute(
        "href", f"/engine/{FLEET}/{ENGINE}"
    )


def decides(blocked: Blocked, page: Page) -> None:
    assert silver_rows(blocked) == 0
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".quality-refused")).to_contain_text("Give a reason")
    page.locator(".quality-form textarea").first.fill("the test bench reads in kelvin, known")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Follow the run").click()
    page.wait_for_url(re.compile(r"/runs/review-"))
    run_id = page.url.rpartition("/")[2]
    done = stillwater(blocked.services.settings.home, "run", "wait", run_id)
    assert done.returncode == 0, done.stderr[-2000:]
    expect(page.locator(".run-title")).to_contain_text("succeeded")
    expect(page.locator(".step-graph").get_by_text("Review")).to_be_visible()
    expect(page.locator(".run-verdict")).to_contain_text("was blocked and is accepted now")
    page.get_by_role("link", name=blocked.delivery).first.click()
    expect(page.locator(".quality-card .run-state")).to_contain_text("accepted")
    expect(page.locator(".quality-verdict")).to_contain_text("kelvin, known")
    assert silver_rows(blocked) > 0


def test_a_filter_clears_and_the_keyboard_reaches_every_control(
    blocked: Blocked, browser: Chromium
) -> None:
    page = signed_in(browser, blocked, "engineer")
    page.goto("/quality?engine=nobody")
    expect(page.get_by_text("Nothing that was found matches")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile(r"/quality$"))
    expect(page.locator("#anomalies tbody tr").first).to_be_visible()
    unnamed = page.eval_on_selector_all(
        "main input, main select, main textarea, main button",
        "all => all.filter(one => !one.labels?.length && !one.ariaLabel && !one.innerText).length",
    )
    assert unnamed == 0
