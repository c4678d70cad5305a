"""People's corrections: which hold, which forecasts they outdate, and what cannot be done."""

from collections.abc import Iterator, Mapping
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.digests import chained_digests
from lakehouse.profiles import Profile
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import CorrectRequest
from lakehouse.snapshots import Pinned

RESTORED = "silver/readings"
_ARRIVED = "it keeps what arrived: quarantine a delivery (stillwater review DELIVERY quarantine)"
_FOLLOWS = f"it follows from {RESTORED} and the live model: restore {RESTORED}"
_BOOKS = "it is the lake's own book-keeping"
# Why every other table is not restored, and what to do instead.
NOT_RESTORED = {
    "bronze/deliveries": f"{_ARRIVED}, or restore {RESTORED}, which decides on deliveries",
    "bronze/readings": _ARRIVED,
    "bronze/quarantine": _ARRIVED,
    "bronze/truth": _ARRIVED,
    "bronze/failures": "it keeps what was said: take a report back (stillwater report retract)",
    "bronze/corrections": "it keeps what was said: take it back (stillwater correct --retract)",
    "gold/features": _FOLLOWS,
    "gold/fleet_band": _FOLLOWS,
    "gold/backfill": _FOLLOWS,
    "gold/engine_status": _FOLLOWS,
    "gold/predictions": f"what was issued stays: restore {RESTORED}, and new ones are issued",
    "quality/anomalies": "it keeps what was found: decide on the delivery (stillwater review)",
    "quality/schemas": "it keeps every schema: accept an earlier one (stillwater schema)",
    "quality/normals": _FOLLOWS,
    "ops/limits": "it keeps every limit: set an earlier one again (stillwater limit)",
    "ops/snapshots": _BOOKS,
    "ops/files": _BOOKS,
}
CELL = ("fleet", "engine", "cycle", "column")
Flight = Mapping[str, Any]


def standing(corrections: pl.DataFrame) -> pl.DataFrame:
    """The corrections that hold: not taken back, and of each value and flight the newest.

    Args:
        corrections: rows of bronze/corrections.
    """
    back = corrections.filter(pl.col("action") == "retract")["retracts"]
    said = corrections.filter(
        pl.col("action").is_in(["correct", "withdraw"]),
        ~pl.col("correction_id").is_in(back.implode()),
    )
    newest = said.sort("corrected_at", "correction_id")
    return newest.unique(CELL, keep="last", maintain_order=True)


def of_engine(pinned: Pinned, fleet: str, engine: str) -> pl.DataFrame:
    """All that people said of one engine's rows: rows of bronze/corrections, oldest first."""
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine)
    rows: pl.DataFrame = pinned.scan(CORRECTIONS.name).filter(*mine).collect("polars").to_native()
    return rows.sort("corrected_at", "correction_id", "cycle", "column")


def outdated_by(
    pinned: Pinned, profile: Profile, engine: tuple[str, str], said: pl.DataFrame
) -> list[tuple[str, ...]]:
    """Which decisions of people since then make predictions those of rows that are no more.

    Cheap: the rows of an engine are hashed only if somebody ever decided about them.

    Args:
        pinned: the lake as it is looked at.
        profile: names the columns.
        engine: fleet and engine.
        said: cycle, input_digest and predicted_at of issued predictions of that engine.

    Returns:
        For each prediction the correction_id of the decisions on rows up to its cycle, oldest
        first; none where its rows are what they were, or nobody decided anything since.
    """
    decisions = of_engine(pinned, *engine)
    if decisions.is_empty():
        return [()] * said.height
    mine = (nw.col("fleet") == engine[0], nw.col("engine") == engine[1])
    rows = pinned.scan(RESTORED).filter(*mine).collect("polars").to_native()
    digests = chained_digests(rows, profile)
    now = dict(digests.select("cycle", "input_digest").iter_rows())
    found = []
    for cycle, digest, at in said.select("cycle", "input_digest", "predicted_at").iter_rows():
        since = decisions.filter(pl.col("corrected_at") > at, pl.col("cycle") <= cycle)
        ids = since["correction_id"].unique(maintain_order=True)
        found.append(() if now.get(cycle) == digest else tuple(ids))
    return found


def refusal(
    request: CorrectRequest, flights: pl.DataFrame, said: pl.DataFrame, profile: Profile
) -> str:
    """Why rows cannot be corrected so, in words; empty when they can.

    Args:
        request: what is asked for.
        flights: rows of silver/readings of the engine, as they stand.
        said: rows of bronze/corrections of the engine.
        profile: names the columns.
    """
    if request.action == "retract":
        return _not_retracted(request, said)
    first, last = request.cycle, request.until or request.cycle
    found = flights.filter(pl.col("cycle").is_between(first, last))
    if found.is_empty():
        where = f"{request.fleet}/{request.engine}@{first}" + (f"-{last}" if last != first else "")
        return f"silver has no flight {where}: it never came, is blocked or was withdrawn"
    return next(_faults(request, found.row(0, named=True), profile), "")


def _not_retracted(request: CorrectRequest, said: pl.DataFrame) -> str:
    name = str(request.retracts)
    mine = said.filter(pl.col("correction_id") == name)
    if mine.is_empty():
        return f"there is no correction {name} of {request.fleet}/{request.engine}"
    action = mine["action"][0]
    if action == "restore":
        return f"{name} restored a version: restore the version before it instead"
    if action == "retract":
        return f"{name} is a retraction: correct the rows again instead"
    if name in said["retracts"]:
        return f"{name} was taken back before"
    return ""


def _faults(request: CorrectRequest, flight: Flight, profile: Profile) -> Iterator[str]:
    for column, change in request.changes.items():
        place = f"{column} of {request.fleet}/{request.engine}@{request.cycle}"
        if column not in profile.signal_names:
            yield f"there is no column {column!r}. Known: {', '.join(profile.signal_names)}"
        elif flight[column] != change.old:
            yield (
                f"{place} reads {value_text(flight[column])} now, not {value_text(change.old)}:"
                " somebody changed it meanwhile. Look at it again before you correct it"
            )
        elif change.new == change.old:
            yield f"{place} reads {value_text(change.new)} already"


def no_restore(table: str) -> str:
    """Why a table is not restored and what to do instead, empty where it can be."""
    if table == RESTORED:
        return ""
    if table not in NOT_RESTORED:
        return f"there is no table {table}"
    return f"{table} cannot be restored: {NOT_RESTORED[table]}"


def value_text(value: float | None) -> str:
    """A value as messages write it."""
    return "nothing usable" if value is None else f"{value:.10g}"
