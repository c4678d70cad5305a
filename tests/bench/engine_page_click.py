"""From the click on a row to the painted engine page, against a Dash page with an empty figure."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from socket import socket

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAINTED = "#engine-chosen .main-svg .scatterlayer .trace"


def clicks(address: str, name: str, password: str, tries: int) -> tuple[list[float], list[float]]:
    """Milliseconds from click to painted, and of the peer's whole page, in turn."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "tests.bench.engine_page_empty", str(port)]
    peer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        return _measure(address, f"http://127.0.0.1:{port}/", (name, password), tries)
    finally:
        peer.terminate()
        peer.wait(30)


def _await(port: int) -> None:
    for _ in range(120):
        try:
            return HTTPConnection("127.0.0.1", port).connect()
        except ConnectionRefusedError:
            time.sleep(0.25)
    raise SystemExit("the peer did not come up")


def _measure(
    address: str, peer: str, who: tuple[str, str], tries: int
) -> tuple[list[float], list[float]]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    ours: list[float] = []
    empty: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{address}/sign-in")
        page.fill("#name", who[0])
        page.fill("#password", who[1])
        page.press("#password", "Enter")
        for number in range(tries + 1):
            page.wait_for_selector(".fleet-table")
            row = page.locator(".c-engine a").nth(number)
            ours.append(_timed(lambda row=row: _click(page, row)))  # type: ignore[misc]
            empty.append(_timed(lambda: _open(page, peer)))
            page.goto(address)
        browser.close()
    return ours[1:], empty[1:]


def _click(page: Page, row: object) -> None:
    row.click()  # type: ignore[attr-defined]
    page.wait_for_selector(PAINTED)
    page.wait_for_function("[...document.images].every(image => image.complete)")


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#empty .main-svg")


def _timed(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000
