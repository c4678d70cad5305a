"""Verbs for people's decisions about data: on a delivery, rows, a schema, a limit."""

from typing import Any

import click
import narwhals as nw

from lakehouse.corrections import no_restore
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import (
    CorrectRequest,
    LimitRequest,
    RestoreRequest,
    ReviewRequest,
    SchemaRequest,
)
from lakehouse.runs import Run
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned, pin
from lakehouse.tables import SILVER, TABLES
from pipeline.commands.output import Exit, fail, json_option, refused, show
from pipeline.commands.reading import only_fleet, split_flights
from pipeline.commands.running import ask, checked, document_of, end
from pipeline.home import Home, open_home
from pipeline.steps.frames import collect

_REFUSALS = (
    "ReviewError",
    "CorrectionError",
    "RestoreError",
    "SchemaDecisionError",
    "PromotionError",
)
reason_option = click.option("--reason", required=True, help="why, in words")


@click.command()
@click.argument("delivery_id")
@click.argument("decision", type=click.Choice(["accept", "quarantine"]))
@reason_option
@json_option
@click.pass_obj
def review(settings: Settings, delivery_id: str, decision: str, reason: str, as_json: bool) -> None:
    """Let a delivery into silver, or keep it out."""
    request = checked(ReviewRequest, delivery_id=delivery_id, decision=decision, reason=reason)
    decided(ask(settings, request, f"{decision} {delivery_id}"), as_json)


@click.command()
@click.argument("words", nargs=-1, metavar="[FLEET/ENGINE@CYCLE [COLUMN=VALUE]...]")
@click.option("--withdraw", is_flag=True, help="take the flight, or @FROM-TO, out of silver")
@click.option("--retract", metavar="CORRECTION", help="take an earlier correction back")
@reason_option
@json_option
@click.pass_obj
def correct(
    settings: Settings, /, words: tuple[str, ...], reason: str, as_json: bool, **how: Any
) -> None:
    """Correct values of a flight, withdraw flights, or take a correction back."""
    home, retract = open_home(settings), how["retract"]
    if retract is not None:
        if words or how["withdraw"]:
            fail("--retract stands alone: the correction says which rows", Exit.USAGE)
        asked = _retraction(pin(home.lake), retract)
    elif not words:
        fail("FLEET/ENGINE@CYCLE or --retract CORRECTION expected", Exit.USAGE)
    elif how["withdraw"]:
        asked = _withdrawal(*words)
    else:
        asked = _correction(home, *words)
    request = checked(CorrectRequest, **asked, reason=reason)
    decided(ask(settings, request, " ".join(words) or f"retract {retract}"), as_json)


def _correction(home: Home, place: str, *values: str) -> dict[str, Any]:
    fleet, engine, first, last = split_flights(place)
    if first != last:
        fail(f"{place}: one flight at a time is corrected", Exit.USAGE)
    pairs = [_value(text) for text in values]
    new = dict(pairs)
    if len(new) < len(pairs):
        fail("a column is given twice: which of its values is meant?", Exit.USAGE)
    if unknown := sorted(new.keys() - set(home.profile.signal_names)):
        known = ", ".join(home.profile.signal_names)
        fail(f"there is no column {unknown[0]!r}. Known: {known}", Exit.USAGE)
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine, nw.col("cycle") == first)
    found = collect(pin(home.lake).scan(SILVER.name).filter(*mine)).rows(named=True)
    # What is not there has no old value; the run says so in the words that everybody gets.
    old = found[0] if found else {}
    changes = {name: {"old": old.get(name), "new": value} for name, value in new.items()}
    about = {"action": "correct", "fleet": fleet, "engine": engine, "cycle": first}
    return about | {"changes": changes}


def _withdrawal(place: str, *values: str) -> dict[str, Any]:
    if values:
        fail("--withdraw takes whole flights: no COLUMN=VALUE", Exit.USAGE)
    fleet, engine, first, last = split_flights(place)
    about = {"action": "withdraw", "fleet": fleet, "engine": engine}
    return about | {"cycle": first, "until": last}


def _retraction(pinned: Pinned, name: str) -> dict[str, Any]:
    mine = nw.col("correction_id") == name
    found = collect(pinned.scan(CORRECTIONS.name).filter(mine)).rows(named=True)
    if not found:
        fail(f"there is no correction {name}", Exit.REFUSED)
    about = {"fleet": found[0]["fleet"], "engine": found[0]["engine"]}
    return {"action": "retract", "retracts": name} | about


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        fail(f"{text!r}: COLUMN=VALUE expected", Exit.USAGE)
    return name, value


@click.command("restore-table")
@click.argument("table")
@click.argument("version", type=click.IntRange(0))
@reason_option
@json_option
@click.pass_obj
def restore_table(settings: Settings, table: str, version: int, reason: str, as_json: bool) -> None:
    """Make silver what it was at a version, with what was decided then."""
    if table not in TABLES:
        fail(f"{table!r} is no table; there are {', '.join(TABLES)}", Exit.USAGE)
    request = checked(RestoreRequest, table=table, version=version, reason=reason)
    if why := no_restore(table):
        refused(settings, request.workflow, f"{table}@{version}", why)
    decided(ask(settings, request, f"{table}@{version}"), as_json)


@click.command()
@click.argument("schema_id")
@click.argument("decision", type=click.Choice(["accept", "reject"]))
@reason_option
@json_option
@click.pass_obj
def schema(settings: Settings, schema_id: str, decision: str, reason: str, as_json: bool) -> None:
    """Accept or reject a proposed schema; an accepted one holds from now on."""
    request = checked(SchemaRequest, schema_id=schema_id, decision=decision, reason=reason)
    decided(ask(settings, request, f"{decision} {schema_id}"), as_json)


@click.command()
@click.argument("sensor")
@click.option("--fleet")
@click.option("--regime", help="rounded settings, as 35/0.85/100; left out: in every regime")
@click.option("--low", type=float, help="least allowed value")
@click.option("--high", type=float, help="greatest allowed value")
@reason_option
@json_option
@click.pass_obj
def limit(settings: Settings, /, fleet: str | None, as_json: bool, **values: object) -> None:
    """Set a limit; it takes the place of the one before of the sensor and regime."""
    name = only_fleet(open_home(settings), fleet)
    request = checked(LimitRequest, fleet=name, **values)
    decided(ask(settings, request, f"{name}/{values['sensor']}"), as_json)


def decided(run: Run, as_json: bool) -> None:
    """Tell what became of a decision; one that was refused ends with its exit code."""
    show(document_of(run), as_json, f"{run.run_id}: {run.state}")
    if any(step.message.startswith(_REFUSALS) for step in run.steps):
        fail(run.error, Exit.REFUSED)
    end(run)
