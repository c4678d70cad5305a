"""How long the tables pages take: ``make bench NAME=table_pages``.

Over the table of ``make bench NAME=history`` (4.6 million flights, 1,000 versions), asked as the
browser asks: the whole answer of the server with its bytes, first and again.
"""

import argparse
import tempfile
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from app.factory import create_app, open_services
from app.pages.diff import Ids
from app.queries.table_diff import DiffAsk
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import SILVER
from tests.app.pages.callbacks import call
from tests.app.security.conftest import PASSWORD, Browser
from tests.bench.history import build, timed

HISTORY_MS, NEIGHBOURS_MS, FAR_MS = 300.0, 1_000.0, 3_000.0


def main() -> None:
    """Build the table where it is not there yet, ask for the pages, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--keep", type=Path, help="folder of the table, kept")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = chosen.keep or Path(folder) / "lake"
        if Lake(root, LocalEngine()).version(SILVER.name) is None:
            build(root, 4_600_000, 1_000)
        home = Path(folder) / "home"
        home.mkdir()
        (home / "lake").symlink_to(root.resolve())
        measure(Settings(home=home))


def measure(settings: Settings) -> None:
    """Each page beside its limit."""
    open_services(settings).users.add("ada", "operator", PASSWORD)
    app = create_app(settings)
    browser = Browser(app.server.test_client())
    browser.sign_in("ada")
    # One token for all, so that only the page itself is measured.
    browser.token = partial(str, browser.token())  # type: ignore[method-assign]
    table = f"/tables/{SILVER.name}"
    engine = "?engine=F/e00001-001"
    for path, search in (("/tables", ""), (table, ""), (table, "?version=400"), (table, engine)):
        show(f"{path}{search}", partial(browser.open, path, search), HISTORY_MS)
    pairs = (
        ("neighbours, an append", (998, 999), NEIGHBOURS_MS),
        ("neighbours, an engine anew", (899, 900), NEIGHBOURS_MS),
        ("500 apart", (499, 999), FAR_MS),
        ("500 apart, backwards", (999, 499), FAR_MS),
    )
    ask = DiffAsk(SILVER.name)
    for name, (before, after), limit in pairs:
        view = asdict(replace(ask, before=before, after=after))
        given = {f"{Ids.VIEW}.data": view, "theme.data": "light", f"{Ids.DRAWN}.data": True}
        body = (f"{Ids.BODY}.children", f"{Ids.VIEW}.data", given)
        shifts = (f"{Ids.SHIFTS}.children", f"{Ids.DRAWN}.data", given)
        show(f"{name}: rows", partial(call, app, browser, *body), limit)
        show(f"{name}: distributions", partial(call, app, browser, *shifts), FAR_MS)


def show(name: str, ask: Any, limit: float) -> None:
    """First time and the best of three after it."""
    first, answer = timed(ask)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    again = min(timed(ask)[0] for _ in range(3))
    size = len(answer.get_data()) / 1000
    print(
        f"{name}: first {1000 * first:,.0f} ms, again {1000 * again:,.0f} ms "
        f"(≤ {limit:,.0f}), {size:,.0f} kB"
    )


if __name__ == "__main__":
    main()
