"""What must be equal after any accident: the tables, ids and times of runs apart."""

from pathlib import Path

import polars as pl

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.tables import TABLES

NAMED_BY_RUNS = (
    "run_id", "delivery_id", "of_delivery_id", "received_at", "reported_at", "predicted_at",
    "last_received_at", "source", "anomaly_id", "found_at", "at", "correction_id",
    "retracts", "corrected_at",
)  # fmt: skip


def tables(home: Path) -> dict[str, pl.DataFrame]:
    """Every data table of a home, without what is named by runs or times."""
    lake = Lake(home / "lake", LocalEngine())
    found = {}
    for name, table in TABLES.items():
        frame: pl.DataFrame = lake.scan(name).collect("polars").to_native()
        frame = frame.drop(column for column in NAMED_BY_RUNS if column in frame.columns)
        if table.is_data:
            found[name] = frame.select(sorted(frame.columns)).sort(sorted(frame.columns))
    return found


def assert_sound(home: Path) -> None:
    """Every version's noted content is what its rows say."""
    lake = Lake(home / "lake", LocalEngine())
    for name, version in lake.versions().items():
        assert lake.content(name, version) == lake.recount(name, version), name


def assert_same_tables(home: Path, other: Path) -> None:
    """Both homes hold the same rows."""
    mine, theirs = tables(home), tables(other)
    for name, frame in theirs.items():
        assert mine[name].equals(frame, null_equal=True), name


def steps(home: Path, run_id: str) -> list[tuple[str, str]]:
    """Node and state of every recorded step of a run."""
    return [(step.node, step.state) for step in Metadata(home / "metadata.sqlite").run(run_id)]
