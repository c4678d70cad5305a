"""Lakes for the engine page's bench: a made-up fleet, and the same fleet many times over."""

from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.engines import Write
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import take
from lakehouse.tables import TABLES
from lakehouse.writes import Commit
from tests.app.sample_lake import FleetPlan, fleet_tables

PLAN = FleetPlan(name="BENCH", failed=100, in_service=100)
OF_ENGINES = "engine"


def write_fleet(root: Path, times: int) -> None:
    """A fleet of 200 engines, ``times`` over, each table in one commit as an ingest leaves it."""
    engine, lake = LocalEngine(), Lake(root, LocalEngine())
    for name, frame in fleet_tables(PLAN, np.random.default_rng(3)):
        rows = _repeated(frame, times) if OF_ENGINES in frame.columns else frame
        table = TABLES[name]
        engine.create(lake.path(name), table, Write("create", "{}"))
        whole = engine.conform(nw.from_native(rows.lazy()), table)
        engine.append(lake.path(name), table, whole, Write(f"bench/{name}", "{}"))
    live = {PLAN.name: PLAN.model_id}
    take(lake, live, Commit("bench", "bench", "Bench", "cli:bench"))


def _repeated(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    copies = (
        frame.with_columns(engine=pl.format("{}-{}", pl.col("engine"), pl.lit(f"{number:03d}")))
        for number in range(times)
    )
    return pl.concat(copies)
