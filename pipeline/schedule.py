"""What a worker asks for by itself, when it is due: upkeep of the tables, verification."""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.audit import AuditLog, Event, new_request
from lakehouse.clock import now
from lakehouse.requests import MaintainRequest, Request, VerifyRequest
from lakehouse.runs import FINAL, RunStore
from lakehouse.settings import Settings

WHO = "worker"
LOOK_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """One thing that is asked for every so many hours, and how the audit log calls it."""

    every_hours: int
    request: Request
    target: str


def scheduled(settings: Settings) -> tuple[Due, ...]:
    """What is to be asked for by itself; nothing unless it is set."""
    upkeep, proof = settings.maintain, settings.verify
    found = []
    if upkeep.every_hours is not None:
        target = f"every {upkeep.every_hours} h, days={upkeep.days} guard=True"
        request = MaintainRequest(days=upkeep.days, log_days=upkeep.log_days)
        found.append(Due(upkeep.every_hours, request, target))
    if proof.every_hours is not None:
        target = f"every {proof.every_hours} h, deep={proof.deep}"
        found.append(Due(proof.every_hours, VerifyRequest(deep=proof.deep), target))
    return tuple(found)


def keep_schedule(settings: Settings, stopped: threading.Event) -> None:
    """Ask for what is due, until ``stopped``; at once for what never was."""
    runs = RunStore(settings)
    while True:
        for due in scheduled(settings):
            try:
                ask_if_due(settings, runs, due, now())
            except Exception:  # what cannot be asked for now is asked for later
                _LOG.exception("no %s could be asked for", due.request.workflow)
        if stopped.wait(LOOK_SECONDS):
            return


def ask_if_due(settings: Settings, runs: RunStore, due: Due, at: datetime) -> str | None:
    """Ask for something, audited, if the last one ended and was long enough ago; returns the run.

    Raises:
        AuditError: it could not be written down, so it was not asked for.
    """
    last = runs.recent(1, kind=due.request.workflow)
    if last and last[0].state not in FINAL:
        return None
    if last and at - last[0].queued < timedelta(hours=due.every_hours):
        return None
    audit, request_id = AuditLog(settings.audit), new_request()
    audit.append(Event(WHO, "", due.request.workflow, due.target, request_id=request_id))
    run_id = runs.submit(due.request, WHO).run_id
    audit.append(Event(WHO, "", "queue", run_id, request_id=request_id))
    return run_id
