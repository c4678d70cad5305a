"""The one place that runs a component: pins its inputs, publishes its outputs, records it once.

Order of a step: compute, Delta commit, metadata record, the workflow's own checkpoint. A step that
is repeated looks backwards and adopts what is there.
"""

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from lakehouse import VERSION
from lakehouse.artifacts import BrokenArtifactError, check
from lakehouse.engines import JobCancelledError
from lakehouse.failpoints import failpoint
from lakehouse.journal import Journal
from lakehouse.records import Execution, Value
from pipeline.home import Home
from pipeline.step import Run, RunCancelled, Step, Summary


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
            with self._home.lake.job(run.run_id, run.cancelled):
                summary = work(step)
        except BaseException as error:
            ended = RunCancelled(run.run_id) if isinstance(error, JobCancelledError) else error
            self._failed(step, journal, ended, time.monotonic() - started)
            if ended is error:
                raise
            raise ended from error
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
