"""The verb `stream`: take in what arrives in a folder or a Kafka topic, until Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from lakehouse.requests import StreamRequest
from lakehouse.runs import FINAL, Run, RunError, RunStore
from lakehouse.settings import Settings
from pipeline import worker
from pipeline.commands.output import Exit, audited, fail, json_option, me, show
from pipeline.commands.running import running_worker

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
    audited(settings, request.workflow, request.source)
    with running_worker(settings, streams=True), _interrupted() as interrupted:
        run = watch(settings, request, interrupted)
    document = {"run_id": run.run_id, "state": run.state} | dict(run.result or {})
    document |= {"error": run.error} if run.state == "FAILED" else {}
    show(document, as_json, f"{run.run_id}: {run.state}")
    if run.state == "FAILED":
        fail(f"{run.run_id} {run.state}: {run.error}", Exit.FAILED)


def watch(settings: Settings, request: StreamRequest, ended: threading.Event) -> Run:
    """Ask for a stream and see it to its end; ``ended`` cancels it."""
    store = RunStore(settings)
    run_id = store.submit(request, me()).run_id
    while (run := store.run(run_id)).state not in FINAL:
        if ended.wait(POLL_SECONDS) and run.state in ("QUEUED", "RUNNING", "CRASHED"):
            with suppress(RunError):  # it has ended meanwhile
                store.cancel(run_id)
    return run


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
def _interrupted() -> Iterator[threading.Event]:
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
