"""What a proof looks at: lake, metadata store, published folders, run records and audit log.

One object serves many predictions: whatever several of them stand on is looked at once. It is made
for one look and then thrown away, so that each look is at what is there now.
"""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import narwhals as nw
import polars as pl
from polars.exceptions import PanicException

from lakehouse.artifacts import BrokenArtifactError, check
from lakehouse.audit import AuditLog, Entry
from lakehouse.engines.local import no_rows
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.profiles import Profile
from lakehouse.proof.chain import Finding, broken, sound
from lakehouse.proof.versions import Versions
from lakehouse.records import Artifact, Execution, Used
from lakehouse.runs import Run, RunError, RunStore
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned, Snapshot, pin, shown_first
from lakehouse.tables import READINGS, TABLES

_T = TypeVar("_T")


class Evidence:
    """One home while it is looked at.

    Attributes:
        settings: name the home.
        profile: names the measured columns.
        lake: its tables.
        metadata: its metadata store.
        runs: its run records.
        versions: its tables' versions.
        pinned: the lake as pages see it now.
    """

    def __init__(self, settings: Settings, profile: Profile, lake: Lake, runs: RunStore) -> None:
        self.settings, self.profile, self.lake, self.runs = settings, profile, lake, runs
        self.metadata = Metadata(settings.metadata)
        self.versions = Versions(lake, self.metadata)
        self.pinned = self._pinned()
        self._known: dict[tuple[str, Hashable], Any] = {}

    def once(self, what: str, key: Hashable, make: Callable[[], _T]) -> _T:
        """What ``make`` gives, made the first time that it is asked for."""
        if (what, key) not in self._known:
            self._known[what, key] = make()
        found: _T = self._known[what, key]
        return found

    def artifact(self, kind: str, name: str) -> Artifact | None:
        """The recorded artifact of that type and name."""
        return self.once("artifact", (kind, name), lambda: self.metadata.artifact(kind, name))

    def artifacts(self, kind: str) -> tuple[Artifact, ...]:
        """All recorded artifacts of a type, oldest first."""
        return self.once("artifacts", kind, lambda: self.metadata.artifacts(kind))

    def producer(self, artifact: Artifact) -> Execution | None:
        """The first step that wrote an artifact."""
        return self.once("producer", artifact.id, lambda: self.metadata.producer(artifact))

    def inputs(self, step: Execution) -> tuple[Used, ...]:
        """What a step read."""
        return self.once("inputs", step.id, lambda: self.metadata.inputs(step))

    def outputs(self, step: Execution) -> tuple[Used, ...]:
        """What a step wrote."""
        return self.once("outputs", step.id, lambda: self.metadata.outputs(step))

    def steps(self, run_id: str) -> tuple[Execution, ...]:
        """The recorded steps of a run, in order."""
        return self.once("steps", run_id, lambda: self.metadata.run(run_id))

    def run(self, run_id: str) -> Run | None:
        """The record of a run, None where there is none."""
        return self.once("run", run_id, lambda: self._run(run_id))

    def askers(self, run_id: str) -> frozenset[str]:
        """Who asked for a run, as the audit log tells; nobody where it says nothing of the run."""
        return frozenset(entry.actor for entry in self._queued().get(run_id, ()))

    def folder(self, artifact: Artifact) -> Finding:
        """Whether a published folder is what its manifest and ML Metadata say."""
        return self.once("folder", artifact.uri, lambda: _folder(self.settings.home, artifact))

    def audit(self) -> Finding:
        """Whether the audit log is whole."""
        return self.once("audit", (), lambda: _audit(self.settings))

    def rows(
        self, table: str, version: int, engine: tuple[str, str] | None = None
    ) -> pl.DataFrame | None:
        """One engine's rows of a table at a version, or all; None where they cannot be read."""

        def read() -> pl.DataFrame | None:
            try:
                rows = self.lake.scan(table, version)
                if engine is not None:
                    mine = (nw.col("fleet") == engine[0], nw.col("engine") == engine[1])
                    rows = rows.filter(*mine)
                return collected(rows)
            # A file that polars cannot read ends in a panic, which is no Exception.
            except (Exception, PanicException):
                return None

        return self.once("rows", (table, version, engine), read)

    def table(self, name: str) -> pl.DataFrame:
        """All rows of a small table, as pages see it now; none where it cannot be read."""
        read = partial(_collected_or_none, partial(self.pinned.scan, name))
        found = self.once("table", name, read)
        return no_rows(TABLES[name]) if found is None else found

    def delivered(self, delivery_id: str) -> int | None:
        """How many records of a delivery bronze holds now; None where it cannot be read."""
        counted = self.once("delivered", (), self._delivered)
        return None if counted is None else counted.get(delivery_id, 0)

    def shown(self, time: datetime) -> Snapshot | None:
        """The first snapshot since a moment; None where there is none, or they cannot be read."""
        if self.versions.books.faults:
            return None
        return self.once("shown", time, lambda: shown_first(self.lake, time))

    def _pinned(self) -> Pinned:
        """The newest snapshot; the newest versions where the snapshots cannot be read."""
        if self.versions.books.faults:
            return Pinned(self.lake, Snapshot(versions=self.lake.versions()))
        return pin(self.lake)

    def _delivered(self) -> Mapping[str, int] | None:
        def by_delivery() -> nw.LazyFrame[Any]:
            rows = self.pinned.scan(READINGS.name).group_by("delivery_id")
            return rows.agg(nw.len().alias("rows"))

        counts = _collected_or_none(by_delivery)
        return None if counts is None else dict(counts.iter_rows())

    def _queued(self) -> Mapping[str, list[Entry]]:
        """The entries of the audit log that join what was asked for with its run, by run."""

        def read() -> Mapping[str, list[Entry]]:
            found: dict[str, list[Entry]] = {}
            for entry in AuditLog(self.settings.audit).read():
                if entry.action == "queue":
                    found.setdefault(entry.object, []).append(entry)
            return found

        return self.once("queued", (), read)

    def _run(self, run_id: str) -> Run | None:
        try:
            return self.runs.run(run_id)
        except RunError:
            return None


def collected(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """A frame in this process."""
    rows: pl.DataFrame = frame.collect("polars").to_native()
    return rows


def _collected_or_none(ask: Callable[[], nw.LazyFrame[Any]]) -> pl.DataFrame | None:
    """What is asked for; None where its log or a file of it cannot be read."""
    try:
        return collected(ask())
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException):
        return None


def _folder(home: Path, artifact: Artifact) -> Finding:
    try:
        files = check(home / artifact.uri, artifact.files_sha256)
    except BrokenArtifactError as error:
        where, _, detail = str(error).rpartition(": ")
        return broken(Path(where).relative_to(home).as_posix(), detail)
    count = "its file hashes" if len(files) == 1 else f"all {len(files)} files hash"
    return sound(f"{artifact.uri}: {count} as published")


def _audit(settings: Settings) -> Finding:
    verdict = AuditLog(settings.audit).verify()
    if not verdict.ok:
        return broken(f"audit/audit.jsonl#{verdict.first_bad}", verdict.detail)
    return sound(f"all {verdict.entries:,} entries of the audit log follow from each other")
