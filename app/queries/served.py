"""Which model served a fleet when: from, to, who made it live, why, and what it said meanwhile."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from threading import RLock

from cachetools import LRUCache, cached

from app.queries.as_of import moment
from app.queries.taught import NO_STORE, mark, opened
from app.services import Services
from lakehouse.registry import Push, pushes
from lakehouse.served import Period, counted, periods, served_before
from lakehouse.snapshots import Pinned

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """One period of the timeline.

    Attributes:
        period: which model, from when to when, and its predictions.
        run_id: the run that made it live.
        who: who asked for that run, empty where nobody wrote it down.
        how: retrain, promote or roll_back; empty where nobody wrote it down.
        reason: the gate's or that person's.
    """

    period: Period
    run_id: str
    who: str = ""
    how: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Timeline:
    """What served one fleet, newest first.

    Attributes:
        fleet: the fleet.
        served: every period.
        before: the model that a roll back leads to, empty for none.
        asked: the time or day that was asked for, empty for none.
        then: what was live then, oldest first; several on a day on which that changed.
        problem: why there is no answer to what was asked for, empty when there is.
    """

    fleet: str
    served: tuple[Served, ...]
    before: str = ""
    asked: str = ""
    then: tuple[Served, ...] = ()
    problem: str = ""


def timeline(services: Services, pinned: Pinned, fleet: str, asked: str = "") -> Timeline:
    """The timeline of a fleet as of a snapshot, and what was live at a time or on a day."""
    every = all_served(services, pinned)
    mine = tuple(one for one in every if one.period.fleet == fleet)
    live = pinned.snapshot.live.get(fleet, "")
    before = served_before((one.period for one in mine), fleet, live) if live else None
    then: tuple[Served, ...] = ()
    problem = ""
    if asked:
        try:
            then = _during(mine, asked)
        except LookupError as error:
            problem = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return Timeline(fleet, mine[::-1], before or "", asked, then, problem)


def all_served(services: Services, pinned: Pinned) -> tuple[Served, ...]:
    """Every period of every fleet as of a snapshot, oldest first."""
    path = services.settings.metadata
    return _all_served(pinned, path, mark(path))


@cached(
    LRUCache(16),
    key=lambda pinned, path, written: (pinned.lake, pinned.snapshot.seq, path, written),
    lock=RLock(),
)
def _all_served(pinned: Pinned, path: Path, written: tuple[int, int]) -> tuple[Served, ...]:
    found = counted(pinned, periods(pinned.lake, pinned.snapshot.seq))
    try:
        told = [] if written == NO_STORE else _told(path)
    except Exception:
        _LOG.exception("the metadata store cannot be read")
        told = []
    return tuple(_served(one, told) for one in found)


def _told(path: Path) -> list[tuple[Push, str]]:
    """Every push with who asked for it, newest first."""
    metadata = opened(path)
    found = []
    for push in pushes(metadata)[::-1]:
        step = metadata.execution(push.run_id, "Pusher")
        found.append((push, str(step.properties.get("who", "")) if step else ""))
    return found


def _served(period: Period, told: Iterable[tuple[Push, str]]) -> Served:
    """With what is known of the newest push before the snapshot that first shows the model."""
    same = (period.fleet, period.model_id)
    for push, who in told:
        if (push.fleet, push.model_id) == same and push.time <= period.start:
            return Served(period, push.run_id, who, push.how, push.reason)
    return Served(period, period.run_id)


def _during(served: Iterable[Served], asked: str) -> tuple[Served, ...]:
    end = moment(asked.strip())
    start = end
    if end.time() == time.max:
        start = datetime.combine(end, time.min, tzinfo=end.tzinfo)
    return tuple(one for one in served if _overlaps(one.period, start, end))


def _overlaps(period: Period, start: datetime, end: datetime) -> bool:
    return period.start <= end and (period.end is None or start < period.end)
