"""Verbs about models: what was learned from what, how good it is, and what is live."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from lakehouse.records import Artifact
from lakehouse.serving import all_live
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show, table
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


def _models(home: Home) -> list[Document]:
    lives = {entry.model_id for entry in all_live(home.settings.serving).values()}
    evaluations = _newest(home.metadata.artifacts("ModelEvaluation"))
    blessings = _newest(home.metadata.artifacts("ModelBlessing"))
    return [
        _model_document(
            artifact,
            evaluations.get(artifact.name, {}),
            blessings.get(artifact.name, {}),
            artifact.name in lives,
        )
        for artifact in home.metadata.artifacts("Model")
    ]


def _newest(artifacts: tuple[Artifact, ...]) -> dict[str, Mapping[str, Any]]:
    return {str(artifact.properties["model_id"]): artifact.properties for artifact in artifacts}


def _model_document(
    artifact: Artifact, evaluation: Mapping[str, Any], blessing: Mapping[str, Any], live: bool
) -> Document:
    own = artifact.properties
    blessed = blessing.get("blessed")
    return {
        "model_id": artifact.name,
        "fleet": own["fleet"],
        "created": datetime.fromtimestamp(artifact.time / 1000, UTC),
        "live": live,
        "blessed": None if blessed is None else bool(blessed),
        "reasons": json.loads(str(blessing.get("reasons", "[]"))),
        "metrics": json.loads(str(evaluation.get("metrics", "{}"))),
        "parameters": json.loads(str(own["parameters"])),
        "train_version": own["silver_version"],
        "transform_id": own["transform_id"],
        "sha256": own["sha256"],
    }
