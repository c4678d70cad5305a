"""Run records: submit, list, cancel and retry runs, as both sides see them.

A run is a durable DBOS workflow. This file enqueues by name and reads; nothing here runs one.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from dbos import (
    DBOSClient,
    DBOSPortableJSONSerializer,
    SetWorkflowID,
    WorkflowSerializationFormat,
    WorkflowStatus,
)

from lakehouse.clock import moment, now
from lakehouse.journal import Journal, LogLine, Step
from lakehouse.requests import REQUESTS, Request
from lakehouse.settings import Settings

APP = "stillwater"
APP_VERSION = "1"
EXECUTOR = "worker"
RUN_ID = re.compile(rf"({'|'.join(REQUESTS)})-\d{{8}}T\d{{6}}-[0-9a-f]{{6}}")
DEAD_AFTER = 30.0
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_STATES = {
    "ENQUEUED": "QUEUED",
    "DELAYED": "QUEUED",
    "PENDING": "RUNNING",
    "SUCCESS": "SUCCEEDED",
    "ERROR": "FAILED",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "FAILED",
    "CANCELLED": "CANCELLED",
}


class RunError(ValueError):
    """A run cannot be found, cancelled or retried; the message says why."""


@dataclass(frozen=True)
class Submitted:
    """The run that a request became.

    Attributes:
        run_id: its id.
        created: False when a run with the same request was queued or running already.
    """

    run_id: str
    created: bool


@dataclass(frozen=True)
class Run:
    """One run, as everyone may see it.

    Attributes:
        run_id: its id.
        kind: name of its workflow, such as ingest or retrain.
        state: QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLING, CANCELLED or CRASHED.
        who: who asked for it.
        queued: when it was asked for.
        started: when a worker took it, None while queued.
        finished: when it ended, None while it has not.
        request: its parameters.
        steps: its components with their states.
        reads: table to version that it read.
        writes: table to version that it wrote.
        error: why it failed, in words.
        result: the command's document, None while there is none.
        retry_of: the run that this one tries again.
    """

    run_id: str
    kind: str
    state: str
    who: str
    queued: datetime
    started: datetime | None
    finished: datetime | None
    request: Mapping[str, Any]
    steps: tuple[Step, ...]
    reads: Mapping[str, int]
    writes: Mapping[str, int]
    error: str
    result: Mapping[str, Any] | None
    retry_of: str | None


class RunStore:
    """The run records of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: DBOSClient | None = None

    @property
    def client(self) -> DBOSClient:
        """The connection, opened at first use: the records exist once `init` has run."""
        if self._client is None:
            if not self._settings.runs.is_file():
                raise RunError(f"{self._settings.home} has no run records: run `stillwater init`")
            self._client = DBOSClient(
                system_database_url=database_url(self._settings),
                serializer=DBOSPortableJSONSerializer(),
                application_name=APP,
            )
        return self._client

    def submit(self, request: Request, who: str) -> Submitted:
        """Queue a run, or answer with the equal one that is queued or running."""
        run_id = _new_id(request.workflow)
        options: dict[str, Any] = {
            "workflow_name": request.workflow,
            "queue_name": request.workflow,
            "workflow_id": run_id,
            "app_version": APP_VERSION,
            "authenticated_user": who,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        if request.deduplication:
            options["deduplication_id"] = request.deduplication
            options["duplication_policy"] = "return-existing"
        handle: Any = self.client.enqueue(options, request.model_dump(mode="json"))  # type: ignore[arg-type]
        return Submitted(handle.workflow_id, handle.workflow_id == run_id)

    def recent(
        self, limit: int = 50, offset: int = 0, kind: str | None = None, by: datetime | None = None
    ) -> tuple[Run, ...]:
        """Runs, newest first; ``by`` a moment: those that had been asked for then."""
        names, last = kind or list(REQUESTS), by.isoformat() if by else None
        found = self.client.list_workflows(
            name=names, limit=limit, offset=offset, sort_desc=True, end_time=last
        )
        return tuple(self._run(status) for status in found)

    def ids(self) -> frozenset[str]:
        """Ids of all runs that there are."""
        rows = self.client.list_workflows(name=list(REQUESTS), load_input=False, load_output=False)
        return frozenset(row.workflow_id for row in rows)

    def active(self) -> tuple[Run, ...]:
        """Runs that are queued or running, newest first."""
        found = self.client.list_workflows(
            name=list(REQUESTS), status=["ENQUEUED", "DELAYED", "PENDING"], sort_desc=True
        )
        return tuple(self._run(status) for status in found)

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunError: there is no such run.
        """
        found = None
        if RUN_ID.fullmatch(run_id):
            found = self.client.list_workflows(workflow_ids=[run_id])
        if not found:
            raise RunError(f"there is no run {run_id[:64]!r}")
        return self._run(found[0])

    def log(self, run_id: str, limit: int = 500) -> tuple[LogLine, ...]:
        """The newest log lines of a run, oldest first."""
        return self._journal(run_id).log(limit) if RUN_ID.fullmatch(run_id) else ()

    def cancel(self, run_id: str) -> None:
        """Stop a run at its next safe point.

        Raises:
            RunError: there is no such run, or it has ended.
        """
        run = self.run(run_id)
        if run.state in FINAL:
            raise RunError(f"{run_id} has ended: {run.state}")
        self.client.cancel_workflow(run_id)

    def retry(self, run_id: str, who: str) -> str:
        """Run again from the step that failed, for ``who``; returns the new run.

        Raises:
            RunError: there is no such run, or it did not fail.
        """
        run = self.run(run_id)
        if run.state not in ("FAILED", "CANCELLED"):
            raise RunError(f"{run_id} is {run.state}; only a failed or cancelled run is retried")
        steps = self.client.list_workflow_steps(run_id)
        failed = [step["function_id"] for step in steps if step["error"] is not None]
        first = min(failed) if failed else len(steps) + 1
        again = _new_id(run.kind)
        # DBOS copies the first asker's name to the fork; the journal says who asked for this one.
        self._journal(again).write("", "asked", who=who)
        with SetWorkflowID(again):
            self.client.fork_workflow(
                run_id, first, application_version=APP_VERSION, queue_name=run.kind
            )
        return again

    def wait(self, run_id: str, seconds: float = 3600.0) -> Run:
        """The run once it has ended, or as it is after ``seconds``."""
        deadline = time.monotonic() + seconds
        while (run := self.run(run_id)).state not in FINAL and time.monotonic() < deadline:
            time.sleep(0.1)
        return run

    def close_cancelled(self) -> None:
        """Note the end of runs that were cancelled when their worker died."""
        for status in self.client.list_workflows(status=["CANCELLED"], name=list(REQUESTS)):
            journal = self._journal(status.workflow_id)
            if journal.began() is not None and journal.ended() is None:
                journal.write("", "end", state="CANCELLED", message="cancelled")

    def root(self, run_id: str) -> str:
        """The first run of a chain of retries."""
        older = self._status(run_id).forked_from
        return run_id if older is None else self.root(older)

    def who(self, run_id: str) -> str:
        """Who asked for a run."""
        return self._journal(run_id).asked() or self._status(run_id).authenticated_user or ""

    def cancelled(self, run_id: str) -> bool:
        """Whether a person has cancelled the run."""
        return self._status(run_id).status == "CANCELLED"

    def _status(self, run_id: str) -> WorkflowStatus:
        found = self.client.list_workflows(
            workflow_ids=[run_id], load_input=False, load_output=False
        )
        if not found:
            raise RunError(f"there is no run {run_id}")
        return found[0]

    def worker_alive(self) -> bool:
        """Whether a worker has shown a sign of life in the last half minute."""
        try:
            return time.time() - self._settings.heartbeat.stat().st_mtime < DEAD_AFTER
        except FileNotFoundError:
            return False

    def _journal(self, run_id: str) -> Journal:
        return Journal(self._settings.journals, run_id)

    def _run(self, status: WorkflowStatus) -> Run:
        kind = status.name
        journal = self._journal(status.workflow_id)
        steps = journal.steps(REQUESTS[kind].nodes)
        inputs = status.input["args"] if status.input else ()
        result = status.output if isinstance(status.output, dict) else None
        return Run(
            run_id=status.workflow_id,
            kind=kind,
            state=self._state(status, journal),
            who=journal.asked() or status.authenticated_user or "",
            queued=_time(status.created_at) or now(),
            # Cancelling wipes the time out of the record.
            started=_time(status.dequeued_at) or journal.began(),
            finished=_time(status.completed_at),
            request=inputs[0] if inputs else {},
            steps=steps,
            reads=_joined(step.reads for step in steps),
            writes=_joined(step.writes for step in steps),
            error="" if status.error is None else str(status.error),
            result=result,
            retry_of=status.forked_from,
        )

    def _state(self, status: WorkflowStatus, journal: Journal) -> str:
        state = _STATES[status.status]
        if state == "RUNNING" and not self.worker_alive():
            return "CRASHED"
        half_way = journal.began() is not None and journal.ended() is None
        if state == "CANCELLED" and half_way and self.worker_alive():
            return "CANCELLING"
        return state


def database_url(settings: Settings) -> str:
    """Address of the run records."""
    return f"sqlite:///{settings.runs}"


def _new_id(workflow: str) -> str:
    return f"{workflow}-{now():%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else moment(milliseconds)


def _joined(parts: Any) -> dict[str, int]:
    return {table: version for part in parts for table, version in part.items()}
