"""The small lake after people corrected its rows: a value twice, a flight, and one taken back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.engines.local import no_rows
from lakehouse.lake import Lake
from lakehouse.quality import CORRECTIONS
from lakehouse.snapshots import Snapshot, take
from lakehouse.writes import Commit
from tests.app.sample_lake import NEWEST, FleetPlan, write_lake

FLEET, ENGINE = "FD001", "test-001"
WITHDRAWN = "test-900"
"""An engine that silver no longer has a flight of."""


def write_corrected(root: Path) -> tuple[Lake, Snapshot]:
    """Only bronze/corrections says so: what silver would then be is not its business."""
    lake, _ = write_lake(root, (FleetPlan(),))
    frame = pl.DataFrame(words(), schema=no_rows(CORRECTIONS).schema)
    lake.append(CORRECTIONS.name, nw.from_native(frame.lazy()), Commit("c", "", "Sample", "test"))
    live = {FLEET: FleetPlan().model_id}
    return lake, take(lake, live, Commit("run-c", "", "Snapshot", "cli:test"))


def words() -> list[dict[str, Any]]:
    """Rows of bronze/corrections, said an hour apart after everything was predicted."""
    value = {"action": "correct", "cycle": 9, "column": "sensor_4"}
    said = [
        value | {"old_value": 1400.0, "new_value": 1300.0, "correction_id": "c-first"},
        value | {"old_value": 1300.0, "new_value": 1310.5, "correction_id": "c-second"},
        {"action": "withdraw", "cycle": 3, "correction_id": "c-gone"},
        {"action": "withdraw", "cycle": 4, "correction_id": "c-gone"},
        {"action": "retract", "cycle": 3, "correction_id": "c-back", "retracts": "c-gone"},
        {"action": "withdraw", "cycle": 1, "correction_id": "c-all", "engine": WITHDRAWN},
    ]
    base = {"fleet": FLEET, "engine": ENGINE, "who": "erik", "reason": "<b>bench</b>"}
    hours = (1, 2, 3, 3, 4, 5)
    return [
        base | {"corrected_at": NEWEST + timedelta(hours=hour), "run_id": f"correct-{hour}"} | word
        for hour, word in zip(hours, said, strict=True)
    ]
