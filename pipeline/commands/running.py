"""Verbs that ask for a run and wait for it: the same queue as the buttons of the dashboard."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from tqdm import tqdm

from lakehouse.lock import LockedError
from lakehouse.parameters import Parameters
from lakehouse.requests import (
    IngestRequest,
    ReportRequest,
    Request,
    RetrainRequest,
    ScoreRequest,
    StreamRequest,
)
from lakehouse.runs import FINAL, Run, RunError, RunStore
from lakehouse.serving import live
from lakehouse.settings import Settings
from pipeline import worker
from pipeline.commands.output import Exit, audited, fail, json_option, me, queued, show
from pipeline.commands.reading import fleets, only_fleet, split_engine
from pipeline.home import open_home
from pipeline.sources.faults import SourceError
from pipeline.sources.files import discover

Document = dict[str, Any]
BAD_STATES = ("rejected", "blocked")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--fleet", help="fleet of files whose names do not say it")
@click.option("--kind", type=click.Choice(["history", "in_service", "truth"]))
@json_option
@click.pass_obj
def ingest(
    settings: Settings, paths: tuple[Path, ...], fleet: str | None, kind: str | None, as_json: bool
) -> None:
    """Take in files or folders."""
    absolute = tuple(str(path.absolute()) for path in paths)
    request = checked(IngestRequest, paths=absolute, fleet=fleet, kind=kind)
    try:
        discover(absolute, fleet, kind)
    except SourceError as error:
        fail(str(error), Exit.USAGE)
    run = ask(settings, request, ", ".join(absolute))
    document = document_of(run)
    rows = document.get("deliveries", [])
    lines = [
        f"{row['state']:<10} {row['fleet']:<8} {row['kind']:<10} {row['accepted']:>8,} of "
        f"{row['rows']:>8,}  {row['source']} {row['member']} {row.get('reason') or ''}".rstrip()
        for row in rows
    ]
    show(document, as_json, "\n".join([*lines, f"{run.run_id}: {run.state}"]))
    end(run)
    if any(row["state"] in BAD_STATES or row["quarantined"] for row in rows):
        raise SystemExit(int(Exit.BAD_DATA))


@click.command()
@click.option("--fleet")
@click.option("--set", "pairs", multiple=True, metavar="K=V", help="training parameter")
@json_option
@click.pass_obj
def retrain(settings: Settings, fleet: str | None, pairs: tuple[str, ...], as_json: bool) -> None:
    """Train a model for a fleet; publish it if the gate lets it."""
    try:
        parameters = Parameters.parse(pairs)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    home = open_home(settings)
    version = home.lake.version("silver/readings")
    name = only_fleet(home, fleet)
    if version is None:
        fail("there is no data yet: run `stillwater ingest` first", Exit.REFUSED)
    request = checked(
        RetrainRequest, fleet=name, parameters=parameters.changed(), silver_version=version
    )
    run = ask(settings, request, name)
    document = document_of(run)
    show(document, as_json, f"{_retrain_text(document)}\n{run.run_id}: {run.state}")
    end(run)


def _retrain_text(document: Document) -> str:
    numbers = {k: v for k, v in document.get("metrics", {}).items() if isinstance(v, int | float)}
    verdict = f"blessed {document.get('blessed')}, pushed {document.get('pushed')}"
    lines = [
        *(
            f"{s['node']:<12} {s['state']:<9} {s['seconds']:6.1f} s"
            for s in document.get("steps", [])
        ),
        *(f"{name:<18} {value:.4g}" for name, value in numbers.items()),
        f"model {document.get('model_id')}: {verdict}",
        *(f"  {reason}" for reason in document.get("reasons", [])),
    ]
    return "\n".join(lines)


@click.command()
@click.option("--fleet")
@click.option("--all-cycles", is_flag=True, help="score earlier cycles again too")
@json_option
@click.pass_obj
def score(settings: Settings, fleet: str | None, all_cycles: bool, as_json: bool) -> None:
    """Score a fleet with its live model."""
    name = only_fleet(open_home(settings), fleet)
    if live(settings.serving, name) is None:
        fail(f"no model is live for {name}: run `stillwater retrain` first", Exit.REFUSED)
    run = ask(settings, checked(ScoreRequest, fleet=name, all_cycles=all_cycles), name)
    document = document_of(run)
    show(
        document, as_json, f"{document.get('rows', 0):,} flights scored\n{run.run_id}: {run.state}"
    )
    end(run)


@click.command()
@click.argument("origin", type=click.Choice(["failure", "overhaul", "removal", "retract"]))
@click.argument("engine", metavar="FLEET/ENGINE@CYCLE")
@click.option("--reason", required=True, help="why, in words")
@json_option
@click.pass_obj
def report(settings: Settings, origin: str, engine: str, reason: str, as_json: bool) -> None:
    """Say that an engine failed, was overhauled or removed, or take that back."""
    fleet, name, cycle = split_engine(engine)
    if cycle is None:
        fail(f"{engine}: FLEET/ENGINE@CYCLE expected", Exit.USAGE)
    request = checked(
        ReportRequest, origin=origin, fleet=fleet, engine=name, cycle=cycle, reason=reason
    )
    if fleet not in fleets(open_home(settings)):
        fail(f"there is no fleet {fleet!r}", Exit.USAGE)
    run = ask(settings, request, engine)
    show(document_of(run), as_json, f"{run.run_id}: {run.state}")
    if any(step.message.startswith("ReportError") for step in run.steps):
        fail(run.error, Exit.REFUSED)
    end(run)


@click.command("retry")
@click.argument("run_id")
@json_option
@click.pass_obj
def retry(settings: Settings, run_id: str, as_json: bool) -> None:
    """Run again from the step that failed."""
    request = audited(settings, "retry", run_id)
    with running_worker(settings):
        try:
            again = RunStore(settings).retry(run_id, me())
        except RunError as error:
            fail(str(error), Exit.REFUSED)
        queued(settings, request, again)
        run = wait_for(settings, again)
    show(document_of(run), as_json, f"{run.run_id}: {run.state}")
    end(run)


@click.command("wait")
@click.argument("run_id")
@json_option
@click.pass_obj
def wait(settings: Settings, run_id: str, as_json: bool) -> None:
    """Wait until a run has ended; without a worker, one runs for the time it needs."""
    with running_worker(settings):
        try:
            run = wait_for(settings, run_id)
        except RunError as error:
            fail(str(error), Exit.USAGE)
    show(document_of(run), as_json, f"{run.run_id}: {run.state}")
    end(run)


@contextmanager
def running_worker(settings: Settings, streams: bool = False) -> Iterator[None]:
    """A worker for the time of a command, unless one is up already."""
    with ExitStack() as stack:
        # The lock knows: a sign of life outlives the worker that left it by half a minute.
        with suppress(LockedError):
            stack.enter_context(worker.worker(settings, streams=streams))
            stack.callback(_drain, settings)
        yield


def _drain(settings: Settings) -> None:
    """Let runs that this worker has begun end before the lock is let go."""
    runs = RunStore(settings)
    while active := [run for run in runs.active() if run.kind != StreamRequest.workflow]:
        runs.wait(active[-1].run_id, 1.0)


def wait_for(settings: Settings, run_id: str) -> Run:
    """The run once it has ended, with a progress bar on a terminal."""
    store = RunStore(settings)
    with tqdm(
        total=100, unit="%", leave=False, disable=None, bar_format="{desc} {bar} {n:.0f} %"
    ) as bar:
        while (run := store.wait(run_id, 0.3)).state not in FINAL:
            current = next((step for step in run.steps if step.state == "RUNNING"), None)
            if current is not None:
                bar.set_description_str(f"{current.node}: {current.message}"[:60])
                bar.n = 100 * current.fraction
                bar.refresh()
    return run


def ask(settings: Settings, request: Request, target: str, action: str = "") -> Run:
    """Ask for a run, audited (as the workflow's name by default), and wait for its end."""
    worker.init(settings)
    asked = audited(settings, action or request.workflow, target, request.model_dump(mode="json"))
    with running_worker(settings):
        submitted = RunStore(settings).submit(request, me())
        queued(settings, asked, submitted.run_id)
        return wait_for(settings, submitted.run_id)


def checked(request: Callable[..., Request], **values: Any) -> Any:
    """A request of these values; wrong ones end the command with what is wrong."""
    try:
        return request(**values)
    except ValidationError as error:
        fail(
            "; ".join(_problem(p["loc"], p["input"], p["msg"]) for p in error.errors()), Exit.USAGE
        )


def _problem(place: tuple[int | str, ...], given: Any, message: str) -> str:
    """What is wrong with one value, or with how they go together, which has no place."""
    if not place:
        return message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))} = {given!r}: {message}"


def document_of(run: Run) -> Document:
    """A run's result as the document of its verb."""
    failed = {} if not run.error else {"error": run.error}
    return {"run_id": run.run_id, "state": run.state} | dict(run.result or {}) | failed


def end(run: Run) -> None:
    """Give the exit code of a run that did not succeed."""
    if run.state == "SUCCEEDED":
        return
    fail(f"{run.run_id} {run.state}: {run.error}", Exit.FAILED)
