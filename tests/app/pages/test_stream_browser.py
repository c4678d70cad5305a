"""A fleet that flies, watched in a real browser: nothing is reloaded, and the run page ends it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lakehouse.requests import StreamRequest
from lakehouse.runs import FINAL, RunStore
from lakehouse.settings import Settings
from tests.pipeline.command import FAST, document
from tests.test_product import FLEET, free_port, named_like_nasa, wait_for_links

pytestmark = pytest.mark.browser
PATIENT = 120_000
SNAPSHOT = re.compile(r"snapshot (\d+)")


@dataclass(frozen=True)
class Product:
    """A running Stillwater that knows the fleet's history and has a model."""

    settings: Settings
    address: str
    link: str
    files: Path
    environment: dict[str, str]

    def replay(self, *words: str) -> subprocess.Popen[str]:
        """Start to fly the engines in service."""
        file = str(self.files / f"test_{FLEET}.txt")
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "replay", file, *words, "--json"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`stillwater up` on a home with a small trained fleet."""
    folder = tmp_path_factory.mktemp("stream")
    named_like_nasa(folder, 30, seed=1)
    home, port, said = folder / "var", free_port(), folder / "terminal"
    document(home, "ingest", str(folder / f"train_{FLEET}.txt"))
    assert document(home, "retrain", *FAST)["pushed"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STILLWATER_")}
    environment |= {"STILLWATER_HOME": str(home), "STILLWATER_PORT": str(port)}
    with said.open("wb") as terminal:
        command = [sys.executable, "-m", "pipeline.cli", "up"]
        process = subprocess.Popen(command, env=environment, stderr=terminal)
    try:
        link = patient_links(said)["engineer"]
        settings = Settings.load(home=home, port=port)
        yield Product(settings, f"http://127.0.0.1:{port}", link, folder, environment)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def patient_links(said: Path) -> dict[str, str]:
    """The links that it prints; a busy machine takes its time to start two processes."""
    for _ in range(3):
        with suppress(AssertionError):
            return wait_for_links(said)
    return wait_for_links(said)


@pytest.fixture(scope="module")
def engineer(product: Product, browser: Browser) -> Iterator[Page]:
    """An engineer who signed in; fails on any error of the browser."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENT)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(product.link)
    page.click("button[type=submit]")
    expect(page.get_by_role("heading", name=f"Fleet {FLEET}")).to_be_visible()
    yield page
    assert not trouble


@pytest.fixture
def flying(product: Product) -> Iterator[subprocess.Popen[str]]:
    """A replay that goes on until the test ends it."""
    process = product.replay("--speed", "2")
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def snapshot(page: Page, where: str) -> int:
    """The number of the snapshot that a part of the page names."""
    found = SNAPSHOT.search(page.locator(where).inner_text())
    return int(found[1]) if found else 0


def seen(page: Page) -> int:
    """The cycles that the engines of the fleet page have flown."""
    texts = page.locator(".fleet-table .c-seen").all_inner_texts()
    return sum(int(text.replace(",", "")) for text in texts if text[:1].isdigit())


def moved_on(page: Page, cycles: int, stamp: int) -> bool:
    """Whether the fleet page shows more cycles of a newer snapshot."""
    return seen(page) > cycles and snapshot(page, ".stamp-line") > stamp


def wait_until(page: Page, true: Callable[[], bool]) -> None:
    """Until something holds on a page that is left alone."""
    for _ in range(PATIENT // 250):
        if true():
            return
        page.wait_for_timeout(250)
    raise AssertionError(page.locator("main").inner_text())


def test_the_fleet_page_moves_while_the_engines_fly_and_the_run_page_ends_it(
    product: Product, engineer: Page, flying: subprocess.Popen[str]
) -> None:
    """Cycles and stamp follow without a reload; a cancelled stream is no failure and goes on."""
    fleet_moves(product, engineer)
    run_id = stream_shows(product, engineer)
    cancelled(engineer)
    told = json.loads(flying.communicate(timeout=60)[0])
    assert (told["run_id"], told["state"]) == (run_id, "CANCELLED")
    assert told["taken"] <= told["records"]
    started_again(product, engineer, run_id)


def fleet_moves(product: Product, page: Page) -> None:
    page.goto(product.address)
    page.evaluate("window.loadedOnce = true")
    expect(page.locator(".fleet-table tbody tr").first).to_be_visible()
    link = page.locator(".fleet-table .c-engine a").first
    for _ in range(2):
        before = seen(page), snapshot(page, ".stamp-line")
        link.focus()
        wait_until(page, partial(moved_on, page, *before))
        # Who walks through the rows with the keyboard stays where they are.
        assert page.evaluate("document.activeElement.closest('.fleet-table') !== null")
    wait_until(page, lambda: snapshot(page, ".as-of") == snapshot(page, ".stamp-line"))
    assert page.evaluate("window.loadedOnce")


def stream_shows(product: Product, page: Page) -> str:
    page.goto(f"{product.address}/runs")
    row = page.locator(".runs-past tbody tr").first
    expect(row).to_contain_text("running")
    expect(row).to_contain_text(re.compile(rf"{FLEET} from replay.*\d+ records", re.S))
    row.get_by_role("link", name="Stream").click()
    page.wait_for_url(re.compile(r"/runs/stream-"))
    expect(page.locator(".step-graph").get_by_text("streaming")).to_have_count(
        len(StreamRequest.nodes)
    )
    expect(page.locator(".step-progress")).to_have_count(0)
    expect(page.locator(".step-tables").first).to_contain_text("bronze/deliveries v")
    expect(page.locator("#run-log")).to_contain_text("ExampleGen streams")
    records = page.locator(".run-metrics dd").first
    before = records.inner_text()
    wait_until(page, lambda: records.inner_text() != before)
    return page.url.rpartition("/")[2]


def cancelled(page: Page) -> None:
    page.click("#run-cancel")
    page.click("#run-confirmed")
    told = page.locator(".run-trouble")
    expect(told).to_contain_text("which is how a stream ends")
    expect(told).to_contain_text("stillwater stream /")
    expect(page.locator(".step-graph").get_by_text("ended")).to_have_count(len(StreamRequest.nodes))
    expect(page.locator(".run-tone-act")).to_have_count(0)


def started_again(product: Product, page: Page, run_id: str) -> None:
    page.get_by_role("button", name="Start again").click()
    page.wait_for_url(lambda url: "/runs/stream-" in url and run_id not in url)
    again, runs = page.url.rpartition("/")[2].partition("?")[0], RunStore(product.settings)
    expect(page.locator(".run-title")).to_contain_text("running")
    assert runs.run(again).request == runs.run(run_id).request
    runs.cancel(again)
    wait_until(page, lambda: runs.run(again).state in FINAL)
