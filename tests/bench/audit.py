"""How long the audit page takes: ``make bench NAME=audit``.

Over a log of so many entries, asked as the browser asks: the whole answer of the server with its
bytes. First is what a server that has just started does, which takes every entry apart; again is
what it does from then on, which hashes every byte.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from app.factory import create_app, open_services
from lakehouse.audit import AuditLog, Event
from lakehouse.audit.chain import Head
from lakehouse.audit.entries import START, canonical, chained
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD, Browser
from tests.bench.history import timed

PAGE_MS = 300.0
SEARCHES = (
    "",
    "?page=100",
    "?actor=user3&action=retrain",
    "?object=fd003",
    "?since=2026-01-01&outcome=refused",
    "?request_id=0000000000001f40",
)


def main() -> None:
    """Write the log, ask for the pages, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--entries", type=int, default=10_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        write(settings.audit, chosen.entries)
        print(f"{chosen.entries:,} entries, {size(settings.audit) / 1e6:.1f} MB")
        measure(settings)


def write(folder: Path, count: int) -> None:
    """A log as the dashboard writes it, without a wait for the disk after each entry."""
    folder.mkdir(parents=True)
    prev, written = START, 0
    with (folder / "audit.jsonl").open("wb") as file:
        for number in range(count):
            entry = chained(event(number), number, prev)
            prev = entry.hash
            written += file.write(entry.line())
    (folder / "head.json").write_bytes(canonical(vars(Head(count, prev, written))))


def event(number: int) -> Event:
    """One of a few kinds, as they follow each other."""
    kinds = ("sign_in", "retrain", "queue", "decide", "limit")
    return Event(
        f"user{number % 40}",
        ("operator", "engineer", "auditor", "admin")[number % 4],
        kinds[number % 5],
        f"FD00{number % 4 + 1}",
        "refused" if number % 50 == 0 else "allowed",
        "sensor 7 is known to drop out" if number % 3 == 0 else "",
        f"{number:016x}",
        None,
        {"fleet": "FD001", "parameters": {"rounds": number}} if number % 2 else None,
    )


def measure(settings: Settings) -> None:
    """Each page beside its limit."""
    open_services(settings).users.add("ada", "auditor", PASSWORD)
    browser = Browser(create_app(settings).server.test_client())
    browser.sign_in("ada")
    # One token for all, so that only the page itself is measured.
    browser.token = partial(str, browser.token())  # type: ignore[method-assign]
    for search in SEARCHES:
        show(f"/audit{search}", partial(browser.open, "/audit", search))
    for form in ("jsonl", "csv"):
        show(f"/audit/log.{form}", partial(browser.client.get, f"/audit/log.{form}"))
    fresh, _ = timed(AuditLog(settings.audit).verify)
    print(f"verify from nothing: {1000 * fresh:,.0f} ms")


def show(name: str, ask: Callable[[], Any]) -> None:
    """First time and the best of five after it."""

    def whole() -> bytes:
        answer = ask()
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return bytes(answer.get_data())

    first, body = timed(whole)
    again = min(timed(whole)[0] for _ in range(5))
    size = len(body) / 1000
    print(
        f"{name}: first {1000 * first:,.0f} ms, again {1000 * again:,.0f} ms "
        f"(≤ {PAGE_MS:,.0f}), {size:,.0f} kB"
    )


def size(folder: Path) -> int:
    """Bytes of the log."""
    return (folder / "audit.jsonl").stat().st_size


if __name__ == "__main__":
    main()
