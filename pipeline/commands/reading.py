"""Verbs that read: engines, models, runs, history; nothing here writes."""

import json
from collections.abc import Mapping
from typing import Any

import click
import narwhals as nw
import polars as pl

from lakehouse.corrections import outdated_by
from lakehouse.runs import Run, RunError, RunStore
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned, pin
from lakehouse.tables import BACKFILL, DELIVERIES, ENGINE_STATUS, PREDICTIONS
from pipeline.commands.output import Exit, audited, fail, json_option, show, table
from pipeline.home import Home, open_home
from pipeline.steps.frames import collect

Document = dict[str, Any]


def fleets(home: Home) -> list[str]:
    """Fleets that something was accepted of."""
    rows = collect(home.lake.scan(DELIVERIES.name).select("fleet", "state").unique())
    return sorted(rows.filter(pl.col("state") == "accepted")["fleet"].unique())


def only_fleet(home: Home, fleet: str | None) -> str:
    """The fleet that was named, or the only one there is; otherwise the command ends."""
    known = fleets(home)
    if fleet is None and len(known) == 1:
        return known[0]
    if fleet is None:
        fail(f"--fleet is needed: there are {', '.join(known) or 'none yet'}", Exit.USAGE)
    if fleet not in known:
        fail(f"--fleet {fleet!r}: there are {', '.join(known) or 'none yet'}", Exit.USAGE)
    return fleet


def split_engine(text: str) -> tuple[str, str, int | None]:
    """FLEET/ENGINE or FLEET/ENGINE@CYCLE in its parts."""
    name, at, cycle = text.partition("@")
    fleet, slash, engine = name.partition("/")
    if not slash or not fleet or not engine or (at and not cycle.isdecimal()):
        fail(f"{text!r}: FLEET/ENGINE or FLEET/ENGINE@CYCLE expected", Exit.USAGE)
    return fleet, engine, int(cycle) if at else None


def split_flights(text: str) -> tuple[str, str, int, int]:
    """FLEET/ENGINE@CYCLE or FLEET/ENGINE@FROM-TO in its parts."""
    name, _, cycles = text.partition("@")
    first, dash, last = cycles.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        fail(f"{text!r}: FLEET/ENGINE@CYCLE or FLEET/ENGINE@FROM-TO expected", Exit.USAGE)
    fleet, engine, _ = split_engine(name)
    return fleet, engine, int(first), int(last or first)


@click.command()
@click.option("--fleet")
@json_option
@click.pass_obj
def engines(settings: Settings, fleet: str | None, as_json: bool) -> None:
    """Every engine with its state and newest prediction."""
    pinned = pin(open_home(settings).lake)
    rows = pinned.scan(ENGINE_STATUS.name)
    if fleet is not None:
        rows = rows.filter(nw.col("fleet") == fleet)
    documents = [
        _engine_document(pinned, row, _status_prediction(row))
        for row in collect(rows.sort("fleet", "engine")).rows(named=True)
    ]
    flat = [row | _flat(row["prediction"]) for row in documents]
    columns = ("fleet", "engine", "state", "cycles", "probability", "from", "to", "rul", "model_id")
    show(documents, as_json, table(flat, columns))


@click.command()
@click.argument("name", metavar="FLEET/ENGINE[@CYCLE]")
@json_option
@click.pass_obj
def engine(settings: Settings, name: str, as_json: bool) -> None:
    """One engine and what was said of it, now or at a cycle."""
    fleet, unit, cycle = split_engine(name)
    home = open_home(settings)
    pinned = pin(home.lake)
    mine = (nw.col("fleet") == fleet, nw.col("engine") == unit)
    found = collect(pinned.scan(ENGINE_STATUS.name).filter(*mine)).rows(named=True)
    if not found:
        fail(f"there is no engine {fleet}/{unit}", Exit.USAGE)
    if cycle is None:
        prediction = _status_prediction(found[0])
    else:
        prediction = _prediction_at(pinned, fleet, unit, cycle)
        if prediction is None:
            fail(f"nothing was said of {name}", Exit.USAGE)
    if prediction is not None:
        prediction["outdated_by"] = _outdated_by(pinned, home, (fleet, unit), prediction)
    document = _engine_document(pinned, found[0], prediction)
    show(document, as_json, json.dumps(document, indent=1, default=str))


@click.command()
@click.option("--limit", default=50, show_default=True)
@json_option
@click.pass_obj
def runs(settings: Settings, limit: int, as_json: bool) -> None:
    """Runs, newest first."""
    documents = [run_document(run) for run in RunStore(settings).recent(limit)]
    show(documents, as_json, table(documents, ("run_id", "kind", "state", "who", "started")))


@click.group()
def run() -> None:
    """Show, cancel or retry one run."""


@run.command("show")
@click.argument("run_id")
@json_option
@click.pass_obj
def run_show(settings: Settings, run_id: str, as_json: bool) -> None:
    """One run with its steps."""
    document = run_document(_found(settings, run_id))
    show(document, as_json, json.dumps(document, indent=1, default=str))


@run.command("cancel")
@click.argument("run_id")
@json_option
@click.pass_obj
def run_cancel(settings: Settings, run_id: str, as_json: bool) -> None:
    """Stop a run at its next safe point."""
    _found(settings, run_id)
    audited(settings, "cancel", run_id)
    try:
        RunStore(settings).cancel(run_id)
    except RunError as error:
        fail(str(error), Exit.REFUSED)
    document = run_document(_found(settings, run_id))
    show(document, as_json, f"{run_id}: {document['state']}")


def run_document(found: Run) -> Document:
    """A run as the command line tells it."""
    steps = [
        {"node": s.node, "state": s.state, "seconds": s.seconds, "message": s.message}
        for s in found.steps
    ]
    return {
        "run_id": found.run_id,
        "kind": found.kind,
        "state": found.state,
        "who": found.who,
        "started": found.started,
        "finished": found.finished,
        "steps": steps,
        "reads": dict(found.reads),
        "writes": dict(found.writes),
        "error": found.error or None,
        "retry_of": found.retry_of,
    }


def _found(settings: Settings, run_id: str) -> Run:
    try:
        return RunStore(settings).run(run_id)
    except RunError as error:
        fail(str(error), Exit.USAGE)


def _engine_document(
    pinned: Pinned, row: Mapping[str, Any], prediction: Document | None
) -> Document:
    return {
        "fleet": row["fleet"],
        "engine": row["engine"],
        "state": row["state"],
        "cycles": row["cycles_seen"],
        "prediction": prediction,
        "as_of": {"snapshot": pinned.snapshot.seq, "versions": dict(pinned.snapshot.versions)},
    }


def _status_prediction(row: Mapping[str, Any]) -> Document | None:
    if row["model_id"] is None:
        return None
    return _prediction(dict(row) | {"cycle": row["said_at"]}, "issued")


def _prediction_at(pinned: Pinned, fleet: str, engine: str, cycle: int) -> Document | None:
    """The newest that was issued at a cycle, else the live model's backfill."""
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine, nw.col("cycle") == cycle)
    issued = collect(pinned.scan(PREDICTIONS.name).filter(*mine)).sort("predicted_at")
    if issued.height:
        return _prediction(issued.row(-1, named=True), "issued")
    filled = collect(pinned.scan(BACKFILL.name).filter(*mine))
    return _prediction(filled.row(0, named=True), "backfill") if filled.height else None


def _outdated_by(
    pinned: Pinned, home: Home, engine: tuple[str, str], prediction: Document
) -> list[str]:
    """The corrections since that make an issued prediction one of rows that are no more."""
    mine = (nw.col("fleet") == engine[0], nw.col("engine") == engine[1])
    here = nw.col("cycle") == prediction["cycle"]
    same = [pl.col(name) == prediction[name] for name in ("model_id", "run_id", "predicted_at")]
    # A backfill, which is worked out anew with its rows, is not among them.
    issued = collect(pinned.scan(PREDICTIONS.name).filter(*mine, here)).filter(*same)
    found = outdated_by(pinned, home.profile, engine, issued)
    return list(found[0]) if found else []


def _prediction(row: Mapping[str, Any], origin: str) -> Document:
    window = {"from": row["window_from"], "to": row["window_to"], "coverage": row["coverage"]}
    same = ("cycle", "probability", "rul", "model_id", "run_id", "predicted_at")
    return {name: row[name] for name in same} | {"window": window, "origin": origin}


def _flat(prediction: Document | None) -> Document:
    return {} if prediction is None else prediction | prediction["window"]
