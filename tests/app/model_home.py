"""A home with two registered models, hand-made: the first served, the second, the first again."""

import json
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from app.factory import open_services
from app.services import Services
from lakehouse.artifacts import manifest_sha256, publish
from lakehouse.clock import iso, now
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution, Used
from lakehouse.serving import Live, go_live
from lakehouse.settings import Settings
from lakehouse.snapshots import Snapshot, take
from lakehouse.writes import Commit
from tests.app.sample_lake import FleetPlan, fleet_tables

PLAN = FleetPlan(failed=6, in_service=3)
FLEET, OLD, NEW = PLAN.name, PLAN.model_id, "fd001-0b0b0b0b"
UNJUDGED = "fd001-0c0c0c0c"
TIE = "tie_with_live: no clear difference"
METRICS = {"average_precision": 0.99, "rmse_capped": 10.0, "coverage": 0.91, "mean_width": 20.0}
SHARES = {"near": {"life_drift_10": 0.7, "life_mean_5": 0.3}, "life": {"life_drift_10": 1.0}}
FOLDS = {"0": METRICS | {"engines": 3.0, "flights": 600.0}}


def make_model_home(home: Path) -> Services:
    """Snapshots 1 (the old model), 2 (the new one, by a person), 3 (rolled back)."""
    services = open_services(Settings(home=home))
    lake = Lake(services.settings.lake, LocalEngine())
    for name, frame in fleet_tables(PLAN, np.random.default_rng(7)):
        lake.append(name, nw.from_native(frame.lazy()), Commit("s", "run-s", "Sample", "cli:test"))
    register(
        services, OLD, ("retrain-1", "anna"), (True, "first_model: it beats the base rate"), 0.1
    )
    push(services, OLD, "retrain-1", "anna", {"how": "retrain", "reason": "first_model: it beats"})
    register(services, NEW, ("retrain-2", "erik"), (False, TIE), 0.3)
    issue(lake, NEW)
    push(services, NEW, "promote-3", "erik", {"how": "promote", "reason": "bench", "replaces": OLD})
    register(services, UNJUDGED, ("retrain-4", "erik"), None, 0.3)
    push(
        services, OLD, "promote-5", "ada", {"how": "roll_back", "reason": "alarms", "replaces": NEW}
    )
    return services


def issue(lake: Lake, model_id: str) -> None:
    """Two predictions by a model, said just now."""
    rows: pl.DataFrame = lake.scan("gold/predictions").collect("polars").to_native().head(2)
    said = rows.with_columns(model_id=pl.lit(model_id), predicted_at=pl.lit(now()))
    commit = Commit(model_id, "run-s", "BulkInferrer", "cli:test")
    lake.append("gold/predictions", nw.from_native(said.lazy()), commit)


def register(
    services: Services,
    model_id: str,
    by: tuple[str, str],
    said: tuple[bool, str] | None,
    wrong: float,
) -> None:
    """A model as Transform, Trainer and Evaluator leave it behind.

    Args:
        services: name the home.
        model_id: the model.
        by: the run that trained it, and who asked for that.
        said: whether the gate blessed it and why, None for a training that ended before.
        wrong: how far its probabilities out of fold are from the truth.
    """
    settings, (run, who) = services.settings, by
    metadata = Metadata(settings.metadata)
    folder = settings.artifacts / "Trainer" / model_id
    manifest = publish(folder, lambda at: _write(at, {"importance.json": SHARES, "near": [run]}))
    known: dict[str, Any] = {
        "model_id": model_id, "fleet": FLEET, "sha256": manifest_sha256(manifest),
        "transform_id": PLAN.transform_id, "silver_version": 1,
        "parameters": json.dumps({"rounds": 200, "seed": int(100 * wrong)}),
    }  # fmt: skip
    graph = _published(settings, ("Transform", "TransformGraph"), PLAN.transform_id, {}, {"g": 1})
    told = settings.artifacts / "Trainer" / f"{model_id}.out_of_fold"
    publish(told, lambda at: out_of_fold(wrong).write_parquet(at / "out_of_fold.parquet"))
    outputs = [
        Used("model", Artifact("Model", model_id, _uri(settings, folder), known)),
        Used("said", Artifact("InferenceResult", told.name, _uri(settings, told), {})),
    ]
    metadata.record(Execution("Transform", run, "COMPLETE", {"who": who}), [], [graph])
    metadata.record(Execution("Trainer", run, "COMPLETE", {"who": who}), [graph], outputs)
    if said is None:
        return
    name, about = f"{run}.{model_id}", {"model_id": model_id}
    measured = about | {"metrics": json.dumps(METRICS | {"average_precision": 0.99 - wrong})}
    verdict = about | {"blessed": int(said[0]), "reasons": json.dumps([said[1]]), "baseline": OLD}
    files = {"folds.json": FOLDS}
    evaluated = [
        _published(
            settings, ("Evaluator", "ModelEvaluation"), f"{name}.evaluation", measured, files
        ),
        _published(settings, ("Evaluator", "ModelBlessing"), f"{name}.blessing", verdict, {}),
    ]
    metadata.record(Execution("Evaluator", run, "COMPLETE", {"who": who}), outputs[:1], evaluated)


def push(services: Services, model_id: str, run: str, who: str, about: dict[str, str]) -> Snapshot:
    """A model goes live as Pusher makes it, and a snapshot shows it."""
    settings = services.settings
    known = {"model_id": model_id, "fleet": FLEET, **about}
    pushed = Used(
        "p", Artifact("PushedModel", f"{run}.{model_id}", f"artifacts/Pusher/{run}", known)
    )
    step = Execution("Pusher", run, "COMPLETE", {"who": who})
    Metadata(settings.metadata).record(step, [], [pushed])
    trainer, graph = f"artifacts/Trainer/{model_id}", f"artifacts/Transform/{PLAN.transform_id}"
    told = (PLAN.transform_id, trainer, graph, f"{trainer}.out_of_fold", 1, run, iso(now()))
    go_live(settings.serving, Live(FLEET, model_id, *told))
    lake = Lake(settings.lake, LocalEngine())
    return take(lake, {FLEET: model_id}, Commit(run, run, "snapshot", who))


def out_of_fold(wrong: float) -> pl.DataFrame:
    """Two engines of 30 flights; the second one's probabilities are off by ``wrong``."""
    flights = pl.DataFrame({"remaining": range(30)}).with_columns(
        fleet=pl.lit(FLEET), cycle=100 - pl.col("remaining"), near=pl.col("remaining") < 20
    )
    parts = []
    for number, off in enumerate((0.0, wrong)):
        said = pl.when("near").then(1 - off).otherwise(off)
        parts.append(
            flights.with_columns(
                engine=pl.lit(f"train-{number + 1:03d}"), fold=pl.lit(number),
                probability=said, rul=pl.col("remaining") + 10 * off,
            )
        )  # fmt: skip
    return pl.concat(parts).drop("near")


def _published(
    settings: Settings, of: tuple[str, str], name: str, known: dict[str, Any], files: dict[str, Any]
) -> Used:
    node, kind = of
    folder = settings.artifacts / node / name
    publish(folder, lambda at: _write(at, files))
    return Used(kind.lower(), Artifact(kind, name, _uri(settings, folder), known))


def _write(folder: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))


def _uri(settings: Settings, folder: Path) -> str:
    return folder.relative_to(settings.home).as_posix()
