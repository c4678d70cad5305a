"""Restore: silver as it was at an earlier version, by deciding anew what was decided since.

Silver follows from the deliveries that are accepted and the corrections that hold. A version put
back without them would be undone, an engine at a time, by whatever is cleaned next. So what was
decided since is decided back first, and only what then follows is put in place.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl

from lakehouse.cleaning import by_flight, clean
from lakehouse.commits import DeltaLog
from lakehouse.corrections import CELL, no_restore, standing
from lakehouse.lake import Lake
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import RestoreRequest
from lakehouse.retention import missing
from lakehouse.snapshots import Pinned, pin
from lakehouse.tables import DELIVERIES, READINGS, SILVER, SNAPSHOTS
from pipeline.components.bulk_inferrer import changed_engines
from pipeline.step import Step, Summary
from pipeline.steps.correct import correction_id, write_down
from pipeline.steps.frames import collect, lazy
from pipeline.steps.review import forget_normals

Words = list[dict[str, Any]]


class RestoreError(ValueError):
    """A version that cannot be restored; the message says why."""


def restore(request: RestoreRequest, step: Step) -> Summary:
    """Decide back what was decided since a version of silver, and make it the newest one.

    Raises:
        RestoreError: the table is not restored, or the version cannot be read or is no state that
            ever was shown.
    """
    why = no_restore(request.table)
    if why:
        raise RestoreError(why)
    then = _snapshot_of(request.version, step)
    now = collect(step.read(DELIVERIES.name))
    deliveries = decided_back(now, collect(then.scan(DELIVERIES.name)), step.run.who, request)
    name = correction_id(step)
    said = collect(step.read(CORRECTIONS.name))
    words = list(said_back(said, collect(then.scan(CORRECTIONS.name)), name))
    touched = _touched(step, request, now.update(deliveries, on="delivery_id"), said, words)
    marks = [
        row | {"correction_id": name, "action": "restore"} for row in touched.iter_rows(named=True)
    ]
    reason = f"back to {request.table}@{request.version}: {request.reason}"
    rows = write_down(step, name, reason, [*words, *marks])
    step.merge(DELIVERIES.name, lazy(deliveries))
    step.restore(SILVER.name, request.version)
    fleets = sorted({*rows["fleet"], *deliveries["fleet"]})
    for fleet in fleets:
        forget_normals(step, fleet, fleet)
    step.note(f"{reason} ({len(rows)} engines, {len(deliveries)} deliveries, {len(words)} words)")
    told = {"correction_id": name, "table": request.table, "version": request.version}
    changed = dict(deliveries.select("delivery_id", "state").iter_rows())
    return told | {"engines": rows.height, "deliveries": changed, "fleets": fleets}


def decided_back(
    now: pl.DataFrame, then: pl.DataFrame, who: str, request: RestoreRequest
) -> pl.DataFrame:
    """The deliveries that were not accepted then and are now, or the other way round.

    Args:
        now: bronze/deliveries.
        then: the same at the version that is restored.
        who: who asked for it.
        request: says why.

    Returns:
        Their rows with the state that they are to have.
    """
    before = then.select("delivery_id", before=pl.col("state") == "accepted")
    state, was = pl.col("state"), pl.col("before").fill_null(False)
    goes, comes = (state == "accepted") & ~was, state.is_in(["withdrawn", "blocked"]) & was
    changed = now.join(before, on="delivery_id", how="left").filter(
        pl.col("kind") != "truth", goes | comes
    )
    reason = f"{who}: back to {request.table}@{request.version}: {request.reason}"
    after = pl.when("before").then(pl.lit("accepted")).otherwise(pl.lit("withdrawn"))
    return changed.with_columns(state=after, reason=pl.lit(reason)).select(now.columns)


def said_back(now: pl.DataFrame, then: pl.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    """What has to be said so that the corrections that held then hold again, and no others.

    Args:
        now: bronze/corrections.
        then: the same at the version that is restored.
        name: names what is said here.

    Yields:
        Rows of bronze/corrections, without who, why and when.
    """
    held, same = standing(then), [*CELL, "new_value"]
    since = now.filter(pl.col("correction_id").is_in(_alive(now) - _alive(then)))
    # What says again what held then may stay.
    other = since.join(held, on=same, how="anti", nulls_equal=True)["correction_id"]
    wrong = sorted(set(other))
    for number, word in enumerate(wrong, 1):
        stamp = {"correction_id": f"{name}-{number}", "action": "retract", "retracts": word}
        for row in now.filter(pl.col("correction_id") == word).select(CELL).iter_rows(named=True):
            yield row | stamp
    left = standing(now.filter(~pl.col("correction_id").is_in(wrong)))
    again = held.join(left, on=same, how="anti", nulls_equal=True)
    # Somebody takes back what was said of one engine, not of others.
    engines = again.select("fleet", "engine").unique().sort("fleet", "engine").rows()
    numbers = {engine: number for number, engine in enumerate(engines, 1)}
    for row in again.select(*CELL, "action", "old_value", "new_value").iter_rows(named=True):
        number = numbers[row["fleet"], row["engine"]]
        yield row | {"correction_id": f"{name}-again-{number}"}


def _alive(corrections: pl.DataFrame) -> set[str]:
    """Ids of the corrections that nobody took back."""
    back = corrections.filter(pl.col("action") == "retract")["retracts"]
    said = corrections.filter(pl.col("action").is_in(["correct", "withdraw"]))
    return set(said["correction_id"]) - set(back)


def _snapshot_of(version: int, step: Step) -> Pinned:
    """The first snapshot that shows what silver was at a version."""
    lake, current = step.home.lake, step.pin(SILVER.name)
    if current is None or version > current:
        raise RestoreError(f"{SILVER.name} has no version {version}: the newest is {current}")
    _check(lake, SILVER.name, version)
    for seq in collect(lake.scan(SNAPSHOTS.name).select("seq").sort("seq"))["seq"]:
        found = pin(lake, seq)
        shown = found.version(SILVER.name)
        if shown is None or shown < version:
            continue
        if lake.content(SILVER.name, shown) != lake.content(SILVER.name, version):
            break
        for name in (DELIVERIES.name, CORRECTIONS.name):
            _check(lake, name, found.version(name))
        return found
    told = f"{SILVER.name}@{version} was written half way through a run and never shown"
    raise RestoreError(f"{told}: choose a version that a snapshot names")


def _check(lake: Lake, name: str, version: int | None) -> None:
    why = "" if version is None else missing(DeltaLog(lake.path(name)), version)
    if why:
        raise RestoreError(f"{name}@{version} can no longer be read: {why}")


def _touched(
    step: Step,
    request: RestoreRequest,
    deliveries: pl.DataFrame,
    said: pl.DataFrame,
    words: Words,
) -> pl.DataFrame:
    """The engines that the restore changes, with the first cycle of each that differs.

    Raises:
        RestoreError: what follows from the decisions of that time is not that version.
    """
    lake, version = step.home.lake, request.version
    decided = lake.frame(deliveries.select("delivery_id", "state", "received_at"))
    wide = by_flight(standing(_with(said, words)))
    corrections = None if wide is None else lake.frame(wide)
    wanted = clean(step.read(READINGS.name), decided, step.home.profile, corrections)
    then = lake.content(SILVER.name, version)
    if lake.digest(wanted) != then:
        raise RestoreError(
            f"what was delivered and decided then does not give {SILVER.name}@{version} any more:"
            " `stillwater verify --deep` says whether something was changed from outside"
        )
    now = step.read(SILVER.name, step.pin(SILVER.name))
    done = lake.did(SILVER.name, step.commit("all"))
    if not done and lake.content(SILVER.name, step.pin(SILVER.name) or 0) == then:
        raise RestoreError(f"{SILVER.name} is what it was at version {version} already")
    return collect(changed_engines(now, lake.scan(SILVER.name, version))).sort("fleet", "engine")


def _with(said: pl.DataFrame, words: Words) -> pl.DataFrame:
    """What would be in bronze/corrections if these words were said after all others."""
    if not words:
        return said
    latest = pl.DataFrame(words, schema=said.schema)
    after = pl.lit(said["corrected_at"].max()) + timedelta(microseconds=1)
    return pl.concat([said, latest.with_columns(corrected_at=after)])
