"""The worker process: durable workflows over the components, one writer a home."""

import contextlib
import json
import logging
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, run_dbos_database_migrations

from lakehouse.audit import AuditLog
from lakehouse.clock import iso, now
from lakehouse.journal import Journal
from lakehouse.lock import lake_lock
from lakehouse.requests import (
    REQUESTS,
    CorrectRequest,
    IngestRequest,
    LimitRequest,
    MaintainRequest,
    PromoteRequest,
    ReportRequest,
    Request,
    RestoreRequest,
    RetrainRequest,
    ReviewRequest,
    SchemaRequest,
    ScoreRequest,
    StreamRequest,
    VerifyRequest,
)
from lakehouse.runs import APP, APP_VERSION, EXECUTOR, RunStore, database_url
from lakehouse.settings import Settings
from pipeline import workflows
from pipeline.home import Home, chosen_engine, create_home, open_home
from pipeline.publish_lock import PublishLock
from pipeline.runner import Runner
from pipeline.schedule import keep_schedule, scheduled
from pipeline.step import Run, RunCancelled

HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.1
GRACE_SECONDS = 30
Document = dict[str, Any]
Workflow = Callable[[workflows.Context, Any], Document]
WORKFLOWS: dict[type[Request], Workflow] = {
    IngestRequest: workflows.ingest,
    RetrainRequest: workflows.retrain,
    PromoteRequest: workflows.promote,
    ScoreRequest: workflows.score,
    ReportRequest: workflows.report,
    ReviewRequest: workflows.review,
    CorrectRequest: workflows.correct,
    RestoreRequest: workflows.restore,
    SchemaRequest: workflows.schema,
    LimitRequest: workflows.limit,
    StreamRequest: workflows.stream,
    MaintainRequest: workflows.maintain,
    VerifyRequest: workflows.verify,
}
STREAMS_AT_ONCE = 8


def init(settings: Settings) -> bool:
    """Create the home with its stores; False when it was there already.

    The run records are migrated here, because a client that came first would leave an empty file.
    """
    created = create_home(settings)
    if created:
        AuditLog(settings.audit).begin()
    with contextlib.closing(sqlite3.connect(settings.runs)) as connection:
        # Measured: with the default journal a status call waits a quarter second behind a step.
        connection.execute("PRAGMA journal_mode=WAL")
    run_dbos_database_migrations(database_url(settings))
    return created


@contextmanager
def worker(settings: Settings, wait: float = 0.0, streams: bool = True) -> Iterator[None]:
    """A running worker: takes the lake lock, resumes what was interrupted, serves the queues.

    Args:
        settings: name the home.
        wait: seconds to wait for another worker to end; infinite when negative.
        streams: whether it serves streams and schedules too; what has no end would keep a
            short-lived worker.

    Raises:
        LockedError: another worker runs on this home for longer than ``wait`` seconds.
    """
    with lake_lock(settings.home, wait):
        init(settings)
        home = open_home(settings, chosen_engine(settings))
        runs = RunStore(settings)
        lock = PublishLock(settings.home / "publish.lock")
        # Asked before the launch: recovery puts interrupted runs back into their queues.
        lock.disinherit(frozenset(run.run_id for run in runs.active()))
        runs.close_cancelled()
        DBOS(config=_config(settings))
        _log_to_file(settings)
        for request, workflow in WORKFLOWS.items():
            _register(home, lock, request, workflow)
        stopped = threading.Event()
        beat = threading.Thread(target=_beat, args=(settings, stopped), daemon=True)
        beat.start()
        threading.Thread(target=_warm, args=(home,), daemon=True).start()
        DBOS.launch()
        clock = threading.Thread(target=keep_schedule, args=(settings, stopped), daemon=True)
        try:
            for name in REQUESTS:
                most = STREAMS_AT_ONCE if name == StreamRequest.workflow else 1
                if streams or most == 1:
                    DBOS.register_queue(
                        name, worker_concurrency=most, polling_interval_sec=POLL_SECONDS
                    )
            # Who only comes for one run of a person starts nothing by itself.
            if streams and scheduled(settings):
                clock.start()
            yield
        finally:
            stopped.set()
            beat.join()
            if clock.is_alive():
                clock.join()
            settings.heartbeat.unlink(missing_ok=True)
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=GRACE_SECONDS)


def serve(settings: Settings) -> None:
    """Run a worker until it is told to stop; what is running then resumes at the next start."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with worker(settings, wait=-1):
        stop.wait()
        if RunStore(settings).active():
            # A step in native code cannot be stopped; it is repeated from its start next time.
            os._exit(0)


def _config(settings: Settings) -> DBOSConfig:
    return {
        "name": APP,
        "system_database_url": database_url(settings),
        "application_version": APP_VERSION,
        "executor_id": EXECUTOR,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        # Tracebacks belong into the log; people read the run's journal.
        "console_log_level": "CRITICAL",
        "run_migrations": True,
    }


def _register(home: Home, lock: PublishLock, request: type[Request], flow: Workflow) -> None:
    # Its own connection: what a workflow asks through DBOS becomes one of its checkpointed steps.
    runs = RunStore(home.settings)

    def run(parameters: Document) -> Document:
        run_id = str(DBOS.workflow_id)
        me = Run(run_id, runs.root(run_id), runs.who(run_id), _Cancelled(runs, run_id))
        journal = Journal(home.settings.journals, me.run_id)
        context = workflows.Context(home, Runner(home), me, lock, _durable)
        try:
            document = flow(context, request.model_validate(parameters))
        except BaseException as error:
            state = "CANCELLED" if _is_cancel(error) else "FAILED"
            journal.write("", "end", state=state, message=f"{state.lower()}: {error}")
            raise
        finally:
            lock.forget(me.run_id)
        journal.write("", "end", state="SUCCEEDED", message="succeeded")
        return {"run_id": me.run_id} | document

    run.__name__ = run.__qualname__ = request.workflow
    DBOS.workflow(name=request.workflow)(run)


def _durable(name: str, work: Callable[[], Document]) -> Document:
    """Run one piece of work as a checkpointed step."""
    return DBOS.run_step({"name": name}, work)


class _Cancelled:
    """Whether a run has been cancelled, asked at most twice a second."""

    def __init__(self, runs: RunStore, run_id: str) -> None:
        self._runs = runs
        self._run_id = run_id
        self._asked = 0.0
        self._known = False

    def __call__(self) -> bool:
        # Several threads of a run ask; once it is cancelled all of them must hear it.
        if not self._known and time.monotonic() - self._asked >= 0.5:
            self._asked = time.monotonic()
            self._known = self._runs.cancelled(self._run_id)
        return self._known


def _is_cancel(error: BaseException) -> bool:
    return isinstance(error, RunCancelled) or "Cancelled" in type(error).__name__


def _log_to_file(settings: Settings) -> None:
    settings.logs.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(settings.logs / "worker.log", maxBytes=10_000_000, backupCount=3)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("dbos", "pipeline"):
        logger = logging.getLogger(name)
        logger.handlers = [h for h in logger.handlers if not isinstance(h, RotatingFileHandler)]
        logger.addHandler(handler)


def _warm(home: Home) -> None:
    """The first run finds the engine running; what is wrong with it is said by that run."""
    with contextlib.suppress(Exception):
        home.lake.engine.warm()


def _beat(settings: Settings, stopped: threading.Event) -> None:
    """A sign of life every few seconds; a page calls a run without one crashed."""
    while True:
        sign = {"pid": os.getpid(), "beat": iso(now())}
        with contextlib.suppress(OSError):  # a full disk must not end the signs of life
            settings.heartbeat.write_text(json.dumps(sign))
        if stopped.wait(HEARTBEAT_SECONDS):
            return
