"""Upkeep of the lake: compact, checkpoint, let old versions go, and keep what models are proven by.

A step under the publish lock, before the snapshot.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from lakehouse import VERSION
from lakehouse.clock import moment, now
from lakehouse.engines import upkeep
from lakehouse.journal import Journal
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.pins import model_pins, published_transforms
from lakehouse.requests import REQUESTS, MaintainRequest, RetrainRequest
from lakehouse.retention import FOREVER, kept, lost, needed, refused_transforms
from lakehouse.runs import Run, RunStore
from lakehouse.tables import FEATURES, FLEET_BAND, SILVER, TABLES
from lakehouse.writes import Commit
from pipeline.step import Step, Summary
from pipeline.steps.files import record_files

Document = dict[str, Any]


class MaintenanceError(ValueError):
    """Upkeep that must wait; the message says for what."""


def maintain(request: MaintainRequest, step: Step) -> Summary:
    """Compact, checkpoint and vacuum every table, and drop what refused candidates left.

    Returns:
        tidied (what was done to each table), dropped (transforms), kept (versions that the guard
        kept), lost (models that can no longer be proven, with what they miss).

    Raises:
        MaintenanceError: nothing is to be kept for a while, but other runs have not ended.
    """
    home, others = step.home, _other_runs(step)
    if others and not request.days:
        names = ", ".join(run.run_id for run in others)
        raise MaintenanceError(f"0 days while runs have not ended ({names}): wait, or keep a day")
    lake, metadata = home.lake, home.metadata
    pins = model_pins(metadata, home.settings.serving)
    kept_now = kept(lake, pins, request.days, now()) if request.guard else ()
    dropped = drop_refused(step, request.days, others)
    # Each attempt finds other files; only what was dropped is work that is done once.
    commit = step.commit(step.run.run_id)
    for table in TABLES:
        lake.compact(table, replace(commit, part=f"{commit.part}/compact"))
    record_files(lake, commit)
    held = needed(lake, pins if request.guard else ())
    for name, version in running_versions(step, others):
        held.setdefault(name, set()).add(version)
    tidied = [_tidied(step, name, held[name], request) for name in lake.versions()]
    for entry in kept_now:
        step.note(f"kept {entry.table}@{entry.version}: {', '.join(entry.models)} learned from it")
    return {
        "tidied": [done for done in tidied if done],
        "dropped": list(dropped),
        "kept": [asdict(entry) for entry in kept_now],
        "lost": [asdict(entry) for entry in lost(lake, pins)],
    }


def drop_refused(step: Step, days: int, others: tuple[Run, ...]) -> tuple[str, ...]:
    """Delete features and bands of candidates that were refused more than ``days`` ago."""
    lake, metadata = step.home.lake, step.home.metadata
    keep = published_transforms(metadata, step.home.settings.serving)
    keep |= _running_transforms(metadata, others)
    due = now() - timedelta(days=days)
    gone = refused_transforms(lake, FEATURES.name, keep, _judged(metadata), due)
    if gone:
        # Whoever makes the same transform again must write its features again.
        for name in gone:
            _forget(metadata, name)
        where = {"transform_id": list(gone)}
        for table in (FEATURES.name, FLEET_BAND.name):
            step.replace(table, lake.empty(table), where, part=step.run.run_id)
    return gone


def running_versions(step: Step, others: tuple[Run, ...]) -> set[tuple[str, int]]:
    """Table versions that runs which have not ended read, or will read when they go on."""
    found: set[tuple[str, int]] = set()
    for run in others:
        journal = Journal(step.home.settings.journals, run.run_id)
        for node in REQUESTS[run.kind].nodes:
            found |= set((journal.pins(node) or {}).items())
        if run.kind == RetrainRequest.workflow:
            found.add((SILVER.name, int(run.request["silver_version"])))
    return found


def _other_runs(step: Step) -> tuple[Run, ...]:
    """What is queued or running beside this run."""
    active = RunStore(step.home.settings).active()
    return tuple(run for run in active if run.run_id != step.run.run_id)


def _running_transforms(metadata: Metadata, others: tuple[Run, ...]) -> frozenset[str]:
    outputs = (
        used.artifact
        for run in others
        for done in metadata.run(run.run_id)
        for used in metadata.outputs(done)
    )
    return frozenset(a.name for a in outputs if a.type == "TransformGraph")


def _judged(metadata: Metadata) -> Mapping[str, datetime]:
    """Transform to when the last model of it was judged."""
    of_model = {
        str(model.properties["model_id"]): str(model.properties["transform_id"])
        for model in metadata.artifacts("Model")
    }
    found: dict[str, datetime] = {}
    for blessing in metadata.artifacts("ModelBlessing"):
        transform = of_model.get(str(blessing.properties["model_id"]))
        if transform is not None:
            found[transform] = moment(blessing.time)
    return found


def _forget(metadata: Metadata, transform: str) -> None:
    graph = metadata.artifact("TransformGraph", transform)
    for step in metadata.producers(graph) if graph is not None else ():
        if step.fingerprint and "#" not in step.fingerprint:
            metadata.forget(step)


def _tidied(step: Step, name: str, keep: set[int], request: MaintainRequest) -> Document | None:
    """What was done to one table; None where there was nothing to do."""
    lake = step.home.lake
    path = lake.path(name)
    step.progress(0.5, f"tidying {name}")
    with lake.alone():
        if name in FOREVER:
            upkeep.checkpoint(path)
            return None
        files = upkeep.vacuum(path, keep, request.days, _note(lake, name, step.commit("vacuum")))
        upkeep.checkpoint(path)
        expired = 0
        if request.log_days is not None:
            due = now() - timedelta(days=request.log_days)
            expired = upkeep.expire_log(path, min(keep), int(due.timestamp() * 1000))
    if not files and not expired:
        return None
    done = {"files_deleted": len(files), "bytes_deleted": sum(files.values())}
    return {"table": name} | done | {"log_entries_deleted": expired}


def _note(lake: Lake, name: str, commit: Commit) -> Document:
    """What the commits of a vacuum say: the content stays what it was."""
    version = lake.version(name)
    content = lake.content(name, 0 if version is None else version)
    known = {"run_id": commit.run_id, "node": commit.node, "who": commit.who, "inputs": {}}
    rows = {"rows_added": 0, "rows_removed": 0, "row_count": content.rows}
    return known | rows | {"code_version": VERSION, "content_sha256": content.sha256}
