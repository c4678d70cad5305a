"""The one place that runs a component: pins its inputs, publishes its outputs, records it once.

Order of a step: compute, Delta commit, metadata record, the workflow's own checkpoint. A step that
is repeated looks backwards and adopts what is there.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import narwhals as nw

from lakehouse import VERSION
from lakehouse.artifacts import BrokenArtifactError, check, publish
from lakehouse.engines import Where
from lakehouse.failpoints import failpoint
from lakehouse.journal import Journal
from lakehouse.lake import Commit
from lakehouse.records import Artifact, Execution, Used, Value, table_artifact
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

    def version(self, table: str) -> int | None:
        """The version that this step reads: what was newest when it first began, or its own."""
        return self.writes.get(table, self._pins.get(table))

    def pin(self, table: str) -> int | None:
        """The version of a table that was newest when this step first began."""
        return self._pins.get(table)

    def read(self, table: str, version: int | None = None) -> nw.LazyFrame[Any]:
        """Rows of a table at the step's version, recorded as an input."""
        version = self.version(table) if version is None else version
        if version is None:
            return self.home.lake.empty(table)
        if table not in self.writes and self.reads.get(table) != version:
            self.reads[table] = version
            self.inputs.append(Used(_key(table), self._table(table, version)))
        return self.home.lake.scan(table, version)

    def append(self, table: str, frame: nw.LazyFrame[Any], part: str = "all") -> None:
        """Add rows to a table, once for this piece of work."""
        self._wrote(table, self.home.lake.append(table, frame, self.commit(part)))

    def replace(
        self, table: str, frame: nw.LazyFrame[Any], where: Where, part: str = "all"
    ) -> None:
        """Replace the rows that match.

        A repeated step adopts what its first attempt wrote; a retry, which reads newer versions,
        does it again.
        """
        commit = self.commit(f"{part}@{self.pin(table)}")
        self._wrote(table, self.home.lake.replace(table, frame, where, commit))

    def merge(self, table: str, frame: nw.LazyFrame[Any], part: str = "all") -> None:
        """Update or insert rows by key, once for this piece of work."""
        self._wrote(table, self.home.lake.merge(table, frame, self.commit(part)))

    def publish(
        self, kind: str, name: str, fill: Callable[[Path], None], **properties: Value
    ) -> Path:
        """Publish files as an artifact; returns the folder."""
        folder = self.home.settings.artifacts / self.node / name
        publish(folder, fill)
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

    def _wrote(self, table: str, version: int | None) -> None:
        failpoint(f"{self.node}.after_commit")
        if version is not None:
            self.writes[table] = version

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


class Runner:
    """Runs components and records each one once."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def step(
        self,
        run: Run,
        node: str,
        work: Callable[[Step], Summary],
        cache: Mapping[str, Any] | None = None,
    ) -> Summary:
        """Run one component, or adopt what it did before.

        Args:
            run: the run.
            node: the component's name.
            work: reads, computes and writes through its step; returns a summary.
            cache: all that the result depends on; an equal step makes this one CACHED.

        Raises:
            RunCancelled: a person cancelled the run.
            Exception: whatever the component raised, after it was recorded as FAILED.
        """
        known = self._home.metadata.execution(run.run_id, node)
        if known is not None and known.state in ("COMPLETE", "CACHED"):
            return _summary(known)
        failpoint(f"{node}.before")
        journal = Journal(self._home.settings.journals, run.run_id)
        fingerprint = None if cache is None else _fingerprint(node, cache)
        equal = None if fingerprint is None else self._reusable(fingerprint)
        started = time.monotonic()
        journal.write(node, "step", state="RUNNING", message=f"{node} started", seconds=0.0)
        if equal is not None:
            return self._cached(run, node, equal, journal)
        step = Step(self._home, run, node, journal)
        try:
            if run.cancelled():
                raise RunCancelled(run.run_id)
            summary = work(step)
        except BaseException as error:
            self._failed(step, journal, error, time.monotonic() - started)
            raise
        seconds = round(time.monotonic() - started, 3)
        return self._complete(step, journal, summary | {"seconds": seconds}, fingerprint)

    def taken_over(self, run: Run, summary: Summary) -> Summary:
        """Record a step that a retry took over from the run before as CACHED."""
        node, metadata = summary["node"], self._home.metadata
        if metadata.execution(run.run_id, node) is not None:
            return summary
        done = metadata.execution(summary["by"], node)
        journal = Journal(self._home.settings.journals, run.run_id)
        return summary if done is None else self._cached(run, node, done, journal)

    def _complete(
        self, step: Step, journal: Journal, summary: Summary, fingerprint: str | None
    ) -> Summary:
        summary = dict(summary, node=step.node, state="COMPLETE", by=step.run.run_id)
        summary.update(reads=step.reads, writes=step.writes)
        execution = Execution(
            step.node, step.run.run_id, "COMPLETE", _properties(step.run, summary), fingerprint
        )
        outputs = [*step.outputs, *step.table_outputs()]
        self._home.metadata.record(execution, step.inputs, outputs)
        failpoint(f"{step.node}.after_record")
        _report(journal, summary, f"{step.node} complete")
        return summary

    def _cached(self, run: Run, node: str, equal: Execution, journal: Journal) -> Summary:
        summary = _summary(equal) | {"state": "CACHED", "seconds": 0.0, "of": equal.run_id}
        metadata = self._home.metadata
        execution = Execution(node, run.run_id, "CACHED", _properties(run, summary))
        metadata.record(execution, metadata.inputs(equal), metadata.outputs(equal))
        _report(journal, summary, f"{node} cached: {equal.run_id} did the same work")
        return summary

    def _failed(self, step: Step, journal: Journal, error: BaseException, seconds: float) -> None:
        cancelled = isinstance(error, RunCancelled)
        state = "CANCELED" if cancelled else "FAILED"
        message = "cancelled" if cancelled else f"{type(error).__name__}: {error}"
        summary: Summary = {"state": state, "seconds": round(seconds, 3)}
        journal.write(step.node, "step", level="error", message=message, **summary)
        properties = _properties(step.run, summary) | {"error": message}
        record = Execution(step.node, step.run.run_id, state, properties)
        self._home.metadata.record(record, step.inputs, step.table_outputs())

    def _reusable(self, fingerprint: str) -> Execution | None:
        """The equal step before, if its outputs are still what they were."""
        metadata, settings = self._home.metadata, self._home.settings
        equal = metadata.equal_step(fingerprint)
        if equal is None:
            return None
        try:
            for used in metadata.outputs(equal):
                if "delta_table" not in used.artifact.properties:
                    check(settings.home / used.artifact.uri)
        except BrokenArtifactError:
            metadata.forget(equal)
            return None
        return equal


def _fingerprint(node: str, cache: Mapping[str, Any]) -> str:
    text = json.dumps({"node": node, "code": VERSION, "of": cache}, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _properties(run: Run, summary: Summary) -> dict[str, Value]:
    return {
        "run_id": run.run_id,
        "root": run.root,
        "who": run.who,
        "code_version": VERSION,
        "seconds": float(summary["seconds"]),
        "summary": json.dumps(summary, sort_keys=True),
    }


def _summary(execution: Execution) -> Summary:
    found: Summary = json.loads(str(execution.properties["summary"]))
    return found


def _report(journal: Journal, summary: Summary, message: str) -> None:
    shown: Summary = {key: summary[key] for key in ("state", "seconds", "reads", "writes")}
    journal.write(summary["node"], "step", fraction=1.0, message=message, **shown)


def _key(table: str) -> str:
    return table.replace("/", "_")
