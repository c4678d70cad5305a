"""Upkeep of the lake: compact, checkpoint, let old versions go, and keep what models are proven by.

To be run as a step under the publish lock, before the snapshot.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse import VERSION
from lakehouse.clock import now
from lakehouse.engines import upkeep
from lakehouse.history import DAYS
from lakehouse.journal import Journal
from lakehouse.lake import Commit, Lake
from lakehouse.metadata import Metadata
from lakehouse.pins import model_pins, published_transforms
from lakehouse.requests import REQUESTS, RetrainRequest
from lakehouse.retention import kept, lost, needed, refused_transforms
from lakehouse.runs import RunStore
from lakehouse.tables import FEATURES, FLEET_BAND, SILVER, TABLES
from pipeline.home import Home
from pipeline.steps.files import record_files

Document = dict[str, Any]


@dataclass(frozen=True)
class Upkeep:
    """What maintenance is to do.

    Attributes:
        days: a version that nothing needs is kept so long after it was replaced.
        guard: keep the versions that published models learned from; without it their proof goes.
        log_days: log entries behind all that is needed are kept so long; None: for good.
    """

    days: int = DAYS
    guard: bool = True
    log_days: int | None = None


def maintain(home: Home, what: Upkeep, commit: Commit) -> Document:
    """Compact, checkpoint and vacuum every table, and drop what refused candidates left.

    Returns:
        tables (what was done to each), dropped (transforms), kept (versions that the guard kept),
        lost (models that can no longer be proven, with what they miss).
    """
    lake, metadata = home.lake, home.metadata
    pins = model_pins(metadata, home.settings.serving)
    time = now()
    kept_now = kept(lake, pins, what.days, time) if what.guard else ()
    dropped = drop_refused(home, what.days, commit)
    for table in TABLES:
        lake.compact(table, replace(commit, part=f"{commit.part}/compact"))
    record_files(lake, commit)
    held = needed(lake, pins if what.guard else ())
    for name, version in running_versions(home):
        held.setdefault(name, set()).add(version)
    tables = [_tidied(lake, name, held[name], what, commit) for name in lake.versions()]
    return {
        "tables": [done for done in tables if done],
        "dropped": list(dropped),
        "kept": [asdict(entry) for entry in kept_now],
        "lost": [asdict(entry) for entry in lost(lake, pins)],
    }


def drop_refused(home: Home, days: int, commit: Commit) -> tuple[str, ...]:
    """Delete features and bands of candidates that were refused more than ``days`` ago."""
    lake, metadata = home.lake, home.metadata
    keep = published_transforms(metadata, home.settings.serving) | _running_transforms(home)
    due = now() - timedelta(days=days)
    gone = refused_transforms(lake, FEATURES.name, keep, _judged(metadata), due)
    if gone:
        # Whoever makes the same transform again must write its features again.
        for name in gone:
            _forget(metadata, name)
        where = {"transform_id": list(gone)}
        for table in (FEATURES.name, FLEET_BAND.name):
            lake.replace(table, lake.empty(table), where, commit)
    return gone


def running_versions(home: Home) -> set[tuple[str, int]]:
    """Table versions that runs which have not ended read, or will read when they go on."""
    found: set[tuple[str, int]] = set()
    for run in RunStore(home.settings).active():
        journal = Journal(home.settings.journals, run.run_id)
        for node in REQUESTS[run.kind].nodes:
            found |= set((journal.pins(node) or {}).items())
        if run.kind == RetrainRequest.workflow:
            found.add((SILVER.name, int(run.request["silver_version"])))
    return found


def _running_transforms(home: Home) -> frozenset[str]:
    outputs = (
        used.artifact
        for run in RunStore(home.settings).active()
        for step in home.metadata.run(run.run_id)
        for used in home.metadata.outputs(step)
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
            found[transform] = datetime.fromtimestamp(blessing.time / 1000, UTC)
    return found


def _forget(metadata: Metadata, transform: str) -> None:
    graph = metadata.artifact("TransformGraph", transform)
    for step in metadata.producers(graph) if graph is not None else ():
        if step.fingerprint and "#" not in step.fingerprint:
            metadata.forget(step)


def _tidied(lake: Lake, name: str, keep: set[int], what: Upkeep, commit: Commit) -> Document | None:
    """What was done to one table; None where there was nothing to do."""
    path = lake.path(name)
    files = upkeep.vacuum(path, keep, what.days, _note(lake, name, commit))
    upkeep.checkpoint(path)
    expired = 0
    if what.log_days is not None:
        due = now() - timedelta(days=what.log_days)
        expired = upkeep.expire_log(path, min(keep), int(due.timestamp() * 1000))
    if not files and not expired:
        return None
    done = {"files_deleted": len(files), "bytes_deleted": sum(files.values())}
    return {"table": name} | done | {"log_entries_deleted": expired}


def _note(lake: Lake, name: str, commit: Commit) -> str:
    """What the commits of a vacuum say: the content stays what it was."""
    version = lake.version(name)
    content = lake.content(name, 0 if version is None else version)
    known = {"run_id": commit.run_id, "node": commit.node, "who": commit.who, "inputs": {}}
    rows = {"rows_added": 0, "rows_removed": 0, "row_count": content.rows}
    note = known | rows | {"code_version": VERSION, "content_sha256": content.sha256}
    return json.dumps(note, sort_keys=True)
