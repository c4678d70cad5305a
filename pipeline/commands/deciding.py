"""Verbs for people's decisions about data: on a delivery, a schema, a limit."""

import click

from lakehouse.requests import LimitRequest, ReviewRequest, SchemaRequest
from lakehouse.runs import Run
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show
from pipeline.commands.reading import only_fleet
from pipeline.commands.running import ask, checked, document_of, end
from pipeline.home import open_home

_REFUSALS = ("ReviewError", "SchemaDecisionError")
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
    _decided(ask(settings, request, f"{decision} {delivery_id}"), as_json)


@click.command()
@click.argument("schema_id")
@click.argument("decision", type=click.Choice(["accept", "reject"]))
@reason_option
@json_option
@click.pass_obj
def schema(settings: Settings, schema_id: str, decision: str, reason: str, as_json: bool) -> None:
    """Accept or reject a proposed schema; an accepted one holds from now on."""
    request = checked(SchemaRequest, schema_id=schema_id, decision=decision, reason=reason)
    _decided(ask(settings, request, f"{decision} {schema_id}"), as_json)


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
    _decided(ask(settings, request, f"{name}/{values['sensor']}"), as_json)


def _decided(run: Run, as_json: bool) -> None:
    show(document_of(run), as_json, f"{run.run_id}: {run.state}")
    if any(step.message.startswith(_REFUSALS) for step in run.steps):
        fail(run.error, Exit.REFUSED)
    end(run)
