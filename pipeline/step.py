"""One component of one run, while it runs: what it reads, writes and publishes is written down."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from lakehouse.artifacts import manifest_sha256, publish
from lakehouse.engines import Where
from lakehouse.failpoints import failpoint
from lakehouse.journal import Journal
from lakehouse.records import Artifact, Used, Value, table_artifact
from lakehouse.writes import Commit
from pipeline.home import Home

Summary = dict[str, Any]
PROGRESS_SECONDS = 0.25


class RunCancelled(Exception):
    """A person cancelled the run; raised at its next safe point."""


@dataclass(frozen=True)
class Run:
    """Which run, for whom.

    Attributes:
        run_id: this run.
        root: the run that it retries, or itself; it names the work.
        who: who asked for it.
        cancelled: whether a person has cancelled it.
    """

    run_id: str
    root: str
    who: str
    cancelled: Callable[[], bool]


class Step:
    """One component of one run, while it runs: what it reads and writes is written down here."""

    def __init__(self, home: Home, run: Run, node: str, journal: Journal) -> None:
        self.home = home
        self.run = run
        self.node = node
        self.inputs: list[Used] = []
        self.outputs: list[Used] = []
        self.reads: dict[str, int] = {}
        self.writes: dict[str, int] = {}
        self._journal = journal
        self._pins = self._pinned()
        self._began = time.monotonic()
        self._reported = 0.0

    @property
    def origin(self) -> str:
        """Names what this step takes in: an attempt that is repeated takes in the same."""
        return self.run.root

    def version(self, table: str) -> int | None:
        """The version that this step reads: what was newest when it first began, or its own."""
        return self.writes.get(table, self._pins.get(table))

    def pin(self, table: str) -> int | None:
        """The version of a table that was newest when this step first began."""
        return self._pins.get(table)

    def read(self, table: str, version: int | None = None) -> nw.LazyFrame[Any]:
        """Rows of a table at the step's version, recorded as an input."""
        version = self._used(table, self.version(table) if version is None else version)
        lake = self.home.lake
        return lake.empty(table) if version is None else lake.scan(table, version)

    def look_up(self, table: str) -> nw.LazyFrame[Any]:
        """The same for a few rows of a large table, which are read in this process."""
        return self.home.lake.look_up(table, self._used(table, self.version(table)))

    def append(self, table: str, frame: nw.LazyFrame[Any], part: str = "all") -> int:
        """Add rows to a table, once for this piece of work; returns how many."""
        return self._wrote(table, self.home.lake.append(table, frame, self.commit(part)))

    def replace(self, table: str, frame: nw.LazyFrame[Any], where: Where, part: str = "all") -> int:
        """Replace the rows that match; returns how many are there now.

        A repeated step adopts what its first attempt wrote; a retry, which reads newer versions,
        does it again.
        """
        commit = self.commit(f"{part}@{self.pin(table)}")
        return self._wrote(table, self.home.lake.replace(table, frame, where, commit))

    def merge(self, table: str, frame: nw.LazyFrame[Any], part: str = "all") -> int:
        """Update or insert rows by key, once for this piece of work; returns how many."""
        return self._wrote(table, self.home.lake.merge(table, frame, self.commit(part)))

    def restore(self, table: str, version: int) -> int:
        """Make the content of an older version the newest one; returns how many rows it has."""
        return self._wrote(table, self.home.lake.restore(table, version, self.commit("all")))

    def publish(
        self, kind: str, name: str, fill: Callable[[Path], None], **properties: Value
    ) -> Path:
        """Publish files as an artifact; returns the folder.

        Artifacts of two types may have one name: the second one's folder has its type's name too.
        """
        folder = self.home.settings.artifacts / self.node / name
        if any(used.artifact.name == name for used in self.outputs):
            folder = folder.with_name(f"{name}.{kind}")
        properties["files_sha256"] = manifest_sha256(publish(folder, fill))
        uri = folder.relative_to(self.home.settings.home).as_posix()
        self.outputs.append(Used(kind.lower(), Artifact(kind, name, uri, properties)))
        return folder

    def uses(self, kind: str, name: str) -> None:
        """Record an artifact of an earlier step as an input."""
        artifact = self.home.metadata.artifact(kind, name)
        used = [entry.artifact for entry in self.inputs]
        if artifact is not None and artifact not in used:
            self.inputs.append(Used(kind.lower(), artifact))

    def progress(self, fraction: float, message: str) -> None:
        """Show how far the step is.

        Raises:
            RunCancelled: a person cancelled the run.
        """
        if time.monotonic() - self._reported < PROGRESS_SECONDS:
            return
        self._reported = time.monotonic()
        known = {"fraction": round(fraction, 3), "seconds": round(self._reported - self._began, 1)}
        self._journal.write(self.node, "progress", message=message, **known)
        if self.run.cancelled():
            raise RunCancelled(self.run.run_id)

    def note(self, message: str, level: str = "info") -> None:
        """Add a line to the run's log."""
        self._journal.write(self.node, "log", message=message, level=level)

    def commit(self, part: str) -> Commit:
        """Who writes, from which inputs."""
        root, run_id, who = self.run.root, self.run.run_id, self.run.who
        return Commit(root, run_id, self.node, who, dict(self.reads), part)

    def _used(self, table: str, version: int | None) -> int | None:
        if version is not None and table not in self.writes and self.reads.get(table) != version:
            self.reads[table] = version
            self.inputs.append(Used(_key(table), self._table(table, version)))
        return version

    def _wrote(self, table: str, version: int | None) -> int:
        failpoint(f"{self.node}.after_commit")
        if version is None:
            return 0
        self.writes[table] = version
        return int(self.home.lake.history(table, version, 1)[0].metadata["rows_added"])

    def _pinned(self) -> dict[str, int]:
        """Versions at the first attempt of this step, so that a repetition reads the same."""
        pins = self._journal.pins(self.node)
        if pins is None:
            pins = self.home.lake.versions()
            self._journal.write(self.node, "pin", versions=pins)
        return pins

    def table_outputs(self) -> list[Used]:
        """What the step wrote to tables, as artifacts."""
        return [Used(_key(name), self._table(name, v)) for name, v in self.writes.items()]

    def _table(self, table: str, version: int) -> Artifact:
        return table_artifact(table, version, self.home.lake.content(table, version))


def _key(table: str) -> str:
    return table.replace("/", "_")
