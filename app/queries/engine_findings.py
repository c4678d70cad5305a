"""What was found about one engine, at the flights that it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw

from app.queries import anomalies
from app.queries.anomalies import Anomaly
from lakehouse.snapshots import Pinned
from lakehouse.tables import READINGS

Span = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """One anomaly as it concerns one engine.

    Attributes:
        anomaly: what was found.
        span: the engine's flights that it is about, None when it is about no flight.
    """

    anomaly: Anomaly
    span: Span | None


def marks(pinned: Pinned, fleet: str, engine: str, brought: Mapping[str, Span]) -> tuple[Mark, ...]:
    """What stands against an engine, what blocks first.

    A finding about several engines concerns this one if its delivery brought flights of it.

    Args:
        pinned: the lake.
        fleet: the fleet.
        engine: the engine.
        brought: delivery to its first and last flight of the engine that silver has.
    """
    found = anomalies.of_engine(pinned, fleet, engine)
    several = {str(each.delivery_id) for each in found if each.engine is None}
    spans = {**_delivered(pinned, (fleet, engine), several - set(brought)), **brought}
    told = [Mark(each, each.span) for each in found if each.engine is not None]
    told += [
        Mark(each, _inside(each.span, spans[str(each.delivery_id)]))
        for each in found
        if each.engine is None and str(each.delivery_id) in spans
    ]
    return tuple(sorted(told, key=lambda mark: not mark.anomaly.blocks))


def _delivered(pinned: Pinned, name: tuple[str, str], ids: set[str]) -> dict[str, Span]:
    """First and last flight of the engine in deliveries that silver has nothing of."""
    if not ids:
        return {}
    fleet, engine = name
    hers = (nw.col("fleet") == fleet, nw.col("engine") == engine)
    rows = pinned.scan(READINGS.name).filter(*hers, nw.col("delivery_id").is_in(sorted(ids)))
    ends = (nw.col("cycle").min().alias("first"), nw.col("cycle").max().alias("last"))
    found = rows.group_by("delivery_id").agg(*ends).collect("polars")
    return {row["delivery_id"]: (row["first"], row["last"]) for row in found.rows(named=True)}


def _inside(span: Span | None, brought: Span) -> Span | None:
    if span is None:
        return None
    first, last = max(span[0], brought[0]), min(span[1], brought[1])
    return (first, last) if first <= last else None
