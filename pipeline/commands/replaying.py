"""Replay: a batch file flown again, into the lake by a stream, or into a folder or topic only."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from lakehouse.clock import now
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.requests import StreamRequest
from lakehouse.settings import Settings
from pipeline import worker
from pipeline.commands.keyboard import keyboard
from pipeline.commands.output import Exit, fail, json_option, show
from pipeline.commands.streaming import POLL_SECONDS, Reader, interrupted, stream_worker
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import SourceError
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from pipeline.sources.playing import Emit, Pace, Piece, Played, play
from pipeline.sources.replay import Schedule, schedule
from pipeline.sources.streams import land

_BAR = "{desc} {bar} {n} of {total}"
Document = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """What flies, and where the flights go: to a folder, or to a topic of Kafka.

    Attributes:
        fleet: the fleet.
        kind: history or in_service.
        stem: what the names of this replay's files begin with.
        streamed: a stream of this command takes them from the folder into the lake.
    """

    fleet: str
    kind: str
    stem: str
    folder: Path | None = None
    brokers: str | None = None
    topic: str | None = None
    streamed: bool = False

    def __str__(self) -> str:
        return str(self.folder or f"kafka://{self.brokers}/{self.topic}")

    @property
    def files(self) -> str:
        """What the paths of this replay's files begin with."""
        return f"{self.folder}/{self.stem}-"


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
    help="only write files there; no stream takes them in",
)
@click.option("--kafka", metavar="BROKERS", help="only send to a topic: host:port,…")
@click.option("--topic", help="the topic of Kafka that the flights go to")
@json_option
@click.pass_obj
def replay(settings: Settings, /, file: Path, as_json: bool, **asked: Any) -> None:
    """Fly a batch file again, SPEED cycles a second, and take the flights in as they come.

    While it runs, lines on standard input control it: pause, resume, seek CYCLE, speed N, stop.
    """
    deliveries = _flown(file, asked["fleet"], asked["kind"])
    target = _target(settings, deliveries[0], asked)
    parts = [parse(delivered, PROFILE) for delivered in deliveries]
    flights = schedule(parts)
    with _flying(settings, flights, target, asked) as (played, streamed):
        document = {
            "file": str(file.absolute()),
            "fleet": target.fleet,
            "kind": target.kind,
            "ticks": played.ticks,
            "records": played.records,
            "files": played.pieces if target.folder else 0,
            "skipped_lines": flights.skipped,
            "to": str(target),
        } | streamed
        show(document, as_json, _text(document))
        if document.get("state") == "FAILED":
            fail(f"{document['run_id']} FAILED: {document['error']}", Exit.FAILED)
        _end([part.rejected.detail for part in parts if part.rejected], flights.skipped)


@contextmanager
def _flying(
    settings: Settings, flights: Schedule, target: Target, asked: dict[str, Any]
) -> Iterator[tuple[Played, Document]]:
    """Fly, and tell how that went while the worker of a stream is still up."""
    if not flights.ticks:
        yield Played(1, asked["speed"]), {}
        return
    pace = _pace(flights, asked)
    if not target.streamed:
        yield _play(flights, _emitter(target), pace), {}
        return
    where = {"folder": str(target.folder), "fleet": target.fleet, "kind": target.kind}
    request = StreamRequest.model_validate(where)
    worker.init(settings)
    with stream_worker(settings) as keep_one, interrupted() as ended:
        reader = Reader(settings, request)

        def over() -> bool:
            keep_one()
            return ended.is_set() or reader.over()

        try:
            played = _play(flights, _emitter(target), pace, over)
            if not played.stopped:
                click.echo("stillwater: all flights are out; the stream takes them in", err=True)
            while not over() and reader.taken(target.files)[0] < played.pieces:
                ended.wait(POLL_SECONDS)
        finally:
            run = reader.leave()
        told = {"run_id": run.run_id, "state": run.state, "taken": reader.taken(target.files)[1]}
        yield played, told | ({"error": run.error} if run.state == "FAILED" else {})


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


def _target(settings: Settings, delivered: Delivered, asked: dict[str, Any]) -> Target:
    folder, brokers, topic = asked["to"], asked["kafka"], asked["topic"]
    if (brokers is None) != (topic is None):
        fail("--kafka and --topic belong together", Exit.USAGE)
    if folder is not None and brokers is not None:
        fail("--to or --kafka, not both", Exit.USAGE)
    # Two replays into one folder, at once or one after the other, do not meet.
    stem = f"{delivered.fleet}-{now():%Y%m%dT%H%M%S}-{os.getpid()}"
    target = Target(delivered.fleet, delivered.kind, stem)
    if brokers is not None:
        return replace(target, brokers=brokers, topic=topic)
    if folder is not None:
        return replace(target, folder=folder.absolute())
    folder = settings.home / "landing" / "replay" / delivered.fleet
    if delivered.kind != "in_service":
        # A stream is of one kind and takes all files of its folder, sub-folders left alone.
        folder /= delivered.kind
    return replace(target, folder=folder.absolute(), streamed=True)


def _pace(flights: Schedule, asked: dict[str, Any]) -> Pace:
    pace = Pace(asked["speed"], asked["start"], asked["stop"])
    if pace.start > min(flights.ticks, pace.stop or flights.ticks):
        until = "--stop" if pace.stop and pace.stop < flights.ticks else "the last cycle"
        fail(f"--start {pace.start} is behind {until}: there are {flights.ticks}", Exit.USAGE)
    return pace


def _emitter(target: Target) -> Emit:
    """What sends one piece to the target."""
    if target.folder is not None:
        return _folder_emitter(target.folder, target.stem)
    # Loaded only where it is used: most replays go to a folder, and most verbs send nothing.
    from pipeline.sources.kafka_target import KafkaTarget
    from pipeline.sources.kafka_topic import Topic

    kafka = KafkaTarget(Topic(target.brokers or "", target.topic or ""))
    return lambda piece: kafka.send((flight.engine, flight.line) for flight in piece.flights)


def _folder_emitter(folder: Path, stem: str) -> Emit:
    folder.mkdir(parents=True, exist_ok=True)

    def emit(piece: Piece) -> None:
        lines = "".join(f"{flight.line}\n" for flight in piece.flights)
        land(folder / f"{stem}-{piece.number:06d}.jsonl", lines.encode())

    return emit


def _play(
    flights: Schedule, emit: Emit, pace: Pace, over: Callable[[], bool] = lambda: False
) -> Played:
    """Play the flights, until ``over`` says that nobody needs them any more."""
    last = min(flights.ticks, pace.stop or flights.ticks)
    with (
        tqdm(total=last, leave=False, disable=None, bar_format=_BAR) as bar,
        keyboard() as controls,
    ):

        def told(played: Played, words: str) -> None:
            if words:
                tqdm.write(f"stillwater: {words}", file=sys.stderr)
            bar.n = played.position - 1
            bar.set_description_str(f"{played.speed:g}/s{' paused' if played.paused else ''}")

        def obey(seconds: float) -> str | None:
            return "stop" if over() else controls(seconds)

        return play(flights, emit, obey, pace, told)


def _text(document: Document) -> str:
    skipped, taken = document["skipped_lines"], document.get("taken")
    parts = [
        f"{document['records']:,} records of {document['fleet']} in {document['ticks']:,} cycles "
        f"to {document['to']}"
    ]
    if skipped:
        parts.append(f"{skipped:,} lines are in quarantine and cannot be replayed")
    if taken is not None:
        parts.append(f"{document['run_id']} took in {taken:,}: {document['state']}")
    return "; ".join(parts)


def _end(rejected: list[str], skipped: int) -> None:
    """Bad data is said by the exit code, as an ingest of the same file does."""
    for detail in rejected:
        click.echo(f"stillwater: {detail}", err=True)
    if rejected or skipped:
        raise SystemExit(int(Exit.BAD_DATA))
