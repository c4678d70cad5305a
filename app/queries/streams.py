"""What a run of a stream has taken in so far: from the lake, so it is right over every restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.lake import Lake
from lakehouse.snapshots import Pinned

DELIVERIES = "bronze/deliveries"
SNAPSHOTS = "ops/snapshots"
COUNTS = ("accepted", "quarantined", "duplicates", "conflicts")


@dataclass(frozen=True)
class Taken:
    """The deliveries of one run of a stream.

    Attributes:
        deliveries: how many, by state.
        records: records that went in.
        quarantined: lines that went to quarantine.
        duplicates: records that were there already with equal values.
        conflicts: records that were there already with other values.
        last: when the newest one came.
    """

    deliveries: Mapping[str, int] = field(default_factory=dict)
    records: int = 0
    quarantined: int = 0
    duplicates: int = 0
    conflicts: int = 0
    last: datetime | None = None

    @property
    def count(self) -> int:
        """How many deliveries came, whatever became of them."""
        return sum(self.deliveries.values())


@dataclass(frozen=True)
class Newest:
    """The newest snapshot that a run has taken: its number and time."""

    seq: int
    time: datetime | None


def taken(pinned: Pinned, run_ids: tuple[str, ...]) -> Mapping[str, Taken]:
    """What these runs had taken in at a snapshot; a run without a delivery is left out."""
    return _taken(pinned, pinned.version(DELIVERIES), run_ids) if run_ids else {}


@cached(
    LRUCache(16),
    key=lambda pinned, version, run_ids: (pinned.lake, version, run_ids),
    lock=RLock(),
)
def _taken(pinned: Pinned, _version: int | None, run_ids: tuple[str, ...]) -> Mapping[str, Taken]:
    rows = (
        pinned.scan(DELIVERIES)
        .filter(nw.col("run_id").is_in(list(run_ids)))
        .group_by("run_id", "state")
        .agg(
            nw.len().alias("deliveries"),
            nw.col("received_at").max(),
            *(nw.col(name).sum() for name in COUNTS),
        )
        .collect("polars")
        .rows(named=True)
    )
    by_run: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_run.setdefault(str(row["run_id"]), []).append(row)
    return {run_id: _joined(found) for run_id, found in by_run.items()}


def _joined(rows: list[Mapping[str, Any]]) -> Taken:
    states: dict[str, int] = {}
    for row in rows:
        # What was received and not validated is accepted.
        state = "accepted" if row["state"] == "received" else str(row["state"])
        states[state] = states.get(state, 0) + int(row["deliveries"])
    counts = (sum(int(row[name] or 0) for row in rows) for name in COUNTS)
    records, quarantined, duplicates, conflicts = counts
    by_state = dict(sorted(states.items()))
    return Taken(by_state, records, quarantined, duplicates, conflicts, _latest(rows))


def _latest(rows: list[Mapping[str, Any]]) -> datetime | None:
    times = [row["received_at"] for row in rows if row["received_at"] is not None]
    return max(times, default=None)


def newest(lake: Lake, run_id: str) -> Newest | None:
    """The newest snapshot of a run, None before its first."""
    return _newest(lake, lake.version(SNAPSHOTS), run_id)


@cached(LRUCache(16), lock=RLock())
def _newest(lake: Lake, _version: int | None, run_id: str) -> Newest | None:
    rows = lake.scan(SNAPSHOTS).filter(nw.col("run_id") == run_id).select("seq", "time")
    found = rows.sort("seq", descending=True).head(1).collect("polars").rows(named=True)
    return Newest(int(found[0]["seq"]), found[0]["time"]) if found else None
