"""Where an engine's newest sentence comes from: model, table versions, runs, delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached

from app.queries.deliveries import file_name
from app.queries.fleet import EngineRow
from app.queries.forecasts import Forecasts
from lakehouse.snapshots import Pinned

FEATURES = "gold/features"
SILVER = "silver/readings"
DELIVERIES = "bronze/deliveries"
LOOK_BACK = 20


@dataclass(frozen=True)
class Link:
    """One link of the chain: what it is called, the run that made it, and the table version.

    ``table`` is empty for what is no table version.
    """

    label: str
    run_id: str = ""
    table: str = ""
    version: int = 0


@dataclass(frozen=True)
class Provenance:
    """The chain behind the newest forecast; a part is None where nothing was written down.

    Attributes:
        model: the model that said it.
        features: version of gold/features that it read.
        silver: version of silver/readings that those features were made from.
        delivery: what the engine's newest flight came in.
        run_id: the run that said it.
        predicted_at: when.
    """

    model: str | None = None
    features: Link | None = None
    silver: Link | None = None
    delivery: Link | None = None
    run_id: str | None = None
    predicted_at: datetime | None = None


def provenance(
    pinned: Pinned, said: Forecasts, row: EngineRow, delivery_id: str | None
) -> Provenance:
    """The chain behind the newest forecast of ``row``."""
    newest = said.newest if row.model_id else None
    version = newest.features_version if newest else None
    note = _note(pinned, FEATURES, version)
    silver = note.get("inputs", {}).get(SILVER)
    return Provenance(
        model=row.model_id,
        features=_table(pinned, FEATURES, version),
        silver=_table(pinned, SILVER, silver),
        delivery=_delivery(pinned, delivery_id),
        run_id=newest.run_id if newest else row.run_id,
        predicted_at=newest.predicted_at if newest else row.predicted_at,
    )


def _table(pinned: Pinned, table: str, version: int | None) -> Link | None:
    if version is None:
        return None
    run_id = str(_note(pinned, table, version).get("run_id", ""))
    return Link(f"v{version}", run_id, table, version)


def _note(pinned: Pinned, table: str, version: int | None) -> Mapping[str, Any]:
    return {} if version is None else _written(pinned, table, version)


@cached(
    LRUCache(256),
    key=lambda pinned, table, version: (pinned.lake, table, version),
    lock=RLock(),
)
def _written(pinned: Pinned, table: str, version: int) -> Mapping[str, Any]:
    """What the commit that wrote the rows of a version noted; a compaction writes none."""
    notes = (entry.metadata for entry in pinned.lake.history(table, version, LOOK_BACK))
    return next((note for note in notes if note.get("run_id") and note.get("inputs")), {})


def _delivery(pinned: Pinned, delivery_id: str | None) -> Link | None:
    found = _deliveries(pinned).get(delivery_id or "")
    return Link(*found) if found else None


@cached(LRUCache(8), key=lambda pinned: (pinned.lake, pinned.version(DELIVERIES)), lock=RLock())
def _deliveries(pinned: Pinned) -> Mapping[str, tuple[str, str]]:
    rows = pinned.scan(DELIVERIES).select("delivery_id", "source", "member", "run_id")
    found = rows.collect("polars").iter_rows()
    return {key: (file_name(source, member), run or "") for key, source, member, run in found}
