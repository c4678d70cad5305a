"""A small lake with verdicts on it: deliveries in every state, anomalies, schemas, limits."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import take
from lakehouse.tables import TABLES
from lakehouse.validation.series.flights import regime
from lakehouse.writes import Commit
from tests.app.sample_lake import NEWEST, FleetPlan, write_lake

FLEET = "FD001"
RUN = "ingest-20261123T050000-a1b2"
UNIT = "reads like K where °R is expected"
# As the pipeline writes it: type, column, detail.
WHY = f"unit_change: sensor_2: {UNIT}"
STUCK = "reads exactly 14.62 in 12 flights in a row"
# A column is read by the worker, so what it says can be anything.
HOSTILE = '<img src=x onerror="alert(1)"> sensor_99 was never seen'


def write_decided(root: Path) -> Lake:
    """The sample lake, and over it what validation and people said."""
    write_lake(root, (FleetPlan(), FleetPlan("FD002", failed=3, in_service=2, scored=False)))
    lake = Lake(root, LocalEngine())
    for name, rows in (
        ("bronze/deliveries", deliveries()),
        ("bronze/readings", readings(lake)),
        ("quality/schemas", schemas()),
        ("quality/normals", normals()),
        ("ops/limits", limits()),
    ):
        put(lake, name, rows)
    put(lake, "quality/anomalies", anomalies(lake.version("bronze/readings") or 0))
    snapshot(lake)
    return lake


def put(lake: Lake, name: str, rows: list[dict[str, Any]], run: str = "run-decided") -> None:
    """Append rows, whatever columns they have."""
    kinds = {column.name: column.type for column in TABLES[name].columns}
    text = {key: pl.String for key, kind in kinds.items() if kind == "string"}
    numbers = {key: pl.Int64 for key, kind in kinds.items() if kind == "int64"}
    floats = {key: pl.Float64 for key, kind in kinds.items() if kind == "float64"}
    known = {key: kind for key, kind in (text | numbers | floats).items() if key in rows[0]}
    frame = pl.DataFrame(rows, schema_overrides=known, infer_schema_length=None)
    lake.append(name, nw.from_native(frame.lazy()), Commit(run, run, "Sample", "cli:test", {}))


def snapshot(lake: Lake, run: str = "run-decided") -> None:
    """One more snapshot over what stands there now."""
    live = {FLEET: FleetPlan().model_id}
    take(lake, live, Commit(run, run, "Snapshot", "cli:test", {}))


def delivery(name: str, state: str, **more: Any) -> dict[str, Any]:
    """A row of bronze/deliveries."""
    row = {"delivery_id": name, "fleet": FLEET, "kind": "in_service", "state": state,
           "source": f"/data/landing/{name}.txt", "member": "", "sha256": name, "rows": 120,
           "accepted": 120, "quarantined": 0, "duplicates": 0, "conflicts": 0,
           "received_at": NEWEST + timedelta(hours=1), "simulated": False, "run_id": RUN,
           "reason": None, "duplicate_of": None}  # fmt: skip
    return row | more


def deliveries() -> list[dict[str, Any]]:
    """One of each state that a person meets."""
    return [
        delivery("d-blocked", "blocked", reason=WHY),
        delivery("d-warned", "accepted", received_at=NEWEST + timedelta(minutes=30)),
        delivery("d-rejected", "rejected", rows=0, accepted=0, reason="empty_file: no lines"),
        delivery("d-again", "duplicate", rows=0, accepted=0, duplicate_of="d-warned"),
        delivery("d-withdrawn", "withdrawn", reason="erik: bench data"),
        delivery("d-truth", "accepted", kind="truth", fleet="FD002", rows=2, accepted=2),
    ]


def readings(lake: Lake) -> list[dict[str, Any]]:
    """What the blocked delivery brought: three engines, sensor_2 in kelvin in two of them."""
    rows: list[dict[str, Any]] = []
    for engine in ("test-001", "test-002", "test-003"):
        for cycle in range(201, 241):
            values = dict.fromkeys(PROFILE.signal_names, 1.0)
            wrong = engine != "test-003" and cycle >= 210
            values["sensor_2"] = 357.1 if wrong else 642.8
            place = {"delivery_id": "d-blocked", "line": len(rows) + 1, "fleet": FLEET}
            rows.append(place | {"engine": engine, "cycle": cycle, "extra": None} | values)
    return rows


def anomaly(name: str, severity: str, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    """A row of quality/anomalies."""
    row = {"anomaly_id": name, "run_id": RUN, "severity": severity, "type": kind,
           "table": "bronze/readings", "table_version": 0, "column": None, "fleet": FLEET,
           "engine": None, "first_cycle": None, "last_cycle": None, "delivery_id": "d-blocked",
           "limit_id": None, "detail": detail, "found_at": NEWEST + timedelta(hours=1)}  # fmt: skip
    return row | more


def anomalies(version: int) -> list[dict[str, Any]]:
    """Of one engine, of many, of a limit, of a column, and of what was withdrawn."""
    engine = {"engine": "test-001", "first_cycle": 210, "last_cycle": 240}
    rows = [
        anomaly("a-unit", "error", "unit_change", UNIT, column="sensor_2", **engine),
        anomaly("a-fleet", "warning", "FLOAT_TYPE_SMALL_FLOAT",
                "minimum 357.1, expected 630 or more", column="sensor_2"),
        anomaly("a-limit", "warning", "limit", "reads 651 to 652 where -∞ to 650 is allowed",
                column="sensor_3", limit_id="l-now", delivery_id="d-warned", engine="test-002",
                first_cycle=40, last_cycle=42),
        anomaly("a-stuck", "warning", "stuck", STUCK, column="sensor_11", delivery_id="d-warned",
                engine="test-001", first_cycle=10, last_cycle=21),
        anomaly("a-gap", "warning", "gap", "flights 60 to 75 are missing", engine="test-002",
                delivery_id="d-warned", first_cycle=60, last_cycle=75),
        anomaly("a-hostile", "warning", "SCHEMA_NEW_COLUMN", HOSTILE, column="<b>x</b>"),
        anomaly("a-gone", "error", "unit_change", UNIT, column="sensor_2",
                delivery_id="d-withdrawn", **engine),
    ]  # fmt: skip
    return [row | {"table_version": version} for row in rows]


def schemas() -> list[dict[str, Any]]:
    """One that holds, one that was proposed."""
    row = {"fleet": FLEET, "schema": "", "of_schema_id": None, "changes": "[]",
           "delivery_id": "d-warned", "who": "cli:test", "reason": "first", "run_id": RUN,
           "at": NEWEST}  # fmt: skip
    holds = row | {"schema_id": "s-holds", "state": "accepted"}
    later = NEWEST + timedelta(hours=1)
    return [holds, row | {"schema_id": "s-proposed", "state": "proposed", "at": later}]


def normals() -> list[dict[str, Any]]:
    """The one regime that FD001 flies in."""
    flown = pl.DataFrame({"setting_1": [0.0], "setting_2": [0.0], "setting_3": [100.0]})
    number = flown.select(regime(PROFILE).alias("regime"))["regime"][0]
    row = {"fleet": FLEET, "regime": number, "column": "sensor_2", "engines": 8, "rows": 900,
           "low": 641.0, "high": 644.0, "level": 642.7, "noise": 0.3, "repeats": 0.0,
           "flights": 900, "silver_version": 0}  # fmt: skip
    return [row]


def limits() -> list[dict[str, Any]]:
    """A limit that was tightened, and one that was lifted."""
    before = NEWEST - timedelta(days=3)
    row = {"fleet": FLEET, "regime": None, "sensor": "sensor_3", "low": None, "high": 660.0,
           "author": "erik", "reason": "borescope", "valid_from": before}  # fmt: skip
    lifted = row | {"sensor": "sensor_4", "high": 1450.0}
    return [
        row | {"limit_id": "l-before"},
        row | {"limit_id": "l-now", "high": 650.0, "valid_from": NEWEST, "reason": "too wide"},
        lifted | {"limit_id": "l-old"},
        lifted | {"limit_id": "l-none", "high": None, "valid_from": NEWEST, "reason": "new core"},
    ]
