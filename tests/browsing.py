"""A real browser for tests: how it is started, what is served to it, how long it waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from app.factory import create_app
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The dashboard over a home; yields its address."""
    server = make_server("127.0.0.1", 0, create_app(settings).server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def watched(page: Page) -> list[str]:
    """What goes wrong on a page from now on: errors of scripts, and what the console calls one."""
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    return trouble


def sign_in(page: Page, path: str = "/account", name: str = "ada") -> None:
    """By the form, on the way to a page."""
    page.goto(path)
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("main h1")


@contextmanager
def signed_in_page(
    browser: Browser, address: str, path: str = "/account", name: str = "ada"
) -> Iterator[Page]:
    """A page of somebody; fails on any error of the browser, refused scripts among them."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    trouble = watched(page)
    sign_in(page, path, name)
    yield page
    context.close()
    assert not trouble
