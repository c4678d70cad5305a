"""What is told about a run that did not end well, and what else must be known to tell it."""

from dataclasses import dataclass
from datetime import datetime

from app.queries.streams import Taken

START_WORKER = "Start a worker: stillwater up, or stillwater worker."


@dataclass(frozen=True)
class Trouble:
    """What stands in the panel of a run that did not end well.

    Attributes:
        level: act, watch or note.
        what: what failed, one sentence.
        detail: the error in the words of the step, empty when there is none.
        since: when it stopped, None when that is not known.
        holds: what still holds.
        todo: what to do now.
    """

    level: str
    what: str
    detail: str
    since: datetime | None
    holds: str
    todo: str


@dataclass(frozen=True)
class Around:
    """What else is true while a run is as it is.

    Attributes:
        alive: a worker is running.
        ahead: runs of the same kind that were asked for earlier and have not ended.
        live_model: the model that is live for the run's fleet, empty when there is none.
        taken: what a stream has taken in, None when that is nothing.
    """

    alive: bool = True
    ahead: int = 0
    live_model: str = ""
    taken: Taken | None = None
