"""Which registered model may be made live again, and what then serves."""

from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.artifacts import BrokenArtifactError, check, manifest_sha256
from lakehouse.lake import Lake
from lakehouse.registry import Model, find
from lakehouse.requests import PromoteRequest
from lakehouse.served import periods, served_before
from lakehouse.serving import Live, live
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.metadata import Metadata


class PromotionError(ValueError):
    """A model that cannot be made live; the message says why and what to do."""


def promotion(
    metadata: "Metadata", settings: Settings, model_id: str, reason: str
) -> PromoteRequest:
    """The request that makes a registered model live.

    Raises:
        PromotionError: there is no such model, or it cannot be made live.
        pydantic.ValidationError: the reason is empty or too long.
    """
    model = find(metadata, model_id)
    if model is None:
        raise PromotionError(f"there is no model {model_id}")
    served = live(settings.serving, model.fleet)
    request = PromoteRequest(
        fleet=model.fleet,
        model_id=model.model_id,
        replaces=None if served is None else served.model_id,
        reason=reason,
    )
    candidate(metadata, settings, request)
    return request


def roll_back(
    metadata: "Metadata", settings: Settings, lake: Lake, fleet: str, reason: str
) -> PromoteRequest:
    """The request that makes the model live again that served a fleet before the live one.

    Raises:
        PromotionError: no model is live or none was before, or it cannot be made live.
        pydantic.ValidationError: the reason is empty or too long.
    """
    served = live(settings.serving, fleet)
    if served is None:
        raise PromotionError(f"no model is live for {fleet}: there is nothing to roll back")
    before = served_before(periods(lake), fleet, served.model_id)
    if before is None:
        raise PromotionError(f"no other model has served {fleet} before {served.model_id}")
    request = PromoteRequest(
        fleet=fleet, model_id=before, replaces=served.model_id, roll_back=True, reason=reason
    )
    candidate(metadata, settings, request)
    return request


def candidate(metadata: "Metadata", settings: Settings, request: PromoteRequest) -> Live:
    """What serves the fleet once the request is granted, without a run and a time.

    Raises:
        PromotionError: the model may not be made live now, or what it needs is gone or changed.
    """
    model = find(metadata, request.model_id)
    if model is None or model.fleet != request.fleet:
        raise PromotionError(f"there is no model {request.model_id} of {request.fleet}")
    served = live(settings.serving, request.fleet)
    now = None if served is None else served.model_id
    if now == request.model_id:
        raise PromotionError(f"{now} is live for {request.fleet} already")
    if now != request.replaces:
        seen = request.replaces or "no model"
        told = f"{now or 'no model'} is live for {request.fleet} now, not {seen}"
        raise PromotionError(f"{told}: look again, then decide")
    if model.verdict is None:
        again = "retrain with its parameters, so that the gate judges it"
        raise PromotionError(f"{model.model_id} was never evaluated: {again}")
    return _entry(metadata, settings.home, model)


def _entry(metadata: "Metadata", home: Path, model: Model) -> Live:
    """The model with all that it needs, every file of which is hashed again."""
    graph = metadata.artifact("TransformGraph", model.transform_id)
    said = metadata.artifact("InferenceResult", f"{model.model_id}.out_of_fold")
    if graph is None or said is None:
        raise PromotionError(f"{model.model_id} lacks its transform or predictions: retrain")
    try:
        digest = manifest_sha256(check(home / model.uri))
        for needed in (graph, said):
            check(home / needed.uri)
    except BrokenArtifactError as error:
        raise PromotionError(f"{error}: take it from a backup, or retrain") from None
    if digest != model.sha256:
        told = "its files are not those that were registered"
        raise PromotionError(f"{model.uri}: {told}: take it from a backup, or retrain")
    return Live(
        fleet=model.fleet,
        model_id=model.model_id,
        transform_id=model.transform_id,
        model=model.uri,
        transform=graph.uri,
        out_of_fold=said.uri,
        silver_version=model.silver_version,
        run_id="",
        since="",
    )
