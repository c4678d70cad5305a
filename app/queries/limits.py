"""The limits that people set for a fleet's sensors: those in force and those before them."""

from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock
from typing import Literal

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.lake import Lake
from lakehouse.quality import LIMITS
from lakehouse.snapshots import Pinned

Standing = Literal["in force", "replaced", "lifted"]


@dataclass(frozen=True)
class Limit:
    """One limit as it was set.

    Attributes:
        regime: rounded settings, None for all regimes.
        low: least allowed value, None for none.
        high: greatest allowed value, None for none; without both the limit before was lifted.
        standing: whether it holds.
    """

    limit_id: str
    fleet: str
    regime: str | None
    sensor: str
    low: float | None
    high: float | None
    author: str
    reason: str
    valid_from: datetime
    standing: Standing = "in force"

    @property
    def lifts(self) -> bool:
        """It allows everything."""
        return self.low is None and self.high is None


def limits(pinned: Pinned, fleet: str, until: datetime | None = None) -> tuple[Limit, ...]:
    """A fleet's limits, those in force first, then newest first.

    Args:
        pinned: the lake; limits are book-keeping and not part of a snapshot.
        fleet: the fleet.
        until: as they stood then, None for now.
    """
    every = [row for row in _known(pinned.lake, pinned.lake.version(LIMITS.name))
             if row.fleet == fleet and (until is None or row.valid_from <= until)]  # fmt: skip
    newest = {(limit.sensor, limit.regime): limit.limit_id for limit in every}
    told = [_placed(limit, newest[limit.sensor, limit.regime]) for limit in every]
    told.sort(key=lambda limit: limit.valid_from, reverse=True)
    return tuple(sorted(told, key=lambda limit: limit.standing != "in force"))


def held(pinned: Pinned, fleet: str, sensor: str) -> tuple[Limit, ...]:
    """What holds for a sensor now, of every regime, newest first."""
    known = limits(pinned, fleet)
    return tuple(each for each in known if each.sensor == sensor and each.standing == "in force")


def one(pinned: Pinned, limit_id: str) -> Limit | None:
    """One limit as it was set, None when there is none of that name."""
    known = _known(pinned.lake, pinned.lake.version(LIMITS.name))
    return next((limit for limit in known if limit.limit_id == limit_id), None)


def _placed(limit: Limit, newest: str) -> Limit:
    standing: Standing = "lifted" if limit.lifts else "in force"
    return replace(limit, standing=standing if limit.limit_id == newest else "replaced")


@cached(LRUCache(4), key=lambda lake, version: (lake, version), lock=RLock())
def _known(lake: Lake, _version: int | None) -> tuple[Limit, ...]:
    """All limits, oldest first."""
    rows = lake.scan(LIMITS.name).select(*LIMITS.column_names).sort("valid_from")
    found = nw.to_native(rows.collect("polars"))
    return tuple(Limit(**row) for row in found.iter_rows(named=True))
