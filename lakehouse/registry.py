"""The registered models: what taught each, what the gate said of it, and when it was pushed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lakehouse.clock import moment
from lakehouse.records import Artifact

if TYPE_CHECKING:
    # Its library is loaded by who opens a store, not by who shows what was read from it.
    from lakehouse.metadata import Metadata


# What the gate says of the very model that it would be compared with.
ALREADY_LIVE = "already_live"


@dataclass(frozen=True)
class Verdict:
    """What one run found out about a model.

    Attributes:
        run_id: the run that evaluated it.
        time: when.
        metrics: by name, as the Evaluator measures them out of fold.
        blessed: whether the gate let it pass.
        reasons: why (not), each ``code: words``.
        baseline: the model that it was held against, empty for none.
        uri: the published folder of its evaluation, relative to the home; empty for none.
    """

    run_id: str
    time: datetime
    metrics: Mapping[str, float]
    blessed: bool
    reasons: tuple[str, ...]
    baseline: str
    uri: str


@dataclass(frozen=True)
class Model:
    """One registered model.

    Attributes:
        model_id: its id.
        fleet: the fleet that it is for.
        created: when it was recorded.
        uri: its published folder, relative to the home.
        sha256: of its files, by name.
        transform_id: the transform of its features.
        silver_version: version of silver/readings that taught it.
        parameters: training parameters, with their defaults.
        verdict: the newest one, None for a model that was never evaluated.
    """

    model_id: str
    fleet: str
    created: datetime
    uri: str
    sha256: str
    transform_id: str
    silver_version: int
    parameters: Mapping[str, Any]
    verdict: Verdict | None


@dataclass(frozen=True)
class Push:
    """One time that a model was made live.

    Attributes:
        fleet: the fleet.
        model_id: the model.
        time: when it was recorded.
        run_id: the run that did it.
        how: retrain, promote or roll_back.
        reason: the gate's reasons, or those of the person who promoted it.
        replaces: the model that was live before, empty for none or where nobody wrote it down.
    """

    fleet: str
    model_id: str
    time: datetime
    run_id: str
    how: str
    reason: str
    replaces: str


def registered(metadata: "Metadata", until: datetime | None = None) -> tuple[Model, ...]:
    """Every model, oldest first; with a time, those of then with what was known then."""
    verdicts = _verdicts(metadata, until)
    models = _until(metadata.artifacts("Model"), until)
    return tuple(_model(artifact, verdicts.get(artifact.name)) for artifact in models)


def find(metadata: "Metadata", model_id: str) -> Model | None:
    """One model, None when none of that id is registered."""
    return next((one for one in registered(metadata) if one.model_id == model_id), None)


def pushes(metadata: "Metadata", until: datetime | None = None) -> tuple[Push, ...]:
    """Every push, oldest first."""
    return tuple(map(_push, _until(metadata.artifacts("PushedModel"), until)))


def judges(told: Mapping[str, Any]) -> bool:
    """Whether a ModelBlessing says anything new of its model: not that it was live already.

    Args:
        told: its custom properties.
    """
    return all(reason.partition(":")[0] != ALREADY_LIVE for reason in _reasons(told))


def _reasons(told: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(json.loads(str(told.get("reasons", "[]"))))


def _verdicts(metadata: "Metadata", until: datetime | None) -> dict[str, Verdict]:
    """Model to its newest verdict."""
    measured = {
        artifact.name.removesuffix(".evaluation"): artifact
        for artifact in metadata.artifacts("ModelEvaluation")
    }
    found = {}
    for artifact in _until(metadata.artifacts("ModelBlessing"), until):
        told = artifact.properties
        if not judges(told):
            continue
        evaluation = measured.get(artifact.name.removesuffix(".blessing"))
        metrics = evaluation.properties["metrics"] if evaluation else "{}"
        found[str(told["model_id"])] = Verdict(
            run_id=_run_of(artifact),
            time=_time(artifact),
            metrics=json.loads(str(metrics)),
            blessed=bool(told.get("blessed")),
            reasons=_reasons(told),
            baseline=str(told.get("baseline", "")),
            uri=evaluation.uri if evaluation else "",
        )
    return found


def _model(artifact: Artifact, verdict: Verdict | None) -> Model:
    own = artifact.properties
    return Model(
        model_id=artifact.name,
        fleet=str(own["fleet"]),
        created=_time(artifact),
        uri=artifact.uri,
        sha256=str(own["sha256"]),
        transform_id=str(own["transform_id"]),
        silver_version=int(own["silver_version"]),
        parameters=json.loads(str(own["parameters"])),
        verdict=verdict,
    )


def _push(artifact: Artifact) -> Push:
    told = artifact.properties
    return Push(
        fleet=str(told["fleet"]),
        model_id=str(told["model_id"]),
        time=_time(artifact),
        run_id=_run_of(artifact),
        how=str(told.get("how", "retrain")),
        reason=str(told.get("reason", "")),
        replaces=str(told.get("replaces", "")),
    )


def _until(artifacts: Iterable[Artifact], until: datetime | None) -> list[Artifact]:
    return [each for each in artifacts if until is None or _time(each) <= until]


def _run_of(artifact: Artifact) -> str:
    """The run that its name begins with."""
    return artifact.name.partition(".")[0]


def _time(artifact: Artifact) -> datetime:
    return moment(artifact.time)
