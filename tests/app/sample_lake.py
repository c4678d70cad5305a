"""A small lake with made-up engines for the dashboard's tests and benches, written by contract.

The rows look like the real thing (wear, regimes, noise) and the predictions know the truth, so that
every state a page can show is there; nothing is learned here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import Snapshot, take
from lakehouse.writes import Commit

WEAR = {"T24": 2.4, "T30": 2.2, "T50": 3.4, "P30": -2.9, "Ps30": 3.5, "phi": -3.2, "BPR": 2.6,
        "htBleed": 2.1, "W31": -2.4, "W32": -2.5, "Nc": 1.6, "NRc": 1.3, "Nf": 2.1, "NRf": 2.1,
        "P15": 0.3}  # fmt: skip
BASE = (518.67, 642.7, 1590.5, 1408.9, 14.62, 21.61, 553.4, 2388.1, 9065.2, 1.3, 47.5, 521.4,
        2388.1, 8143.8, 8.44, 0.03, 393.2, 2388.0, 100.0, 38.8, 23.3)  # fmt: skip
SPREAD = (0.0, 0.5, 6.1, 9.0, 0.0, 0.001, 0.9, 0.07, 22.0, 0.0, 0.27, 0.74, 0.07, 19.0, 0.037, 0.0,
          1.5, 0.0, 0.0, 0.18, 0.11)  # fmt: skip
NEWEST = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class FleetPlan:
    """What a made-up fleet holds.

    Attributes:
        name: the fleet.
        failed: engines of the history.
        in_service: engines that stop before their failure.
        regimes: operating regimes, 1 or more.
        received: arrival of the newest delivery.
        scored: whether a model is live.
    """

    name: str = "FD001"
    failed: int = 8
    in_service: int = 8
    regimes: int = 1
    received: datetime = NEWEST
    scored: bool = True

    @property
    def model_id(self) -> str:
        """The live model, named as the pusher names it."""
        return f"{self.name.lower()}-7c1e22aa"

    @property
    def transform_id(self) -> str:
        """The transform of that model."""
        return f"{self.name.lower()}-t1"


def write_lake(root: Path, plans: tuple[FleetPlan, ...], seed: int = 7) -> tuple[Lake, Snapshot]:
    """All tables of ``plans`` and one snapshot over them."""
    lake = Lake(root, LocalEngine())
    for number, plan in enumerate(plans):
        for name, frame in fleet_tables(plan, np.random.default_rng(seed + number)):
            run = f"run-{plan.name}"
            read = "silver/readings" if name.startswith("gold/") else "bronze/deliveries"
            inputs = {read: number + 1}
            commit = Commit(run, run, "Sample", "cli:test", inputs)
            lake.append(name, nw.from_native(frame.lazy()), commit)
    live = {plan.name: plan.model_id for plan in plans if plan.scored}
    return lake, take(lake, live, Commit("run-all", "run-all", "Snapshot", "cli:test"))


def fleet_tables(plan: FleetPlan, rng: np.random.Generator) -> Iterator[tuple[str, pl.DataFrame]]:
    """Table name and rows, for every table that a fleet fills."""
    rows = _flights(plan, rng)
    yield "bronze/deliveries", _deliveries(plan, rows)
    silver = _silver(plan, rows, rng)
    yield "silver/readings", silver.drop("regime")
    if plan.scored:
        features = _features(plan, silver)
        yield "gold/features", features
        yield "gold/fleet_band", _band(plan, silver, features)
        said = _said(plan, rows, rng)
        yield "gold/predictions", _issued(plan, said)
        yield "gold/backfill", _backfilled(plan, said)
        yield "gold/engine_status", _status(plan, rows, said)
    else:
        yield "gold/engine_status", _status(plan, rows, None)


def _flights(plan: FleetPlan, rng: np.random.Generator) -> pl.DataFrame:
    """One row a flight: engine, cycle, life, failed; with a gap and a one-row engine."""
    count = plan.failed + plan.in_service
    life = np.clip(rng.normal(205, 42, count), 128, 330).astype(int)
    failed = np.arange(count) < plan.failed
    share = np.append(np.ones(plan.failed), np.linspace(0.985, 0.25, plan.in_service) ** 1.2)
    seen = np.maximum((life * share).astype(int), 1)
    if plan.in_service > 2:
        seen[-1] = 1
    kind = np.where(failed, "train-", "test-")
    order = np.where(failed, np.arange(count), np.arange(count) - plan.failed) + 1
    engines = [f"{k}{n:03d}" for k, n in zip(kind, order, strict=True)]
    flights = pl.DataFrame(
        {"engine": engines, "life": life, "failed": failed, "seen": seen},
    ).with_columns(cycle=pl.int_ranges(1, pl.col("seen") + 1))
    rows = flights.explode("cycle").sort("engine", "cycle")
    gap = (pl.col("engine") == "test-002") & pl.col("cycle").is_between(60, 75)
    return rows.filter(~gap).with_columns(
        fleet=pl.lit(plan.name), cycle=pl.col("cycle").cast(pl.Int64)
    )


def _silver(plan: FleetPlan, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    n = rows.height
    regime = rng.integers(0, plan.regimes, n)
    wear = np.exp((rows["cycle"] - rows["life"]).to_numpy() / 45.0)
    columns: dict[str, np.ndarray] = {
        "setting_1": regime * 7.0 + rng.normal(0, 0.002, n),
        "setting_2": regime * 0.14 + rng.normal(0, 0.0003, n),
        "setting_3": np.full(n, 100.0),
    }
    for signal, base, spread in zip(PROFILE.sensors, BASE, SPREAD, strict=True):
        noise = rng.normal(0, spread, n) if spread else 0.0
        moved = WEAR.get(signal.symbol, 0.0) * spread * wear
        columns[signal.name] = base * (1 - 0.05 * regime) + moved + noise
    delivery = np.where(rows["failed"].to_numpy(), "history", "service")
    frame = rows.select("fleet", "engine", "cycle").with_columns(
        *(pl.Series(name, values) for name, values in columns.items()),
        flags=pl.lit(""),
        delivery_id=pl.Series(delivery) + f"-{plan.name}",
        regime=pl.Series(regime, dtype=pl.Int64),
    )
    lost = (pl.col("engine") == "test-003") & pl.col("cycle").is_between(20, 26)
    return frame.with_columns(sensor_4=pl.when(~lost).then(pl.col("sensor_4")))


def _features(plan: FleetPlan, silver: pl.DataFrame) -> pl.DataFrame:
    def norm(name: str) -> pl.Expr:
        mean, std = pl.col(name).mean().over("regime"), pl.col(name).std().over("regime")
        scaled = pl.when(std > 1e-9).then((pl.col(name) - mean) / std).otherwise(0.0)
        return scaled.cast(pl.Float32).alias(f"norm_{name}")

    return silver.select(
        "fleet",
        "engine",
        "cycle",
        pl.lit(plan.transform_id).alias("transform_id"),
        "regime",
        *(norm(name) for name in PROFILE.sensor_names),
    )


def _band(plan: FleetPlan, silver: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    wide = silver.join(features.drop("fleet", "regime"), on=["engine", "cycle"])
    parts = [_band_of(wide, plan, name) for name in PROFILE.signal_names]
    return pl.concat(parts)


def _band_of(wide: pl.DataFrame, plan: FleetPlan, name: str) -> pl.DataFrame:
    has_norm = f"norm_{name}" in wide.columns
    norm = pl.col(f"norm_{name}").cast(pl.Float64) if has_norm else pl.lit(None, pl.Float64)
    levels = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
    wanted = [pl.col(name).quantile(q, "linear").alias(p) for p, q in levels.items()]
    wanted += [norm.quantile(q, "linear").alias(f"norm_{p}") for p, q in levels.items()]
    return (
        wide.group_by("cycle")
        .agg(*wanted)
        .with_columns(
            fleet=pl.lit(plan.name),
            transform_id=pl.lit(plan.transform_id),
            sensor=pl.lit(name),
        )
        .sort("cycle")
    )


def _said(plan: FleetPlan, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    remaining = (rows["life"] - rows["cycle"]).to_numpy().astype(float)
    rul = np.maximum(remaining * (1 + rng.normal(0, 0.03, rows.height)), 0)
    half = 4 + 0.13 * rul
    to = rows["cycle"].to_numpy() + np.round(rul + half).astype(int)
    ahead = np.clip(np.round(rul - half), 0, PROFILE.horizon_cycles - 20).astype(int)
    start = rows["cycle"].to_numpy() + ahead
    open_end = pl.Series(rul + half >= PROFILE.horizon_cycles)
    newest = pl.col("cycle").max().over("engine")
    return rows.with_columns(
        model_id=pl.lit(plan.model_id),
        probability=pl.Series(1 / (1 + np.exp((rul - 20) / 3.5))),
        window_from=pl.Series(start),
        window_to=pl.Series(to),
        coverage=pl.lit(PROFILE.coverage),
        rul=pl.Series(rul),
        features_version=pl.lit(1),
        run_id=pl.lit(f"run-{plan.name}"),
        predicted_at=pl.lit(plan.received + timedelta(minutes=1)),
    ).with_columns(
        window_to=pl.when(~open_end).then(pl.col("window_to")),
        # A few earlier newest cycles, as deliveries would have left them behind.
        issued=((newest - pl.col("cycle")) % 24 == 0) & (pl.col("cycle") > newest - 100),
    )


SAID = ("fleet", "engine", "cycle", "model_id", "probability", "window_from", "window_to",
        "coverage", "rul", "features_version", "run_id", "predicted_at")  # fmt: skip


def _issued(plan: FleetPlan, said: pl.DataFrame) -> pl.DataFrame:
    # Two engines of the history were in service once: their windows can be held to the truth.
    once = pl.col("engine").is_in(["train-001", "train-002"])
    chosen = said.filter("issued", ~pl.col("failed") | once)
    digest = pl.lit("d") + pl.col("cycle").cast(pl.String)
    return chosen.select(*SAID, digest.alias("input_digest"))


def _backfilled(plan: FleetPlan, said: pl.DataFrame) -> pl.DataFrame:
    newest = pl.col("cycle").max().over("engine")
    return said.filter(pl.col("cycle") < newest).select(*SAID, in_training="failed")


def _status(plan: FleetPlan, rows: pl.DataFrame, said: pl.DataFrame | None) -> pl.DataFrame:
    newest = rows.group_by("engine", maintain_order=True).agg(
        pl.col("cycle").last(), pl.col("failed").last(), cycles_seen=pl.len()
    )
    frame = newest.with_columns(
        fleet=pl.lit(plan.name),
        state=pl.when("failed").then(pl.lit("failed")).otherwise(pl.lit("in_service")),
        failed_at=pl.when("failed").then("cycle"),
        data_status=pl.when(pl.col("engine") == "test-003").then(pl.lit("warning"))
        .otherwise(pl.lit("ok")),
        last_received_at=pl.lit(plan.received),
        simulated=pl.lit(False),
        why=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("Ps30 ↑ 1.8σ, phi ↓ 1.7σ")),
    )  # fmt: skip
    frame = frame.drop("failed")
    if said is None:
        return frame
    columns = ("engine", "cycle", "probability", "window_from", "window_to", "rul", "model_id",
               "coverage", "predicted_at", "run_id")  # fmt: skip
    trend = (
        said.group_by("engine")
        .agg(pl.col("probability").alias("life"))
        .with_columns(trend=pl.col("life").map_elements(_trend, pl.String))
    )
    latest = said.select(*columns, said_at="cycle")
    joined = frame.join(latest, on=["engine", "cycle"], how="left")
    return joined.join(trend.select("engine", "trend"), on="engine", how="left")


def _trend(life: pl.Series) -> str:
    at = np.linspace(0, len(life) - 1, 24).round().astype(int)
    return " ".join(str(round(100 * life[int(i)])) for i in at)


def _deliveries(plan: FleetPlan, rows: pl.DataFrame) -> pl.DataFrame:
    kinds = ("history", "service")
    return pl.DataFrame(
        {
            "delivery_id": [f"{kind}-{plan.name}" for kind in kinds],
            "fleet": [plan.name] * 2,
            "kind": ["history", "in_service"],
            "state": ["accepted"] * 2,
            "source": [f"train_{plan.name}.txt", f"test_{plan.name}.txt"],
            "member": ["", ""],
            "sha256": ["0" * 64, "1" * 64],
            "rows": [int(rows["failed"].sum()), int((~rows["failed"]).sum())],
            "received_at": [plan.received - timedelta(hours=1), plan.received],
            "simulated": [False, False],
            "run_id": [f"run-{plan.name}"] * 2,
        }
    ).with_columns(accepted=pl.col("rows"), quarantined=0, duplicates=0, conflicts=0)
