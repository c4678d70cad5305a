"""What was delivered and the verdict on each: accepted, blocked, rejected, taken back out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

import polars as pl
from cachetools import LRUCache, cached

from app.queries.anomalies import DELIVERIES, counts_by_delivery
from lakehouse.quality import ANOMALIES
from lakehouse.snapshots import Pinned

_COLUMNS = ("delivery_id", "fleet", "kind", "state", "source", "member", "rows", "accepted",
            "quarantined", "duplicates", "conflicts", "duplicate_of", "received_at", "reason",
            "simulated", "run_id")  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """One delivered file, or one member of a delivered archive, and what was found in it."""

    delivery_id: str
    fleet: str
    kind: str
    state: str
    source: str
    member: str
    rows: int
    accepted: int
    quarantined: int
    duplicates: int
    conflicts: int
    duplicate_of: str | None
    received_at: datetime | None
    reason: str
    simulated: bool
    run_id: str
    errors: int
    warnings: int

    @property
    def name(self) -> str:
        """The file's name, with the member of an archive."""
        return file_name(self.source, self.member) or self.delivery_id


@dataclass(frozen=True)
class Blocked:
    """Deliveries of one fleet that wait for a decision, the newest first."""

    count: int
    newest: Delivery


def file_name(source: str | None, member: str | None = "") -> str:
    """What was delivered as people call it: ``odd.csv``, ``set.zip/train_FD001.txt``."""
    name = (source or "").rstrip("/").rpartition("/")[2]
    return "/".join(part for part in (name, "" if member == name else member) if part)


def known(pinned: Pinned) -> pl.DataFrame:
    """All deliveries with the number of their findings, newest first."""
    return _known(pinned, pinned.version(DELIVERIES), pinned.version(ANOMALIES.name))


@cached(
    LRUCache(4),
    key=lambda pinned, deliveries, anomalies: (pinned.lake, deliveries, anomalies),
    lock=RLock(),
)
def _known(pinned: Pinned, _deliveries: int | None, _anomalies: int | None) -> pl.DataFrame:
    found = pinned.scan(DELIVERIES).select(*_COLUMNS).collect("polars").to_native()
    frame: pl.DataFrame = found.join(counts_by_delivery(pinned), on="delivery_id", how="left")
    return frame.with_columns(
        pl.col("rows", "accepted", "quarantined", "duplicates", "conflicts").fill_null(0),
        pl.col("errors", "warnings").fill_null(0),
        pl.col("source", "member", "reason", "run_id", "fleet", "kind").fill_null(""),
        pl.col("simulated").fill_null(False),
    ).sort("received_at", "delivery_id", descending=[True, False], nulls_last=True)


def told(frame: pl.DataFrame) -> tuple[Delivery, ...]:
    """Rows of :func:`known` as they are shown."""
    return tuple(Delivery(**row) for row in frame.iter_rows(named=True))


def one(pinned: Pinned, delivery_id: str) -> Delivery | None:
    """One delivery, None when there is none of that name."""
    rows = told(known(pinned).filter(pl.col("delivery_id") == delivery_id).head(1))
    return rows[0] if rows else None


def states(pinned: Pinned, fleet: str) -> Mapping[str, int]:
    """State to the number of deliveries, of one fleet or (empty) of all."""
    counted = _of(pinned, fleet).group_by("state").len()
    return {str(state): int(count) for state, count in counted.iter_rows()}


def selected(pinned: Pinned, fleet: str, state: str) -> pl.DataFrame:
    """Those of one fleet and in one state; empty for all."""
    mine = _of(pinned, fleet)
    return mine.filter(pl.col("state") == state) if state else mine


def blocked(pinned: Pinned, fleet: str) -> Blocked | None:
    """What of a fleet waits for a decision, None when nothing does."""
    waiting = selected(pinned, fleet, "blocked")
    rows = told(waiting.head(1))
    return Blocked(waiting.height, rows[0]) if rows else None


def fleets(pinned: Pinned) -> tuple[str, ...]:
    """Fleets that something was delivered of, by name."""
    return tuple(str(name) for name in known(pinned)["fleet"].unique().sort() if name)


def _of(pinned: Pinned, fleet: str) -> pl.DataFrame:
    every = known(pinned)
    return every.filter(pl.col("fleet") == fleet) if fleet else every
