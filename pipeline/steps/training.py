"""Transform, Trainer, Evaluator and Pusher at work, for one fleet at one version of silver."""

import json
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.artifacts import OUT_OF_FOLD
from lakehouse.parameters import Parameters
from lakehouse.records import Value
from lakehouse.registry import ALREADY_LIVE
from lakehouse.serving import Live, live
from lakehouse.tables import DELIVERIES, FAILURES, FEATURES, SILVER
from pipeline.components import evaluator as judge
from pipeline.components import trainer as teacher
from pipeline.components.transform import features_of, fit, history
from pipeline.models.failure import FailureModel
from pipeline.models.fitting import Cluster
from pipeline.step import Step, Summary
from pipeline.steps.features import has_features, write_band
from pipeline.steps.inference import load_graph
from pipeline.steps.plan import Plan, failed_of
from pipeline.steps.push import put_live
from pipeline.steps.taught import Fitted, describe_features, describe_flights

GRAPH = "transform_graph.json"


def transform(plan: Plan, step: Step) -> Summary:
    """Fit the transform and write the fleet's features and band under its own id."""
    silver = _read_silver(step, plan)
    most = Parameters.of(plan["parameters"]).sample
    lives = history(silver, _read_failed(step, plan), most)
    step.progress(0.1, f"fitting on {lives.flights.height:,} flights of failed engines")
    graph = fit(lives.flights, step.home.profile)
    text = graph.to_json()
    # The rows are part of the name: features of other rows never take the place of live ones.
    named = plan["fleet"] + plan["silver_sha256"] + text
    transform_id = f"t-{sha256(named.encode()).hexdigest()[:10]}"
    folder = step.publish(
        "TransformGraph",
        transform_id,
        lambda at: _write(at / GRAPH, text),
        fleet=plan["fleet"],
        **lives.about,
    )
    fitted = Fitted(transform_id, graph, lives.flights)
    describe_flights(step, plan, fitted)
    if has_features(step, transform_id):
        describe_features(step, plan, fitted, _read_features(step, plan, transform_id))
    else:
        _write_features(step, plan, silver, fitted)
    return {
        "transform_id": transform_id,
        "uri": _uri(step, folder),
        "silver_version": plan["versions"][SILVER.name],
        "features_version": step.version(FEATURES.name),
    }


def _write_features(step: Step, plan: Plan, silver: nw.LazyFrame[Any], fitted: Fitted) -> None:
    transform_id, graph = fitted.transform_id, fitted.graph
    lake, where = step.home.lake, {"transform_id": [transform_id], "fleet": [plan["fleet"]]}
    step.progress(0.4, "writing features")
    with lake.held(lake.by_unit(silver, partial(features_of, graph, transform_id))) as features:
        step.replace(FEATURES.name, features, where, part=transform_id)
        describe_features(step, plan, fitted, features)
        step.progress(0.8, "writing the fleet's band")
        write_band(step, transform_id, silver, features, plan["fleet"])


def trainer(plan: Plan, transform: Summary, step: Step) -> Summary:
    """Train out of fold and on everything; publish the model and what it said out of fold."""
    parameters = Parameters.of(plan["parameters"])
    settings, transform_id = step.home.settings, transform["transform_id"]
    step.uses("TransformGraph", transform_id)
    silver, failed = _read_silver(step, plan), _read_failed(step, plan)
    features = _read_features(step, plan, transform_id, transform["features_version"])
    graph = load_graph(settings.home, transform["uri"])
    cluster = _cluster(step, plan, silver, failed)
    threads = settings.learner_threads
    work = teacher.Work(parameters, step.home.profile, threads, step.progress, cluster)
    trained = teacher.train(silver, failed, features, graph, work)
    digest = _digest(trained.model)
    model_id = f"{plan['fleet'].lower()}-{digest[:8]}"
    known: dict[str, Value] = {
        "model_id": model_id,
        "fleet": plan["fleet"],
        "sha256": digest,
        "transform_id": transform_id,
        "silver_version": plan["versions"][SILVER.name],
        "parameters": json.dumps(parameters.model_dump(mode="json"), sort_keys=True),
    }
    folder = step.publish("Model", model_id, trained.model.save, **known, **trained.about)
    said = step.publish(
        "InferenceResult",
        f"{model_id}.out_of_fold",
        lambda at: trained.out_of_fold.write_parquet(at / OUT_OF_FOLD),
        model_id=model_id,
    )
    return {
        "model_id": model_id,
        "sha256": digest,
        "uri": _uri(step, folder),
        "out_of_fold": _uri(step, said),
        "resources": dict(trained.resources),
    }


def _cluster(
    step: Step, plan: Plan, silver: nw.LazyFrame[Any], failed: pl.DataFrame
) -> Cluster | None:
    """Where the trees are trained when the plan says that one machine is too small."""
    if not plan["learners"]:
        return None
    lake, key = step.home.lake, ["fleet", "engine"]
    failures = lake.frame(failed.select(*key, "failure_cycle"))
    flights = silver.join(failures, on=key)
    return Cluster(flights, lake.by_unit, lake.held, plan["learners"], plan["flights"])


def evaluator(plan: Plan, trained: Summary, step: Step) -> Summary:
    """Judge the candidate by absolute bars and against the live model on the same engines."""
    home = step.home.settings.home
    step.uses("Model", trained["model_id"])
    said = pl.read_parquet(home / trained["out_of_fold"] / OUT_OF_FOLD)
    served = live(step.home.settings.serving, plan["fleet"])
    rival = None if served is None else pl.read_parquet(home / served.out_of_fold / OUT_OF_FOLD)
    if served is not None:
        step.uses("Model", served.model_id)
    metrics = judge.evaluate(said, trained["resources"], step.home.profile)
    if served is not None and served.model_id == trained["model_id"]:
        verdict = judge.Blessing(False, (f"{ALREADY_LIVE}: this very model is live",))
    else:
        verdict = judge.bless(metrics, said, rival, step.home.profile)
    name = f"{step.run.run_id}.{trained['model_id']}"
    reasons = list(verdict.reasons)
    step.publish(
        "ModelEvaluation",
        f"{name}.evaluation",
        partial(_write_metrics, metrics, judge.by_fold(said, step.home.profile)),
        model_id=trained["model_id"],
        metrics=json.dumps(metrics, sort_keys=True),
    )
    step.publish(
        "ModelBlessing",
        f"{name}.blessing",
        lambda at: _write(
            at / ("BLESSED" if verdict.blessed else "NOT_BLESSED"), "\n".join(reasons)
        ),
        model_id=trained["model_id"],
        blessed=int(verdict.blessed),
        baseline="" if served is None else served.model_id,
        reasons=json.dumps(reasons),
    )
    for reason in reasons:
        step.note(reason)
    baseline = None if served is None else served.model_id
    return {
        "blessed": verdict.blessed, "reasons": reasons, "metrics": metrics, "baseline": baseline,
    }  # fmt: skip


def pusher(
    plan: Plan, transform: Summary, trained: Summary, evaluated: Summary, step: Step
) -> Summary:
    """Make a blessed model the live one of its fleet."""
    step.uses("Model", trained["model_id"])
    served = live(step.home.settings.serving, plan["fleet"])
    before = None if served is None else served.model_id
    # Done before this step was interrupted: only written down.
    again = served is not None and served.run_id in (step.run.run_id, step.origin)
    if not evaluated["blessed"]:
        step.note("not pushed: the gate did not bless it")
        return {"pushed": False}
    if not again and before != evaluated["baseline"]:
        step.note("not pushed: another model went live since it was judged; retrain", "warning")
        return {"pushed": False}
    entry = Live(
        fleet=plan["fleet"],
        model_id=trained["model_id"],
        transform_id=transform["transform_id"],
        model=trained["uri"],
        transform=transform["uri"],
        out_of_fold=trained["out_of_fold"],
        silver_version=transform["silver_version"],
        run_id="",
        since="",
    )
    put_live(step, entry, "retrain", (evaluated["baseline"] or "", "; ".join(evaluated["reasons"])))
    return {"pushed": True}


def _write_metrics(metrics: Summary, folds: Summary, folder: Path) -> None:
    for name, told in (("metrics.json", metrics), ("folds.json", folds)):
        _write(folder / name, json.dumps(told, indent=1, sort_keys=True))


def _read_silver(step: Step, plan: Plan) -> nw.LazyFrame[Any]:
    rows = step.read(SILVER.name, plan["versions"][SILVER.name])
    return rows.filter(nw.col("fleet") == plan["fleet"])


def _read_features(
    step: Step, plan: Plan, transform_id: str, version: int | None = None
) -> nw.LazyFrame[Any]:
    rows = step.read(FEATURES.name, version)
    return rows.filter(nw.col("transform_id") == transform_id, nw.col("fleet") == plan["fleet"])


def _read_failed(step: Step, plan: Plan) -> pl.DataFrame:
    versions = plan["versions"]
    return failed_of(
        step.read(FAILURES.name, versions.get(FAILURES.name)),
        step.read(DELIVERIES.name, versions.get(DELIVERIES.name)),
        plan["fleet"],
    )


def _digest(model: FailureModel) -> str:
    """sha256 of the model's files, by name."""
    digest = sha256()
    for name, content in sorted(model.files.items()):
        digest.update(name.encode() + b"\0" + sha256(content).digest())
    return digest.hexdigest()


def _uri(step: Step, folder: Path) -> str:
    return folder.relative_to(step.home.settings.home).as_posix()


def _write(path: Path, text: str) -> None:
    path.write_text(text)
