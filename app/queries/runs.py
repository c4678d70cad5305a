"""Read models of the run pages: which runs there are and what one of them does now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from sqlalchemy.exc import SQLAlchemyError

from app.queries import streams
from app.queries.run_words import STREAM, fleet_of, trouble
from app.queries.stream_words import shown_steps
from app.queries.streams import Newest, Taken
from app.queries.trouble import Around, Trouble
from app.services import Services
from lakehouse.journal import LogLine, Step
from lakehouse.requests import REQUESTS
from lakehouse.runs import FINAL, RUN_ID, Run, RunError
from lakehouse.snapshots import Snapshot

PAGE_SIZE = 50
LAST_PAGE = 200
LOG_LINES = 500
MOST_RETRIES = 20
KINDS = tuple(REQUESTS)
STORE_ERRORS = (RunError, SQLAlchemyError)


class Marks(TypedDict):
    """What a page was drawn from: runs that can still change, and file times (``stamp``)."""

    ids: list[str]
    stamp: str


@dataclass(frozen=True)
class RunPage:
    """One page of past runs.

    Attributes:
        runs: newest first.
        page: number of the page, from 1.
        more: there are older runs.
        alive: a worker is running.
        problem: why the run records cannot be read, empty when they can.
        taken: what the streams among them have taken in.
        as_of: the snapshot that was asked for, None for now.
    """

    runs: tuple[Run, ...] = ()
    page: int = 1
    more: bool = False
    alive: bool = True
    problem: str = ""
    taken: Mapping[str, Taken] = field(default_factory=dict)
    as_of: int | None = None

    @property
    def active(self) -> bool:
        """Whether a run of this page can still change; what was, cannot."""
        return self.as_of is None and any(run.state not in FINAL for run in self.runs)


@dataclass(frozen=True)
class RunDetail:
    """One run with its log and what to say about it.

    Attributes:
        taken: what a stream has taken in, None for other runs.
        newest: the newest snapshot of a stream.
    """

    run: Run
    log: tuple[LogLine, ...]
    trouble: Trouble | None
    taken: Taken | None = None
    newest: Newest | None = None


def run_page(
    services: Services, kind: str | None = None, page: int = 1, as_of: int | None = None
) -> RunPage:
    """Page ``page`` of the runs of one kind, of all kinds by default, as of a snapshot."""
    page = min(max(page, 1), LAST_PAGE)
    kind = kind if kind in KINDS else None
    pinned = services.pinned(as_of)
    until = None if as_of is None else pinned.snapshot.time
    try:
        found = services.runs.recent(PAGE_SIZE + 1, (page - 1) * PAGE_SIZE, kind, until)
    except STORE_ERRORS as error:
        return RunPage(problem=_store_problem(error), as_of=as_of)
    runs = tuple(_as_it_stood(_as_it_stands(run), pinned.snapshot, as_of) for run in found)
    ids = tuple(run.run_id for run in runs[:PAGE_SIZE] if run.kind == STREAM)
    taken = streams.taken(pinned, ids) if ids else {}
    more, alive = len(found) > PAGE_SIZE, as_of is not None or services.runs.worker_alive()
    return RunPage(runs[:PAGE_SIZE], page, more, alive, taken=taken, as_of=as_of)


def run_detail(services: Services, run_id: str) -> RunDetail:
    """One run, its newest log lines and its trouble.

    Raises:
        RunError: there is no such run, or the run records cannot be read.
    """
    try:
        run = _with_reused(services, _as_it_stands(services.runs.run(run_id)))
    except SQLAlchemyError as error:
        raise RunError(_store_problem(error)) from error
    around, log = _around(services, run), services.runs.log(run_id, LOG_LINES)
    told = trouble(run, around)
    if run.kind != STREAM:
        return RunDetail(run, log, told)
    return RunDetail(run, log, told, around.taken or Taken(), streams.newest(services.lake, run_id))


def marks(services: Services, run_ids: Iterable[str] = ()) -> Marks:
    """How the run records, these runs' journals and the worker's life stand now."""
    settings = services.settings
    known = [run_id for run_id in run_ids if RUN_ID.fullmatch(run_id)][:PAGE_SIZE]
    files = [settings.runs, settings.runs.with_name(settings.runs.name + "-wal")]
    files += [settings.journals / f"{run_id}.jsonl" for run_id in known]
    alive = "alive" if services.runs.worker_alive() else "dead"
    return {"ids": known, "stamp": " ".join([*(_mark(file) for file in files), alive])}


def changed(services: Services, drawn: Marks) -> bool:
    """Whether anything is different since a page was drawn: a few looks at file times."""
    return marks(services, drawn["ids"]) != drawn


def drawn_marks(before: Marks, runs: Iterable[Run]) -> Marks:
    """What a page keeps of the marks that were taken before it read these runs.

    Journals that were not looked at then make the next look find a change, so that nothing that
    was written while the page was read is missed.
    """
    ids = [run.run_id for run in runs if run.state not in FINAL]
    return before if before["ids"] == ids else {"ids": ids, "stamp": ""}


def _with_reused(services: Services, run: Run, depth: int = MOST_RETRIES) -> Run:
    """A retry with the steps that it need not do again, as the runs before it did them."""
    if run.retry_of is None or not depth:
        return run
    try:
        before = _with_reused(services, services.runs.run(run.retry_of), depth - 1)
    except RunError:
        return run
    done = {s.node: s for s in before.steps if s.state in ("COMPLETE", "CACHED")}
    steps = (_reused(done.get(s.node, s)) if s.state == "PENDING" else s for s in run.steps)
    return replace(run, steps=tuple(steps))


def _reused(step: Step) -> Step:
    if step.state == "PENDING":
        return step
    return replace(step, state="CACHED", seconds=0.0, message="as the earlier try did it")


def _around(services: Services, run: Run) -> Around:
    ahead, pinned = 0, services.pinned()
    if run.kind == STREAM:
        taken = streams.taken(pinned, (run.run_id,)).get(run.run_id)
        return Around(services.runs.worker_alive(), taken=taken)
    if run.state == "QUEUED":
        others = (other for other in services.runs.active() if other.kind == run.kind)
        ahead = sum(other.queued < run.queued for other in others)
    live = pinned.snapshot.live.get(fleet_of(run), "")
    return Around(services.runs.worker_alive(), ahead, live)


def _as_it_stands(run: Run) -> Run:
    """A step that was at work when its run ended or its worker died is not running."""
    if run.kind == STREAM:
        return replace(run, steps=shown_steps(run))
    ended = {"CRASHED": "STOPPED", "FAILED": "FAILED", "CANCELLED": "CANCELED"}.get(run.state)
    if ended is None:
        return run
    steps = (replace(s, state=ended) if s.state == "RUNNING" else s for s in run.steps)
    return replace(run, steps=tuple(steps))


def _as_it_stood(run: Run, then: Snapshot, as_of: int | None) -> Run:
    """A run as it was when a snapshot was taken; a snapshot is the last act of its own run."""
    if as_of is None or then.time is None or run.run_id == then.run_id:
        return run
    if run.finished is not None and run.finished <= then.time:
        return run
    began = run.started is not None and run.started <= then.time
    return replace(
        run,
        state="RUNNING" if began else "QUEUED",
        started=run.started if began else None,
        finished=then.time if began else None,  # so that it took what it had taken then
        steps=(),
        writes={},
        error="",
        result=None,
    )


def _mark(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return "-"
    return f"{stat.st_mtime_ns}.{stat.st_size}"


def _store_problem(error: Exception) -> str:
    if isinstance(error, RunError):
        return str(error)
    return "The run records cannot be read just now. Runs go on; this page tries again."
