"""The verb `stream`: take in what arrives in a folder or a Kafka topic, until Ctrl-C."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import narwhals as nw
from pydantic import ValidationError

from lakehouse.requests import StreamRequest
from lakehouse.runs import FINAL, Run, RunError, RunStore
from lakehouse.settings import Settings
from lakehouse.snapshots import pin
from lakehouse.tables import DELIVERIES
from pipeline import worker
from pipeline.commands.output import Exit, audited, fail, json_option, me, queued, show
from pipeline.commands.running import running_worker
from pipeline.home import open_home
from pipeline.steps.frames import collect

Document = dict[str, Any]
POLL_SECONDS = 0.3


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[FOLDER]"
)
@click.option("--kafka", metavar="BROKERS", help="read a topic instead: host:port,…")
@click.option("--topic", help="the topic")
@click.option("--fleet", help="fleet of what does not say it")
@click.option("--kind", type=click.Choice(["history", "in_service", "truth"]))
@click.option("--once", is_flag=True, help="end when nothing more is there")
@json_option
@click.pass_obj
def stream(settings: Settings, /, folder: Path | None, as_json: bool, **asked: Any) -> None:
    """Take in files that arrive in FOLDER, or messages, as they come.

    Ctrl-C ends the stream; the next one of the same source goes on where it stopped.
    """
    request = _request(folder, asked)
    worker.init(settings)
    with stream_worker(settings) as keep_one, interrupted() as ended:
        run = watch(settings, request, ended, keep_one)
        document = {"run_id": run.run_id, "state": run.state} | dict(run.result or {})
        document |= {"error": run.error} if run.state == "FAILED" else {}
        show(document, as_json, f"{run.run_id}: {run.state}")
        if run.state == "FAILED":
            fail(f"{run.run_id} {run.state}: {run.error}", Exit.FAILED)


def watch(
    settings: Settings,
    request: StreamRequest,
    ended: threading.Event,
    keep_one: Callable[[], None] = lambda: None,
) -> Run:
    """Ask for a stream and see it to its end; ``ended`` cancels it."""
    reader = Reader(settings, request)
    if request.once and not reader.run().request.get("once"):
        words = f"{reader.run_id} reads {request.source} already, and without end"
        fail(f"{words}; `stillwater run cancel {reader.run_id}` ends it", Exit.REFUSED)
    while not reader.over():
        keep_one()
        if ended.wait(POLL_SECONDS):
            return reader.end()
    return reader.run()


class Reader:
    """A stream that a command asked for, or found running.

    Attributes:
        run_id: its run.
    """

    def __init__(self, settings: Settings, request: StreamRequest) -> None:
        self._settings = settings
        self._store = RunStore(settings)
        self._lake = open_home(settings).lake
        asked = audited(settings, request.workflow, request.source)
        submitted = self._store.submit(request, me())
        queued(settings, asked, submitted.run_id)
        self.run_id = submitted.run_id
        self._created = submitted.created
        self._over = False
        self._due = 0.0

    def run(self) -> Run:
        """How it stands."""
        return self._store.run(self.run_id)

    def over(self) -> bool:
        """Whether it has ended; the longer the look takes, the more seldom it is."""
        began = time.monotonic()
        if not self._over and began >= self._due:
            self._over = self.run().state in FINAL
            # The journal of a stream that has run for days takes a while to read.
            took = time.monotonic() - began
            self._due = began + max(POLL_SECONDS, 20 * took)
        return self._over

    def taken(self, sources: str) -> tuple[int, int]:
        """Files that are whole in the newest snapshot, and their records.

        Args:
            sources: what the paths of the files begin with.
        """
        mine = nw.col("source").str.starts_with(sources)
        rows = pin(self._lake).scan(DELIVERIES.name).filter(mine).select("source", "accepted")
        found = collect(rows)
        return found["source"].n_unique(), int(found["accepted"].sum())

    def end(self) -> Run:
        """Cancel it and wait until it has ended."""
        with suppress(RunError):  # it has ended meanwhile
            self._store.cancel(self.run_id)
        while (run := self.run()).state not in FINAL:
            time.sleep(POLL_SECONDS)
        return run

    def leave(self) -> Run:
        """End it, unless somebody else asked for it and another process runs it."""
        return self.end() if self._created or _works_here(self._settings) else self.run()


@contextmanager
def stream_worker(settings: Settings) -> Iterator[Callable[[], None]]:
    """A worker that takes streams; what is yielded puts one in the place of one that has ended.

    The one that is up may be that of another command, which takes no streams and ends with it.
    What the command has to say must be said inside: the process may end with this block.
    """
    store = RunStore(settings)
    with ExitStack() as stack:
        stack.enter_context(running_worker(settings, streams=True))

        def keep_one() -> None:
            if not store.worker_alive():
                stack.enter_context(running_worker(settings, streams=True))

        try:
            yield keep_one
        except SystemExit as ended:
            _leave_others(settings, ended.code)
            raise
        except Exception as error:
            _leave_others(settings, Exit.FAILED, f"{type(error).__name__}: {error}; ")
            raise
        _leave_others(settings, Exit.OK)


def _leave_others(settings: Settings, code: Any, words: str = "") -> None:
    """End the process at once if streams of others run in it: by themselves they never would.

    They were found interrupted when this worker came up; the next worker resumes them.
    """
    store = RunStore(settings)

    def streams() -> list[str]:
        # One that waits in the queue may be taken by this worker at any moment.
        return [run.run_id for run in store.active() if run.kind == StreamRequest.workflow]

    if not _works_here(settings) or not streams():
        return
    while any(run.kind != StreamRequest.workflow for run in store.active()):
        time.sleep(POLL_SECONDS)
    click.echo(f"stillwater: {words}the next worker goes on with {', '.join(streams())}", err=True)
    settings.heartbeat.unlink(missing_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code) if isinstance(code, int) else int(Exit.FAILED))


def _works_here(settings: Settings) -> bool:
    """Whether the home's worker is one of this process."""
    try:
        sign = json.loads(settings.heartbeat.read_text())
    except (OSError, ValueError):
        return False
    return bool(sign.get("pid") == os.getpid())


def _request(folder: Path | None, asked: dict[str, Any]) -> StreamRequest:
    try:
        return StreamRequest(
            folder=None if folder is None else str(folder.absolute()),
            brokers=asked["kafka"],
            topic=asked["topic"],
            fleet=asked["fleet"],
            kind=asked["kind"],
            once=asked["once"],
        )
    except ValidationError as error:
        words = "; ".join(
            problem["msg"].removeprefix("Value error, ") for problem in error.errors()
        )
        fail(words, Exit.USAGE)


@contextmanager
def interrupted() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C; the second one ends the process at once."""
    event = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, _frame: Any) -> None:
        if event.is_set():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        event.set()

    for number in before:
        signal.signal(number, end)
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
