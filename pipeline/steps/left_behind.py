"""Fleets whose silver has changed and that inference has not caught up with."""

import narwhals as nw

from lakehouse.engines import LogEntry
from lakehouse.tables import ENGINE_STATUS, SILVER
from pipeline.step import Step
from pipeline.steps.frames import collect


def left_behind(step: Step) -> set[str]:
    """Fleets whose silver a run changed that then failed: a snapshot must not tear them."""
    current = step.version(SILVER.name)
    status = step.read(ENGINE_STATUS.name).group_by("fleet").agg(nw.col("silver_version").min())
    behind = dict(collect(status).iter_rows())
    if current is None or not behind:
        return set()
    missed = step.home.lake.history(SILVER.name, current, current - min(behind.values()))
    return {
        fleet
        for entry in missed
        for fleet, seen in behind.items()
        if entry.version > seen and _concerns(entry, fleet)
    }


def _concerns(entry: LogEntry, fleet: str) -> bool:
    """Whether a commit to silver changed a fleet; a restore may have changed any."""
    by_fleet = f"/{SILVER.name}/{fleet}/" in str(entry.metadata.get("work"))
    return by_fleet or entry.operation == "RESTORE"
