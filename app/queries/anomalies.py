"""What validation found: all of it, in the order in which it is read, and of one engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

import polars as pl
from cachetools import LRUCache, cached

from lakehouse.quality import ANOMALIES
from lakehouse.snapshots import Pinned

DELIVERIES = "bronze/deliveries"
# What was taken back out, rejected or a duplicate concerns no engine any more.
STANDING = ("received", "accepted", "blocked")


@dataclass(frozen=True)
class Anomaly:
    """One finding about a delivery, as the tables hold it.

    Attributes:
        delivery_state: what became of the delivery, empty when nothing is known of it.
        source: where the delivery came from.
    """

    anomaly_id: str
    run_id: str
    severity: str
    type: str
    table: str
    table_version: int | None
    column: str | None
    fleet: str
    engine: str | None
    first_cycle: int | None
    last_cycle: int | None
    delivery_id: str | None
    limit_id: str | None
    detail: str
    found_at: datetime | None
    delivery_state: str
    source: str

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last cycle, None where no flight is meant."""
        if self.first_cycle is None:
            return None
        return self.first_cycle, self.last_cycle or self.first_cycle

    @property
    def blocks(self) -> bool:
        """It keeps its delivery out; of one that a person let in it is only told."""
        return self.severity == "error" and self.delivery_state == "blocked"


@dataclass(frozen=True)
class Count:
    """What was found about one engine.

    Attributes:
        errors: of deliveries that they block; what a person let in is only told.
        warnings: all others.
        worst: the gravest of them in words.
    """

    errors: int
    warnings: int
    worst: str


def known(pinned: Pinned) -> pl.DataFrame:
    """All findings with what became of their delivery; newest first, errors before warnings."""
    return _known(pinned, pinned.version(ANOMALIES.name), pinned.version(DELIVERIES))


@cached(
    LRUCache(4),
    key=lambda pinned, anomalies, deliveries: (pinned.lake, anomalies, deliveries),
    lock=RLock(),
)
def _known(pinned: Pinned, _anomalies: int | None, _deliveries: int | None) -> pl.DataFrame:
    found = pinned.scan(ANOMALIES.name).select(*ANOMALIES.column_names).collect("polars")
    wanted = ("delivery_id", "state", "source")
    of = pinned.scan(DELIVERIES).select(*wanted).collect("polars").to_native()
    named = of.rename({"state": "delivery_state"})
    frame: pl.DataFrame = found.to_native().join(named, on="delivery_id", how="left")
    order = ("severity", "type", "column", "engine", "first_cycle", "anomaly_id")
    return frame.with_columns(pl.col("delivery_state", "source").fill_null("")).sort(
        "found_at", *order, descending=[True, *(False for _ in order)], nulls_last=True
    )


def one(pinned: Pinned, anomaly_id: str) -> Anomaly | None:
    """One finding, None when there is none of that name."""
    rows = told(known(pinned).filter(pl.col("anomaly_id") == anomaly_id).head(1))
    return rows[0] if rows else None


def told(frame: pl.DataFrame) -> tuple[Anomaly, ...]:
    """Rows of :func:`known` as they are shown."""
    return tuple(Anomaly(**row) for row in frame.iter_rows(named=True))


def of_engine(pinned: Pinned, fleet: str, engine: str) -> tuple[Anomaly, ...]:
    """What stands against one engine: its own findings, and those of its whole fleet."""
    mine = _standing(pinned, fleet)
    hers = (pl.col("engine") == engine) | pl.col("engine").is_null()
    return told(mine.filter(hers))


@cached(
    LRUCache(32),
    key=lambda pinned, fleet: (
        pinned.lake,
        pinned.version(ANOMALIES.name),
        pinned.version(DELIVERIES),
        fleet,
    ),
    lock=RLock(),
)
def by_engine(pinned: Pinned, fleet: str) -> Mapping[str, Count]:
    """Engine to its own findings, for the engines that have any."""
    mine = _standing(pinned, fleet).filter(pl.col("engine").is_not_null())
    error = (pl.col("severity") == "error") & (pl.col("delivery_state") == "blocked")
    counted = mine.group_by("engine").agg(
        error.sum().alias("errors"),
        (~error).sum().alias("warnings"),
        pl.col("detail").sort_by(~error, maintain_order=True).first().alias("worst"),
    )
    return {str(row.pop("engine")): Count(**row) for row in counted.iter_rows(named=True)}


def _standing(pinned: Pinned, fleet: str) -> pl.DataFrame:
    mine = (pl.col("fleet") == fleet, pl.col("delivery_state").is_in(STANDING))
    return known(pinned).filter(*mine)


def counts_by_delivery(pinned: Pinned) -> pl.DataFrame:
    """delivery_id, errors and warnings of the deliveries that have any."""
    error = pl.col("severity") == "error"
    sums: list[Any] = [error.sum().alias("errors"), (~error).sum().alias("warnings")]
    return known(pinned).group_by("delivery_id").agg(*sums)
