"""A home whose tables have a history: an engine was corrected, a version is gone, models learnt."""

from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from app.factory import open_services
from app.services import Services
from lakehouse.commits import DeltaLog
from lakehouse.content import Content
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution, Used, table_artifact
from lakehouse.settings import Settings
from lakehouse.snapshots import take
from lakehouse.writes import Commit
from tests.app.sample_lake import FleetPlan, fleet_tables

SILVER, STATUS = "silver/readings", "gold/engine_status"
PLAN = FleetPlan(failed=3, in_service=3)
ENGINE = "test-001"
HOTTER = 12.5
CORRECTION = "correct-20261123T050000-c0ffee"


def make_table_home(home: Path) -> Services:
    """Silver v2 corrects one engine of v1; v1 of gold/engine_status is gone; a snapshot each."""
    services = open_services(Settings(home=home))
    lake = Lake(services.settings.lake, LocalEngine())
    for name, frame in fleet_tables(PLAN, np.random.default_rng(7)):
        read = {SILVER: 2} if name.startswith("gold/") else {"bronze/deliveries": 1}
        append(lake, name, frame, "run-first", read)
        if name == SILVER:
            snapshot(lake, "run-first")
            correct(lake, frame)
    for run in ("run-second", "run-third"):
        rows = lake.scan(STATUS)
        commit = Commit(run, run, "BulkInferrer", "cli:test", {SILVER: 2})
        lake.replace(STATUS, rows, {"fleet": [PLAN.name]}, commit)
    remove(lake, STATUS, 1)
    snapshot(lake, "run-third")
    return services


def append(lake: Lake, name: str, frame: pl.DataFrame, run: str, read: dict[str, int]) -> None:
    """Append rows, as a run does."""
    lake.append(name, nw.from_native(frame.lazy()), Commit(run, run, "Sample", "cli:test", read))


def correct(lake: Lake, silver: pl.DataFrame) -> None:
    """Every tenth reading of one sensor of one engine anew."""
    hotter = pl.when(pl.col("cycle") % 10 == 0).then(pl.col("sensor_4") + HOTTER)
    mine = silver.filter(pl.col("engine") == ENGINE)
    anew = mine.with_columns(sensor_4=hotter.otherwise(pl.col("sensor_4")))
    commit = Commit(CORRECTION, CORRECTION, "Clean", "ada", {"bronze/deliveries": 1})
    lake.replace(SILVER, nw.from_native(anew.lazy()), {"engine": [ENGINE]}, commit)


def snapshot(lake: Lake, run: str) -> None:
    """What belongs together now."""
    take(lake, {PLAN.name: PLAN.model_id}, Commit(run, run, "Snapshot", "cli:test"))


def publish(services: Services, model_id: str, table: str, version: int) -> None:
    """Write down, as a training does, that a published model learnt from a version."""
    metadata = Metadata(services.settings.metadata)
    metadata.create()
    known = {"model_id": model_id, "fleet": PLAN.name, "transform_id": "t", "sha256": ""}
    model = Used("model", Artifact("Model", model_id, f"artifacts/{model_id}", known))
    read = Used("examples", table_artifact(table, version, Content()))
    pushed = Artifact("PushedModel", f"{model_id}.pushed", "serving", {"model_id": model_id})
    metadata.record(Execution("Trainer", model_id, "COMPLETE"), [read], [model])
    metadata.record(Execution("Pusher", model_id, "COMPLETE"), [model], [Used("pushed", pushed)])


def remove(lake: Lake, name: str, version: int) -> None:
    """Delete the files of a version that the newest one no longer has."""
    log = DeltaLog(lake.path(name))
    kept = log.at(lake.version(name) or 0).files
    for path, file in log.at(version).files.items():
        if path not in kept:
            (log.path / file.file).unlink(missing_ok=True)
