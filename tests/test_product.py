"""The product as its users meet it: `stillwater up`, a real browser, both buttons."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lakehouse.audit import AuditLog
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.runs import RunStore
from lakehouse.serving import live
from lakehouse.settings import Settings
from lakehouse.snapshots import pin
from pipeline.sources.simulator import simulate
from tests.pipeline.command import document

pytestmark = pytest.mark.browser
FLEET = "FD901"


@dataclass(frozen=True)
class Product:
    """A running Stillwater."""

    settings: Settings
    address: str
    links: dict[str, str]
    files: Path
    process: subprocess.Popen[bytes]

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake, LocalEngine())


def named_like_nasa(folder: Path, engines: int, seed: int) -> None:
    """A simulated fleet under names that say fleet and kind."""
    made = simulate(folder / "made", engines, seed=seed)
    for delivered, name in zip(made, ("train", "test", "RUL"), strict=True):
        (folder / f"{name}_{FLEET}.txt").write_bytes(Path(delivered.source).read_bytes())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`stillwater up` on a small fleet, with the links that it prints."""
    folder = tmp_path_factory.mktemp("product")
    (folder / "data").mkdir()
    named_like_nasa(folder / "data", 40, seed=1)
    port = free_port()
    said = folder / "terminal"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STILLWATER_")} | {
        "STILLWATER_HOME": str(folder / "var"),
        "STILLWATER_DATA": str(folder / "data"),
        "STILLWATER_PORT": str(port),
    }
    with said.open("wb") as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "up"], env=environment, stderr=terminal
        )
    settings = Settings.load(home=folder / "var", port=port)
    try:
        links = wait_for_links(said)
        wait_for_model(settings)
        yield Product(settings, f"http://127.0.0.1:{port}", links, folder / "data", process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def wait_for_links(terminal: Path) -> dict[str, str]:
    for _ in range(1200):
        found = dict(re.findall(r"as (\w+):\s+(http\S+)", terminal.read_text()))
        if len(found) == 4:
            return found
        time.sleep(0.1)
    raise AssertionError(terminal.read_text())


def wait_for_model(settings: Settings) -> None:
    for _ in range(1200):
        if live(settings.serving, FLEET) is not None:
            return
        time.sleep(0.1)
    raise AssertionError("no model after two minutes")


@pytest.fixture(scope="module")
def engineer(product: Product, browser: Browser) -> Page:
    """An engineer who signed in with the printed link."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    page.goto(product.links["engineer"])
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name=f"Fleet {FLEET}")).to_be_visible()
    return page


@pytest.fixture(scope="module")
def copied(product: Product, engineer: Page) -> tuple[str, str]:
    """An address that the as-of control gave before the other runs, and what stood there."""
    seq = pin(product.lake).snapshot.seq
    engineer.goto(product.address)
    engineer.get_by_text("Look back").click()
    engineer.get_by_label("Snapshot or time").fill("yesterday")
    engineer.click("#as-of-go")
    expect(engineer.get_by_text("nor a time such as")).to_be_visible()
    engineer.get_by_label("Snapshot or time").fill(str(seq))
    engineer.click("#as-of-go")
    engineer.wait_for_url(re.compile(f"as_of={seq}"))
    expect(engineer.get_by_text(f"snapshot {seq}").first).to_be_visible()
    return engineer.url, numbers(engineer, engineer.url)


def numbers(page: Page, address: str) -> str:
    """The rows of the fleet page."""
    page.goto(address)
    expect(page.locator("main table tbody tr").first).to_be_visible()
    return page.locator("main table tbody").first.inner_text()


@pytest.mark.usefixtures("copied")
def test_the_fleet_page_shows_every_engine_in_service(product: Product, engineer: Page) -> None:
    """One row an engine, with window and stamp; a row leads to the engine's sentence."""
    engineer.goto(product.address)
    expect(engineer.get_by_text("test-001", exact=True).first).to_be_visible()
    model = live(product.settings.serving, FLEET)
    assert model is not None
    expect(engineer.get_by_text(model.model_id).first).to_be_visible()
    engineer.goto(f"{product.address}/engine/{FLEET}/test-001")
    expect(engineer.get_by_text("P(within 20 cycles)").first).to_be_visible()
    expect(engineer.locator("img[alt]").nth(20)).to_be_visible()


def test_the_ingest_button_brings_new_table_versions(product: Product, engineer: Page) -> None:
    """An uploaded file becomes a delivery, silver rows and a snapshot."""
    lake, runs = product.lake, RunStore(product.settings)
    before = lake.versions()
    named_like_nasa(product.files, 30, seed=2)
    engineer.goto(f"{product.address}/runs")
    engineer.click("#ingest-open")
    with engineer.expect_file_chooser() as chooser:
        engineer.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(product.files / f"test_{FLEET}.txt")
    expect(engineer.locator("#ingest-uploads").get_by_text(f"test_{FLEET}.txt")).to_be_visible()
    engineer.click("#ingest-submit")
    engineer.wait_for_url(re.compile(r"/runs/ingest-"))
    run = runs.wait(engineer.url.rpartition("/")[2], 60)
    assert (run.state, run.who) == ("SUCCEEDED", "engineer")
    expect(engineer.get_by_text("succeeded", exact=False).first).to_be_visible()
    after = lake.versions()
    for table in ("bronze/readings", "bronze/deliveries", "ops/snapshots"):
        assert after[table] > before[table], table


def test_the_retrain_button_brings_a_new_model(product: Product, engineer: Page) -> None:
    """Another seed is another model; the run page shows its five steps."""
    before = live(product.settings.serving, FLEET)
    engineer.goto(f"{product.address}/runs")
    engineer.click("#retrain-open")
    engineer.get_by_label("seed", exact=False).fill("11")
    engineer.click("#retrain-submit")
    engineer.wait_for_url(re.compile(r"/runs/retrain-"))
    for node in ("Transform", "Trainer", "Evaluator", "Pusher", "BulkInferrer"):
        expect(engineer.get_by_text(node, exact=True).first).to_be_visible()
    run = RunStore(product.settings).wait(engineer.url.rpartition("/")[2], 120)
    assert run.state == "SUCCEEDED", run.error
    assert run.result is not None
    assert before is not None
    assert run.result["model_id"] != before.model_id
    expect(engineer.get_by_text(run.result["model_id"]).first).to_be_visible()


def test_a_copied_address_shows_the_same_numbers_after_later_runs(
    product: Product, engineer: Page, copied: tuple[str, str]
) -> None:
    """More engines came and another model is live: the old address still tells of then."""
    address, then = copied
    assert numbers(engineer, address) == then
    assert numbers(engineer, product.address) != then


def test_what_was_said_in_a_home_that_made_itself_is_proven(product: Product) -> None:
    """What the first start asked for, and what a person did by button."""
    told = document(product.settings.home, "prove", "--sample", "20")
    assert (told["verdict"], told["findings"]) == ("green", [])
    assert told["green"] == told["sample"] > 0


def test_an_operator_sees_no_buttons_and_may_report_a_failure(
    product: Product, browser: Browser
) -> None:
    """Roles decide what is offered."""
    page = browser.new_context().new_page()
    page.goto(product.links["operator"])
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name=f"Fleet {FLEET}")).to_be_visible()
    page.goto(f"{product.address}/runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.locator("#retrain-open")).to_have_count(0)
    page.goto(f"{product.address}/engine/{FLEET}/test-001")
    expect(page.get_by_role("button", name="Report failure")).to_be_visible()


def test_a_sign_in_link_works_once(product: Product, browser: Browser) -> None:
    """A used link opens nothing."""
    page = browser.new_context().new_page()
    page.goto(product.links["engineer"])
    submit = page.locator("button[type=submit]")
    if submit.count():
        submit.first.click()
    page.goto(product.address)
    expect(page).to_have_url(re.compile("/sign-in"))


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_asks_elsewhere(
    product: Product, engineer: Page, width: int, theme: str
) -> None:
    """Every page fits, throws nothing and loads only from its own server."""
    problems: list[str] = []
    engineer.on("pageerror", lambda error: problems.append(str(error)))
    engineer.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((product.address, "data:", "blob:"))
            else problems.append(request.url)
        ),
    )
    engineer.context.add_cookies([{"name": "theme", "value": theme, "url": product.address}])
    engineer.set_viewport_size({"width": width, "height": 900})
    for path in ("/", f"/engine/{FLEET}/test-001", "/runs", "/account"):
        engineer.goto(product.address + path)
        expect(engineer.get_by_role("heading").first).to_be_visible()
        engineer.wait_for_load_state("networkidle")
        # However long ago it was that a delivery was blocked.
        engineer.evaluate(
            "document.querySelectorAll('td.c-data').forEach(cell => cell.append('99 d'))"
        )
        assert engineer.evaluate("document.documentElement.scrollWidth") <= width, path
    assert problems == []


def test_every_action_of_the_browser_is_audited(product: Product, engineer: Page) -> None:
    """Sign-ins, the upload and both launches stand in a whole chain."""
    log = AuditLog(product.settings.audit)
    done = {(entry.actor, entry.action) for entry in log.entries()}
    assert {("engineer", "ingest"), ("engineer", "retrain")} <= done
    assert log.verify().ok


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    """Worker and dashboard end with `stillwater up`."""
    environment = dict(os.environ) | {
        "STILLWATER_HOME": str(tmp_path / "var"),
        "STILLWATER_PORT": str(free_port()),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "up"],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    settings = Settings.load(home=tmp_path / "var")
    for _ in range(600):
        if settings.heartbeat.is_file():
            break
        time.sleep(0.1)
    children = child_processes(process.pid)
    assert len(children) >= 2
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert [pid for pid in children if Path(f"/proc/{pid}/cmdline").exists()] == []


def child_processes(pid: int) -> list[int]:
    """All descendants of a process."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = status.read_text().rpartition(")")[2].split()
        parents[int(status.parent.name)] = int(fields[1])
    found, wanted = [], {pid}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found += sorted(wanted)
    return found
