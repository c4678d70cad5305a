"""Playing a schedule against the clock: pieces go out in time, controls change what comes next."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.sources.replay import Flight, Schedule

_PIECES_A_SECOND = 4
_SLICE = 0.5
CONTROLS = "pause, resume, seek CYCLE, speed N, stop"


@dataclass(frozen=True)
class Piece:
    """Some ticks that go out together.

    Attributes:
        number: from 1 on, in the order of going out.
        first: its first tick.
        last: its last tick.
        flights: their flights.
    """

    number: int
    first: int
    last: int
    flights: tuple[Flight, ...]


@dataclass(frozen=True)
class Pace:
    """How a schedule is played.

    Attributes:
        speed: ticks a second.
        start: the first tick that is played; what was flown before is not sent.
        stop: the last tick that is played, None for the schedule's last.
        clock: seconds that only go forward.
    """

    speed: float = 10.0
    start: int = 1
    stop: int | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)


@dataclass
class Played:
    """Where a replay is, and what it has sent so far.

    Attributes:
        position: the tick that goes out next.
        speed: ticks a second now.
        paused: nothing goes out until it is resumed.
        stopped: it was told to end.
        ticks: ticks that were sent, each time anew when it went back.
        records: records in them.
        pieces: pieces in which they were sent.
    """

    position: int
    speed: float
    paused: bool = False
    stopped: bool = False
    ticks: int = 0
    records: int = 0
    pieces: int = 0


# Waits up to so many seconds for the next line of controls.
Controls = Callable[[float], str | None]
Emit = Callable[[Piece], None]
# What has just happened: the state, and a sentence when a control was obeyed or refused.
Told = Callable[[Played, str], None]


def play(
    schedule: Schedule,
    emit: Emit,
    controls: Controls,
    pace: Pace,
    told: Told = lambda _played, _words: None,
) -> Played:
    """Send a schedule's flights in time, until its last tick went out or ``stop`` was said.

    At high speed several ticks go out together, so that there are about four pieces a second at
    most. What ``emit`` takes of the time is not caught up by a burst.

    Args:
        schedule: what is played.
        emit: sends one piece; it is in place when this returns.
        controls: where control lines come from, and how the replay waits.
        pace: speed and range.
        told: called after each piece and each control line.
    """
    clock = pace.clock
    stop = schedule.ticks if pace.stop is None else min(pace.stop, schedule.ticks)
    played = Played(pace.start, pace.speed)
    due = clock()
    while played.position <= stop and not played.stopped:
        wait = _SLICE if played.paused else min(max(0.0, due - clock()), _SLICE)
        words = controls(wait)
        if words is not None:
            told(played, _obey(words, played, stop))
            # Whatever was said, it is seen at once.
            due = clock()
        elif not played.paused and clock() >= due:
            sent = _send(schedule, emit, played, stop)
            due = max(due + sent / played.speed, clock())
            told(played, "")
    return played


def _send(schedule: Schedule, emit: Emit, played: Played, stop: int) -> int:
    together = max(1, math.ceil(played.speed / _PIECES_A_SECOND))
    first, last = played.position, min(played.position + together - 1, stop)
    flights = tuple(schedule.between(first, last))
    emit(Piece(played.pieces + 1, first, last, flights))
    played.pieces += 1
    played.ticks += last - first + 1
    played.records += len(flights)
    played.position = last + 1
    return last - first + 1


def _obey(line: str, played: Played, stop: int) -> str:
    """Do what a control line says; the answer is one sentence."""
    words = line.lower().split()
    number = _number(words[1]) if len(words) == 2 else None
    if words == ["pause"]:
        played.paused = True
        return "paused"
    if words == ["resume"]:
        said = "goes on" if played.paused else ""
        played.paused = False
        return said
    if words == ["stop"]:
        played.stopped = True
        return "stopped"
    if words[:1] == ["seek"] and number in range(1, stop + 1):
        played.position = int(number or 0)
        return f"at {played.position} of {stop}"
    if words[:1] == ["speed"] and number is not None and number > 0:
        played.speed = number
        return f"{number:g} a second"
    limits = f"CYCLE from 1 to {stop}, N more than 0"
    return f"{line.strip()!r} is not understood; known: {CONTROLS} ({limits})"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
