"""What a worker asks for by itself, when it is due: upkeep of the tables."""

import logging
import threading
from datetime import datetime, timedelta

from lakehouse.audit import AuditLog, Event
from lakehouse.clock import now
from lakehouse.requests import MaintainRequest
from lakehouse.runs import RunStore
from lakehouse.settings import Settings

WHO = "worker"
LOOK_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


def keep_schedule(settings: Settings, stopped: threading.Event) -> None:
    """Ask for an upkeep whenever one is due, until ``stopped``; at once if none ever was."""
    runs = RunStore(settings)
    while True:
        try:
            ask_if_due(settings, runs, now())
        except Exception:  # what cannot be asked for now is asked for later
            _LOG.exception("no upkeep could be asked for")
        if stopped.wait(LOOK_SECONDS):
            return


def ask_if_due(settings: Settings, runs: RunStore, at: datetime) -> str | None:
    """Ask for an upkeep, audited, if the last one was long enough ago; returns the run.

    Raises:
        AuditError: it could not be written down, so it was not asked for.
    """
    wanted = settings.maintain
    if wanted.every_hours is None:
        return None
    last = runs.recent(1, kind=MaintainRequest.workflow)
    if last and at - last[0].queued < timedelta(hours=wanted.every_hours):
        return None
    request = MaintainRequest(days=wanted.days, log_days=wanted.log_days)
    target = f"every {wanted.every_hours} h, days={wanted.days} guard=True"
    AuditLog(settings.audit).append(Event(WHO, "", MaintainRequest.workflow, target))
    return runs.submit(request, WHO).run_id
