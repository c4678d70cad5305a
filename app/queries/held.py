"""Of the windows that were issued for engines that failed, how many contained the failure."""

from dataclasses import dataclass
from threading import RLock

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.snapshots import Pinned

PREDICTIONS = "gold/predictions"
STATUS = "gold/engine_status"


@dataclass(frozen=True)
class Held:
    """Windows that were issued before a failure, and those of them that contained it."""

    windows: int = 0
    held: int = 0
    engines: int = 0

    @property
    def share(self) -> float | None:
        """Share that held, None while no engine has failed under a window."""
        return self.held / self.windows if self.windows else None


@cached(
    LRUCache(32),
    key=lambda pinned, fleet: (
        pinned.lake,
        pinned.version(PREDICTIONS),
        pinned.version(STATUS),
        fleet,
    ),
    lock=RLock(),
)
def held(pinned: Pinned, fleet: str) -> Held:
    """How the fleet's issued windows did; an open window holds from where it opens."""
    failed = (
        pinned.scan(STATUS)
        .filter(nw.col("fleet") == fleet, ~nw.col("failed_at").is_null())
        .select("engine", "failed_at")
    )
    windows = (
        pinned.scan(PREDICTIONS)
        .filter(nw.col("fleet") == fleet)
        .select("engine", "cycle", "window_from", "window_to")
        .join(failed, on="engine", how="inner")
        .filter(nw.col("cycle") <= nw.col("failed_at"))
    )
    end = nw.col("window_to").is_null() | (nw.col("failed_at") <= nw.col("window_to"))
    held_ = ((nw.col("window_from") <= nw.col("failed_at")) & end).cast(nw.Int64)
    found = windows.select(
        windows=nw.len(), held=held_.sum(), engines=nw.col("engine").n_unique()
    ).collect("polars")
    return Held(*(int(found[name].item() or 0) for name in ("windows", "held", "engines")))
