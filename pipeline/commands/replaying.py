"""Replay: a batch file flown again, in a folder or a Kafka topic that a stream reads."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import UnsupportedOperation
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from lakehouse.clock import now
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import SourceError
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from pipeline.sources.playing import Emit, Pace, Piece, Played, play
from pipeline.sources.replay import Schedule, schedule
from pipeline.sources.streams import land

_BAR = "{desc} {bar} {n} of {total}"
_INTERRUPTED = (signal.SIGINT, signal.SIGTERM)
# When the input has ended, nobody is left who could end a pause.
_AT_THE_END = "resume"


@dataclass(frozen=True)
class Target:
    """Where the flights go: a folder, or a topic of Kafka."""

    folder: Path | None
    brokers: str | None
    topic: str | None

    def __str__(self) -> str:
        return str(self.folder or f"kafka://{self.brokers}/{self.topic}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), default=10.0, help="cycles a second"
)
@click.option("--fleet", help="fleet of a file whose name does not say it")
@click.option("--kind", type=click.Choice(["history", "in_service"]))
@click.option("--start", type=click.IntRange(min=1), default=1, metavar="CYCLE", help="first one")
@click.option("--stop", type=click.IntRange(min=1), metavar="CYCLE", help="last one")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="default: <home>/landing/replay/<fleet>",
)
@click.option("--kafka", metavar="BROKERS", help="host:port, with commas between several")
@click.option("--topic", help="the topic of Kafka that the flights go to")
@json_option
@click.pass_obj
def replay(settings: Settings, /, file: Path, as_json: bool, **asked: Any) -> None:
    """Fly a batch file again, SPEED cycles a second.

    While it runs, lines on standard input control it: pause, resume, seek CYCLE, speed N, stop.
    """
    deliveries = _flown(file, asked["fleet"], asked["kind"])
    fleet, kind = deliveries[0].fleet, deliveries[0].kind
    target = _target(settings, fleet, asked)
    parts = [parse(delivered, PROFILE) for delivered in deliveries]
    flights = schedule(parts)
    pace = Pace(asked["speed"], asked["start"], asked["stop"])
    if flights.ticks:
        _check(flights, pace)
        played = _play(flights, _emitter(target, fleet), pace)
    else:
        played = Played(1, pace.speed)
    document = {
        "file": str(file.absolute()),
        "fleet": fleet,
        "kind": kind,
        "ticks": played.ticks,
        "records": played.records,
        "files": played.pieces if target.folder else 0,
        "skipped_lines": flights.skipped,
        "to": str(target),
    }
    show(document, as_json, _text(document))
    _end([part.rejected.detail for part in parts if part.rejected], flights.skipped)


def _flown(file: Path, fleet: str | None, kind: str | None) -> list[Delivered]:
    """What the file or archive delivers of flights; all of one fleet and kind."""
    try:
        found = discover([file.absolute()], fleet, kind).deliveries
    except SourceError as error:
        fail(str(error), Exit.USAGE)
    flown = [delivered for delivered in found if delivered.kind != "truth"]
    if not flown:
        fail(f"{file}: it holds truth only, and truth does not fly", Exit.USAGE)
    if len({(delivered.fleet, delivered.kind) for delivered in flown}) > 1:
        names = ", ".join(delivered.member for delivered in flown)
        fail(f"{file}: several fleets or kinds ({names}); unpack it and replay one", Exit.USAGE)
    return flown


def _target(settings: Settings, fleet: str, asked: dict[str, Any]) -> Target:
    folder, brokers, topic = asked["to"], asked["kafka"], asked["topic"]
    if (brokers is None) != (topic is None):
        fail("--kafka and --topic belong together", Exit.USAGE)
    if folder is not None and brokers is not None:
        fail("--to or --kafka, not both", Exit.USAGE)
    if brokers is None and folder is None:
        folder = settings.home / "landing" / "replay" / fleet
    return Target(folder and folder.absolute(), brokers, topic)


def _check(flights: Schedule, pace: Pace) -> None:
    if pace.start > min(flights.ticks, pace.stop or flights.ticks):
        until = "--stop" if pace.stop and pace.stop < flights.ticks else "the last cycle"
        fail(f"--start {pace.start} is behind {until}: there are {flights.ticks}", Exit.USAGE)


def _emitter(target: Target, fleet: str) -> Emit:
    """What sends one piece to the target."""
    if target.folder is not None:
        return _folder_emitter(target.folder, fleet)
    # Loaded only where it is used: most replays go to a folder, and most verbs send nothing.
    from pipeline.sources.kafka_target import KafkaTarget
    from pipeline.sources.kafka_topic import Topic

    kafka = KafkaTarget(Topic(target.brokers or "", target.topic or ""))
    return lambda piece: kafka.send((flight.engine, flight.line) for flight in piece.flights)


def _folder_emitter(folder: Path, fleet: str) -> Emit:
    folder.mkdir(parents=True, exist_ok=True)
    # Two replays into one folder, at once or one after the other, do not meet.
    stem = f"{fleet}-{now():%Y%m%dT%H%M%S}-{os.getpid()}"

    def emit(piece: Piece) -> None:
        lines = "".join(f"{flight.line}\n" for flight in piece.flights)
        land(folder / f"{stem}-{piece.number:06d}.jsonl", lines.encode())

    return emit


def _play(flights: Schedule, emit: Emit, pace: Pace) -> Played:
    last = min(flights.ticks, pace.stop or flights.ticks)
    with (
        tqdm(total=last, leave=False, disable=None, bar_format=_BAR) as bar,
        _controls() as controls,
    ):

        def told(played: Played, words: str) -> None:
            if words:
                tqdm.write(f"stillwater: {words}", file=sys.stderr)
            bar.n = played.position - 1
            bar.set_description_str(f"{played.speed:g}/s{' paused' if played.paused else ''}")

        return play(flights, emit, controls, pace, told)


@contextmanager
def _controls() -> Iterator[Callable[[float], str | None]]:
    """The lines of standard input; a signal counts as ``stop``, a second one ends at once."""
    keyboard = Keyboard()
    before = [signal.getsignal(number) for number in _INTERRUPTED]

    def interrupted(number: int, _frame: object) -> None:
        keyboard.lines.insert(0, "stop")
        signal.signal(number, before[_INTERRUPTED.index(signal.Signals(number))])

    for number in _INTERRUPTED:
        signal.signal(number, interrupted)
    try:
        yield keyboard
    finally:
        for number, handler in zip(_INTERRUPTED, before, strict=True):
            signal.signal(number, handler)


class Keyboard:
    """Lines of standard input, waited for without a thread that an ending process would trip over.

    Attributes:
        lines: what was read and not asked for yet.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._rest = b""
        self._input: int | None = None
        try:
            self._input = sys.stdin.fileno()
        except (AttributeError, UnsupportedOperation, ValueError):
            # No real file: all that will ever be there is there now, or nothing is.
            self.lines = [*(sys.stdin.read().splitlines() if sys.stdin else ()), _AT_THE_END]

    def __call__(self, seconds: float) -> str | None:
        """The next line, waited for so many seconds."""
        if not self.lines:
            self._wait(seconds)
        return self.lines.pop(0) if self.lines else None

    def _wait(self, seconds: float) -> None:
        if self._input is None or _in_background(self._input):
            time.sleep(seconds)
            return
        if not select.select([self._input], [], [], seconds)[0]:
            return
        data = os.read(self._input, 4096)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode(errors="replace") for line in lines if line.strip()]
        if not data:
            self._input = None
            rest = self._rest.decode(errors="replace")
            self.lines += [line for line in (rest, _AT_THE_END) if line.strip()]


def _in_background(descriptor: int) -> bool:
    """Whether the shell's foreground is another job; reading its terminal would stop us."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False


def _text(document: dict[str, Any]) -> str:
    skipped = document["skipped_lines"]
    left = f"; {skipped:,} lines are in quarantine and cannot be replayed" if skipped else ""
    return (
        f"{document['records']:,} records of {document['fleet']} in {document['ticks']:,} cycles "
        f"to {document['to']}{left}"
    )


def _end(rejected: list[str], skipped: int) -> None:
    """Bad data is said by the exit code, as an ingest of the same file does."""
    for detail in rejected:
        click.echo(f"stillwater: {detail}", err=True)
    if rejected or skipped:
        raise SystemExit(int(Exit.BAD_DATA))
