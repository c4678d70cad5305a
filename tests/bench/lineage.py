"""How long the lineage page takes: ``make bench NAME=lineage``.

Over a metadata store of 10,000 executions, 20,000 artifacts and 50,000 events, asked as the browser
asks: the whole answer of the server with its bytes, from all over the store; the first time after a
start, after a run has written something, and warm.
"""

import argparse
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from app.factory import create_app, open_services
from lakehouse.metadata import Metadata
from lakehouse.settings import Settings
from tests.app.security.conftest import PASSWORD, Browser
from tests.bench.history import timed
from tests.lakehouse.lineage.stores import large, step, used

LIMIT_MS = 300.0


def main() -> None:
    """Write the store, ask for the page, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--executions", type=int, default=10_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        large(settings.metadata, chosen.executions)
        measure(settings, chosen.executions)


def measure(settings: Settings, executions: int) -> None:
    """Each way to ask beside its limit."""
    open_services(settings).users.add("ada", "auditor", PASSWORD)
    browser = Browser(create_app(settings).server.test_client())
    browser.sign_in("ada")
    # One token for all, so that only the page itself is measured.
    browser.token = partial(str, browser.token())  # type: ignore[method-assign]
    first, _ = asked(browser, f"?of=node:e{executions // 2}")
    print(f"{executions:,} executions, first answer after a start: {first:,.0f} ms")
    step(Metadata(settings.metadata), "new", "Clean", writes=[used("silver/readings", 1)])
    after, _ = asked(browser, "?of=run:new")
    print(f"first answer after a run wrote something: {after:,.0f} ms")
    places = [1 + number * (executions - 1) // 39 for number in range(40)]
    for name, query in (
        ("4 steps around a step", "of=node:e{}"),
        ("all steps, 150 nodes at most", "of=node:e{}&steps=0"),
        ("all steps, as runs", "of=node:e{}&steps=0&runs=1"),
        ("back from a table version", "of=node:a{}&way=back&steps=8"),
    ):
        told = [asked(browser, f"?{query.format(place)}") for place in places]
        show(name, [milliseconds for milliseconds, _ in told], max(size for _, size in told))


def asked(browser: Browser, search: str) -> tuple[float, int]:
    """Milliseconds of one answer, and its bytes; it must hold a picture."""
    seconds, answer = timed(partial(browser.open, "/lineage", search))
    text: Any = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "Cytoscape" in text, json.dumps(text)[:500]
    return 1000 * seconds, len(text)


def show(name: str, times: list[float], size: int) -> None:
    """Median and 95th percentile beside the limit."""
    ordered = sorted(times)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    print(
        f"{name}: p50 {statistics.median(times):,.0f} ms, p95 {p95:,.0f} ms (≤ {LIMIT_MS:,.0f}), "
        f"at most {size / 1000:,.0f} kB"
    )


if __name__ == "__main__":
    main()
