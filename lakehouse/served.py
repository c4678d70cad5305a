"""Which model served a fleet when, as the snapshots say: what pages showed is what was live."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import narwhals as nw
import polars as pl

from lakehouse.lake import Lake
from lakehouse.snapshots import Pinned
from lakehouse.tables import PREDICTIONS, SNAPSHOTS


@dataclass(frozen=True)
class Period:
    """A time during which a model was live for a fleet.

    Attributes:
        fleet: the fleet.
        model_id: the model.
        seq: the first snapshot that shows it.
        run_id: the run that ended with that snapshot.
        start: when that was.
        end: when a snapshot first showed another one; None while it is live.
        predictions: how many were issued by it during that time.
    """

    fleet: str
    model_id: str
    seq: int
    run_id: str
    start: datetime
    end: datetime | None = None
    predictions: int = 0


def periods(lake: Lake, until: int | None = None) -> tuple[Period, ...]:
    """All periods of all fleets, oldest first, without predictions.

    Args:
        lake: holds the snapshots.
        until: only what the snapshots up to this one say; None for all.
    """
    rows = lake.scan(SNAPSHOTS.name).select("seq", "time", "run_id", "live")
    rows = rows if until is None else rows.filter(nw.col("seq") <= until)
    frame: pl.DataFrame = rows.sort("seq").collect("polars").to_native()
    changes = frame.filter(pl.col("live").ne_missing(pl.col("live").shift()))
    found: list[Period] = []
    current: dict[str, int] = {}
    for seq, time, run_id, text in changes.iter_rows():
        live: dict[str, str] = json.loads(text)
        for fleet, place in list(current.items()):
            if live.get(fleet) != found[place].model_id:
                found[place] = replace(found[place], end=time)
                del current[fleet]
        for fleet in sorted(live.keys() - current.keys()):
            current[fleet] = len(found)
            found.append(Period(fleet, live[fleet], seq, run_id, time))
    return tuple(found)


def counted(pinned: Pinned, served: Iterable[Period]) -> tuple[Period, ...]:
    """The same periods with the predictions that were issued in each.

    A model issues only while it serves, and a push issues before its snapshot is taken: so a
    prediction belongs to its model's first period that ends after it.
    """
    served = tuple(served)
    keys = ("fleet", "model_id", "predicted_at")
    rows = pinned.scan(PREDICTIONS.name).group_by(*keys).agg(nw.len().alias("rows"))
    issued: pl.DataFrame = rows.collect("polars").to_native()
    ends = [one.end or datetime.max.replace(tzinfo=UTC) for one in served]
    columns = {
        "fleet": [one.fleet for one in served],
        "model_id": [one.model_id for one in served],
        "end": pl.Series(ends, dtype=issued.schema["predicted_at"]),
        "place": pl.Series(range(len(served)), dtype=pl.Int64),
    }
    ended = pl.DataFrame(columns, schema_overrides=dict.fromkeys(keys[:2], pl.String)).sort("end")
    matched = issued.sort("predicted_at").join_asof(
        ended,
        left_on="predicted_at",
        right_on="end",
        by=list(keys[:2]),
        strategy="forward",
        check_sortedness=False,
    )
    sums = dict(matched.group_by("place").agg(pl.col("rows").sum()).iter_rows())
    return tuple(replace(one, predictions=sums.get(at, 0)) for at, one in enumerate(served))


def served_before(served: Iterable[Period], fleet: str, model_id: str) -> str | None:
    """The model that last served a fleet before ``model_id`` did, None when none has."""
    mine = [one.model_id for one in served if one.fleet == fleet and one.model_id != model_id]
    return mine[-1] if mine else None
