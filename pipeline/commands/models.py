"""Verbs about models: what was learned from what, how good it is, and what is live."""

import json
from typing import Any

import click

from lakehouse.promotion import PromotionError, promotion, roll_back
from lakehouse.registry import Model, registered
from lakehouse.serving import all_live
from lakehouse.settings import Settings
from pipeline.commands.deciding import decided, reason_option
from pipeline.commands.output import Exit, fail, json_option, refused, show, table
from pipeline.commands.reading import only_fleet
from pipeline.commands.running import ask, checked
from pipeline.home import Home, open_home

Document = dict[str, Any]


@click.command()
@click.option("--fleet")
@json_option
@click.pass_obj
def models(settings: Settings, fleet: str | None, as_json: bool) -> None:
    """Every model with its evaluation."""
    rows = [row for row in _models(open_home(settings)) if fleet in (None, row["fleet"])]
    show(rows, as_json, table(rows, ("model_id", "fleet", "live", "blessed", "created")))


@click.command()
@click.argument("model_id")
@json_option
@click.pass_obj
def model(settings: Settings, model_id: str, as_json: bool) -> None:
    """One model."""
    rows = [row for row in _models(open_home(settings)) if row["model_id"] == model_id]
    if not rows:
        fail(f"there is no model {model_id!r}", Exit.USAGE)
    show(rows[0], as_json, json.dumps(rows[0], indent=1, default=str))


@click.command()
@click.argument("model_id")
@reason_option
@json_option
@click.pass_obj
def promote(settings: Settings, model_id: str, reason: str, as_json: bool) -> None:
    """Make a registered model live, whatever the gate said of it."""
    about = {"metadata": open_home(settings).metadata, "settings": settings}
    try:
        request = checked(promotion, **about, model_id=model_id, reason=reason)
    except PromotionError as error:
        refused(settings, "promote", model_id, str(error))
    decided(ask(settings, request, model_id), as_json)


@click.command()
@click.argument("fleet", required=False)
@reason_option
@json_option
@click.pass_obj
def rollback(settings: Settings, fleet: str | None, reason: str, as_json: bool) -> None:
    """Make the model live again that served before the live one."""
    home = open_home(settings)
    name = only_fleet(home, fleet)
    about = {"metadata": home.metadata, "settings": settings, "lake": home.lake}
    try:
        request = checked(roll_back, **about, fleet=name, reason=reason)
    except PromotionError as error:
        refused(settings, "roll_back", name, str(error))
    decided(ask(settings, request, f"{name} to {request.model_id}", "roll_back"), as_json)


def _models(home: Home) -> list[Document]:
    lives = {entry.model_id for entry in all_live(home.settings.serving).values()}
    return [_document(one, one.model_id in lives) for one in registered(home.metadata)]


def _document(one: Model, live: bool) -> Document:
    verdict = one.verdict
    return {
        "model_id": one.model_id,
        "fleet": one.fleet,
        "created": one.created,
        "live": live,
        "blessed": None if verdict is None else verdict.blessed,
        "reasons": [] if verdict is None else list(verdict.reasons),
        "metrics": {} if verdict is None else dict(verdict.metrics),
        "parameters": dict(one.parameters),
        "train_version": one.silver_version,
        "transform_id": one.transform_id,
        "sha256": one.sha256,
    }
