"""Which fleets come from the built-in simulator and not from real engines."""

from threading import RLock

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.snapshots import Pinned

DELIVERIES = "bronze/deliveries"


def simulated_fleets(pinned: Pinned) -> tuple[str, ...]:
    """Names of the fleets with simulated deliveries, sorted."""
    return _simulated(pinned, pinned.version(DELIVERIES))


@cached(LRUCache(8), key=lambda pinned, version: (pinned.lake, version), lock=RLock())
def _simulated(pinned: Pinned, _version: int | None) -> tuple[str, ...]:
    rows = pinned.scan(DELIVERIES).filter(
        nw.col("simulated"), nw.col("state").is_in(["received", "accepted", "blocked"])
    )
    fleets = rows.select("fleet").unique().collect("polars")["fleet"]
    return tuple(sorted(str(fleet) for fleet in fleets.to_list()))
