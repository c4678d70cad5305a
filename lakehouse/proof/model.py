"""The links from a prediction to its model: what taught it, what judged it, who let it serve."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from lakehouse import VERSION
from lakehouse.artifacts import OUT_OF_FOLD
from lakehouse.clock import iso, moment
from lakehouse.pins import learned_from, made_by
from lakehouse.proof.chain import Finding, Link, Part, broken, link, sound, unknown
from lakehouse.proof.evidence import Evidence
from lakehouse.proof.origin import NODE, Origin
from lakehouse.proof.recorded import (
    as_asked,
    model_as_recorded,
    parameters_as_published,
    promotion_as_published,
    verdict_as_published,
)
from lakehouse.records import Artifact, Execution
from lakehouse.registry import judges
from lakehouse.row_diff import UNREADABLE
from lakehouse.serving import live, pushed
from lakehouse.tables import FEATURES, SILVER

SHOWN = ("average_precision", "rmse", "coverage")


@dataclass(frozen=True)
class Push:
    """One time that a model went live: what was published, and by which step."""

    artifact: Artifact
    step: Execution | None

    @property
    def model_id(self) -> str:
        """The model."""
        return str(self.artifact.properties["model_id"])

    @property
    def since(self) -> datetime:
        """When it went live, as ML Metadata recorded it."""
        return _time(self.artifact)

    @property
    def who(self) -> str:
        """Who asked for the run that let it serve."""
        return str(self.step.properties.get("who", "")) if self.step else ""


def model_links(evidence: Evidence, found: Origin) -> Iterable[Link]:
    """From the code of the features to when the model served."""
    said = found.said
    model = evidence.artifact("Model", said.model_id)
    pushes = evidence.once("pushes", said.fleet, lambda: _pushes(evidence, said.fleet))
    before = [at for at, push in enumerate(pushes) if push.since <= said.predicted_at]
    place = before[-1] if before else None
    push = None if place is None else pushes[place]
    following = pushes[before[-1] + 1 :][:1] if before else ()
    yield _code(evidence, found, model)
    yield _training(evidence, found, model)
    yield _model(evidence, found, model)
    yield _evaluation(evidence, found, push)
    yield _launched(evidence, found, model)
    yield _promoted(evidence, push)
    yield _served(evidence, found, push, following)


def _time(artifact: Artifact) -> datetime:
    return moment(artifact.time)


def _pushes(evidence: Evidence, fleet: str) -> tuple[Push, ...]:
    """Every time that a model of a fleet went live, oldest first."""
    mine = (a for a in evidence.artifacts("PushedModel") if a.properties.get("fleet") == fleet)
    return tuple(Push(artifact, evidence.producer(artifact)) for artifact in mine)


def _no_model(found: Origin) -> Finding:
    return broken(found.said.name, f"ML Metadata does not know its model {found.said.model_id}")


def _code(evidence: Evidence, found: Origin, model: Artifact | None) -> Link:
    """The code that worked the features out, and the numbers that it was fitted with."""
    if model is None:
        return link("code", "Features code", (), _no_model(found))
    name = str(model.properties["transform_id"])
    graph = evidence.artifact("TransformGraph", name)
    fitted = None if graph is None else evidence.producer(graph)
    step = next((s for s in evidence.steps(found.said.run_id) if s.node == NODE), None)
    note = {} if found.features is None else evidence.versions.note(FEATURES.name, found.features)
    versions = {
        "fitted with": fitted.properties.get("code_version") if fitted else None,
        "worked out with": note.get("code_version"),
        "said with": step.properties.get("code_version") if step else None,
    }
    parts = [Part("transform", name, {"model": model.name})]
    parts += [Part(label, f"Stillwater {code}") for label, code in versions.items() if code]
    if graph is None:
        return link("code", "Features code", parts, broken(name, "ML Metadata has no such graph"))
    finding = evidence.folder(graph) + sound(f"here runs Stillwater {VERSION}")
    return link("code", "Features code", parts, finding)


def _training(evidence: Evidence, found: Origin, model: Artifact | None) -> Link:
    if model is None:
        return link("training", "Training", (), _no_model(found))
    told, version = model.properties, int(model.properties["silver_version"])
    parameters = json.loads(str(told["parameters"]))
    rest = ", ".join(f"{name} {value}" for name, value in parameters.items() if name != "seed")
    parts = [
        Part("data", f"{SILVER.name}@{version}", {"table": SILVER.name, "version": version}),
        Part("split", evidence.once("split", model.id, partial(_split, evidence, model))),
        Part("parameters", rest),
        Part("seed", str(parameters.get("seed", ""))),
    ]
    finding = evidence.once("training", model.id, partial(_learned, evidence, model))
    return link("training", "Training", parts, finding)


def _split(evidence: Evidence, model: Artifact) -> str:
    """How its engines were shared out for the evaluation, as the model's own file says."""
    outputs = (
        used for step in made_by(evidence.metadata, model) for used in evidence.outputs(step)
    )
    folders = [u.artifact.uri for u in outputs if u.artifact.type == "InferenceResult"]
    files = [evidence.settings.home / uri / OUT_OF_FOLD for uri in folders]
    try:
        engines = pl.read_parquet(files, columns=["engine", "fold"]).unique()
    except UNREADABLE:
        return "cannot be read any more"
    return f"{engines.height} whole engines in {engines['fold'].n_unique()} folds"


def _learned(evidence: Evidence, model: Artifact) -> Finding:
    """Everything that its Transform and Trainer read, and what they published beside the model."""
    finding = Finding()
    for table, version in sorted(learned_from(evidence.metadata, model)):
        finding += evidence.versions.check(table, version)
    steps = made_by(evidence.metadata, model)
    if not steps:
        return finding + broken(model.uri, "ML Metadata has no step that made it")
    for step in steps:
        for used in evidence.outputs(step):
            # Model and graph have links of their own.
            if used.artifact.type in ("ExampleStatistics", "InferenceResult"):
                finding += _published(evidence, used.artifact)
    return finding + parameters_as_published(evidence, model)


def _published(evidence: Evidence, artifact: Artifact) -> Finding:
    stored = "delta_table" in artifact.properties
    return Finding() if stored else evidence.folder(artifact)


def _model(evidence: Evidence, found: Origin, model: Artifact | None) -> Link:
    if model is None:
        return link("model", "Model", (), _no_model(found))
    digest = str(model.properties["sha256"])
    parts = [Part("model", model.name, {"model": model.name}), Part("sha256", digest)]
    finding = evidence.once("model", model.id, partial(model_as_recorded, evidence, model))
    return link("model", "Model", parts, finding)


def _evaluation(evidence: Evidence, found: Origin, push: Push | None) -> Link:
    """The judgement by which it went live: the last before that."""
    name, until = found.said.model_id, push.since if push else found.said.predicted_at
    judged = [_newest(evidence, kind, name, until) for kind in ("ModelEvaluation", "ModelBlessing")]
    evaluation, blessing = judged
    if evaluation is None or blessing is None:
        gap = broken(name, "ML Metadata has no evaluation of it before it served")
        return link("evaluation", "Evaluation", [Part("model", name, {"model": name})], gap)
    metrics = json.loads(str(evaluation.properties["metrics"]))
    reasons = json.loads(str(blessing.properties["reasons"]))
    blessed = bool(blessing.properties["blessed"])
    told = ", ".join(f"{each} {metrics[each]:.3f}" for each in SHOWN if each in metrics)
    parts = [
        Part("verdict", "blessed" if blessed else "not blessed", {"model": name}),
        Part("reasons", "; ".join(reasons) or "none given"),
        Part("metrics", told),
    ]
    finding = evidence.folder(evaluation) + evidence.folder(blessing)
    if not finding.faults:
        finding += _as_recorded(evidence, evaluation, metrics)
        finding += verdict_as_published(evidence, blessing, reasons)
    return link("evaluation", "Evaluation", parts, finding)


def _newest(evidence: Evidence, kind: str, model_id: str, until: datetime) -> Artifact | None:
    mine = [a for a in evidence.artifacts(kind) if a.properties.get("model_id") == model_id]
    telling = (a for a in reversed(mine) if _time(a) <= until and judges(a.properties))
    return next(telling, None)


def _as_recorded(evidence: Evidence, evaluation: Artifact, metrics: Mapping[str, Any]) -> Finding:
    file = evidence.settings.home / evaluation.uri / "metrics.json"
    if json.loads(file.read_text()) != metrics:
        return broken(f"{evaluation.uri}/{file.name}", "ML Metadata recorded other metrics")
    return sound("its metrics are those that ML Metadata recorded")


def _launched(evidence: Evidence, found: Origin, model: Artifact | None) -> Link:
    """Who asked for the training, and for the run that said it."""
    trainer = None if model is None else evidence.producer(model)
    asked = [("training", trainer.run_id)] if trainer else []
    parts, finding = [], Finding()
    for label, run_id in dict.fromkeys([*asked, ("prediction", found.said.run_id)]):
        run = evidence.run(run_id)
        who = run.who if run else "nobody knows"
        when = f" at {iso(run.queued)}" if run else ""
        parts.append(Part(label, f"{who}{when}", {"run": run_id}))
        finding += evidence.once("asked", run_id, partial(_asked, evidence, run_id))
    return link("launched", "Who launched it", parts, finding)


def _asked(evidence: Evidence, run_id: str) -> Finding:
    """Whether the run's record and ML Metadata name the same person."""
    run = evidence.run(run_id)
    if run is None:
        return broken(f"run {run_id}", "there is no record of it")
    named = {str(step.properties.get("who", "")) for step in evidence.steps(run_id)}
    if named - {run.who}:
        told = " and ".join(sorted(named))
        return broken(f"run {run_id}", f"its record names {run.who}, ML Metadata {told}")
    return sound(f"record and ML Metadata name {run.who} for {run_id}") + as_asked(evidence, run)


def _promoted(evidence: Evidence, push: Push | None) -> Link:
    if push is None:
        gap = unknown("ML Metadata has no model that had gone live by then")
        return link("promoted", "Who promoted it", (), gap)
    run_id = push.step.run_id if push.step else ""
    parts = [
        Part("by", push.who or "nobody knows"),
        Part("run", run_id, {"run": run_id}),
        Part("model", push.model_id, {"model": push.model_id}),
    ]
    # A promotion by a person has a reason of its own, one by the gate that of its evaluation.
    if reason := push.artifact.properties.get("reason"):
        parts.append(Part("reason", str(reason)))
    finding = evidence.folder(push.artifact)
    if push.step is None:
        finding += broken(push.artifact.uri, "ML Metadata has no step that published it")
    if not finding.faults:
        finding += promotion_as_published(evidence, push.artifact)
    return link("promoted", "Who promoted it", parts, finding)


def _served(
    evidence: Evidence, found: Origin, push: Push | None, following: tuple[Push, ...]
) -> Link:
    """Whether it was the live model when it spoke, and until when."""
    said = found.said
    if push is None:
        gap = unknown("nothing tells since when it served")
        return link("served", "When it served", (), gap)
    until = iso(following[0].since) if following else "now"
    parts = [Part("from", iso(push.since)), Part("to", until)]
    if push.model_id != said.model_id:
        detail = f"{push.model_id} was live when {said.model_id} spoke"
        return link("served", "When it served", parts, broken(said.name, detail))
    finding = sound(f"{said.model_id} was live at {iso(said.predicted_at)}")
    shown = found.snapshot.live.get(said.fleet) if found.snapshot else None
    # A snapshot that came late, after a crash, may be of a later model.
    if shown == said.model_id and found.snapshot is not None:
        finding += sound(f"snapshot {found.snapshot.seq} says so too")
    return link("served", "When it served", parts, finding + _pointer(evidence, push, following))


def _pointer(evidence: Evidence, push: Push, following: tuple[Push, ...]) -> Finding:
    """What the pointer file says, while the model still serves."""
    fleet = str(push.artifact.properties["fleet"])
    where = f"serving/{fleet}/live.json"
    if following:
        return Finding()
    try:
        entry = live(evidence.settings.serving, fleet)
    except (ValueError, TypeError) as error:
        return broken(where, f"it cannot be read: {error}")
    if entry is None or entry.model_id != push.model_id:
        served = entry.model_id if entry else "nothing"
        return broken(where, f"it names {served}, last promoted was {push.model_id}")
    whole = not evidence.folder(push.artifact).faults
    if whole and entry != pushed(evidence.settings.home / push.artifact.uri):
        return broken(where, f"it is not what was published when {push.model_id} went live")
    return sound(f"{where} names it")
