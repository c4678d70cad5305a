"""What a run can be asked for: fleets with their engines, the data it would learn from."""

from collections import defaultdict
from dataclasses import dataclass

import narwhals as nw

from lakehouse.snapshots import Pinned


@dataclass(frozen=True)
class Fleet:
    """One fleet as the retrain form shows it.

    Attributes:
        name: the fleet.
        failed: engines whose failure is known: what a model learns from.
        in_service: engines that still fly.
        live_model: the model that is live, empty while there is none.
    """

    name: str
    failed: int
    in_service: int
    live_model: str


@dataclass(frozen=True)
class EngineState:
    """Where one engine stands: in service or failed, its newest cycle, the cycle it failed at."""

    state: str
    cycle: int
    failed_at: int | None


def fleets(pinned: Pinned) -> tuple[Fleet, ...]:
    """The fleets of the lake, by name."""
    counted = (
        pinned.scan("gold/engine_status")
        .group_by("fleet", "state")
        .agg(nw.len().alias("engines"))
        .collect("polars")
    )
    engines: dict[str, dict[str, int]] = defaultdict(dict)
    for row in counted.rows(named=True):
        engines[row["fleet"]][row["state"]] = row["engines"]
    live = pinned.snapshot.live
    return tuple(
        Fleet(name, count.get("failed", 0), count.get("in_service", 0), live.get(name, ""))
        for name, count in sorted(engines.items())
    )


def engine_state(pinned: Pinned, fleet: str, engine: str) -> EngineState | None:
    """One engine's state, None when there is no such engine."""
    found = (
        pinned.scan("gold/engine_status")
        .filter(nw.col("fleet") == fleet, nw.col("engine") == engine)
        .select("state", "cycle", "failed_at")
        .collect("polars")
        .rows(named=True)
    )
    return EngineState(**found[0]) if found else None
