"""Read model of the engine page: one engine's flights, forecasts, fleet band and provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from app.queries import engine_findings
from app.queries.band import SAME, Band, fleet_band, transform_of
from app.queries.corrections import Correction, corrections
from app.queries.fleet import EngineRow, engine_row, neighbours
from app.queries.forecasts import Forecasts, forecasts
from app.queries.provenance import Provenance, provenance
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned

SILVER = "silver/readings"
FEATURES = "gold/features"
LAST = 10
CHOSEN = 4
CACHE_BYTES = 64 * 2**20
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Life:
    """An engine's flights, oldest first; signals are the profile's, in its order.

    Attributes:
        cycle: cycle of each flight; missing cycles are missing here.
        raw: signal x flight, in the signals' units; NaN where unusable.
        norm: the same, regime-normalised, in standard deviations; NaN without a live model.
        regimes: number of operating regimes that it flew in.
        delivery_id: the delivery that brought the newest flight.
        brought: delivery to the first and the last flight that it brought.
    """

    cycle: Ints
    raw: Floats
    norm: Floats
    regimes: int
    delivery_id: str | None
    brought: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.raw.nbytes + self.norm.nbytes + self.cycle.nbytes


@dataclass(frozen=True, eq=False)
class EngineView:
    """All that the engine page shows of one engine at one snapshot."""

    fleet: str
    row: EngineRow
    life: Life
    forecasts: Forecasts
    band: Band
    provenance: Provenance
    before: str | None
    after: str | None
    found: tuple[engine_findings.Mark, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def default_norm(self) -> bool:
        """Whether raw values hide the trend, because the regime changes from flight to flight."""
        return self.life.regimes > 1

    def chosen(self) -> tuple[int, ...]:
        """The signals that lie furthest from the fleet's median over the last ten flights."""
        far = deviation(self.life, self.band)
        order = np.argsort(-far, kind="stable")
        return tuple(int(index) for index in order[:CHOSEN] if far[index] >= 0)


def deviation(life: Life, band: Band) -> Floats:
    """Mean distance from the fleet's median at the same age, in standard deviations.

    Over the last :data:`LAST` flights; -1 for a signal that says nothing (constant, missing, or
    not normalised: the settings). Without a live model the engine's own spread is the unit.
    """
    cycle, norm = life.cycle[-LAST:], life.norm[:, -LAST:]
    if not np.isfinite(norm).any():
        return _own_deviation(life)
    median = np.zeros(norm.shape)
    if band.ages:
        at = band.norm[1][:, np.clip(cycle, 1, band.ages) - 1]
        median = np.where(np.isfinite(at), at, 0.0)
    return _mean_distance(norm - median, band.constant)


def _own_deviation(life: Life) -> Floats:
    known = np.isfinite(life.raw)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, life.raw, 0.0).sum(axis=1, keepdims=True) / count
    away = np.where(known, life.raw - mean, 0.0)
    spread = np.sqrt((away**2).sum(axis=1, keepdims=True) / count)
    mute = spread[:, 0] <= SAME * np.maximum(np.abs(mean[:, 0]), 1.0)
    scaled = (life.raw - mean) / np.where(mute[:, None], 1.0, spread)
    return _mean_distance(scaled[:, -LAST:], mute)


def _mean_distance(away: Floats, mute: NDArray[np.bool_]) -> Floats:
    known = np.isfinite(away)
    total = np.abs(np.where(known, away, 0.0).sum(axis=1))
    far: Floats = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), -1.0)
    return np.where(mute, -1.0, far)


@dataclass(frozen=True)
class Name:
    """An engine and where to look for what is live: the arguments of :func:`engine_view`."""

    fleet: str
    engine: str
    serving: Path


def engine_view(pinned: Pinned, profile: Profile, name: Name, at: datetime) -> EngineView | None:
    """One engine at one snapshot, None when there is no such engine."""
    row = engine_row(pinned, profile, name.fleet, name.engine, at)
    if row is None:
        return None
    transform_id = transform_of(pinned, name.fleet, name.serving)
    life = _life(pinned, profile, name, transform_id)
    before, after = neighbours(pinned, profile, name.fleet, name.engine)
    said = forecasts(pinned, profile, name.fleet, row)
    return EngineView(
        fleet=name.fleet,
        row=row,
        life=life,
        forecasts=said,
        band=fleet_band(pinned, profile, name.fleet, transform_id),
        provenance=provenance(pinned, said, row, life.delivery_id),
        before=before,
        after=after,
        found=engine_findings.marks(pinned, name.fleet, name.engine, life.brought),
        corrections=corrections(pinned, name.fleet, name.engine),
    )


@cached(
    LRUCache(CACHE_BYTES, getsizeof=lambda life: life.nbytes),
    key=lambda pinned, profile, name, transform_id: (
        pinned.lake,
        pinned.version(SILVER),
        pinned.version(FEATURES),
        profile.name,
        name.fleet,
        name.engine,
        transform_id,
    ),
    lock=RLock(),
)
def _life(pinned: Pinned, profile: Profile, name: Name, transform_id: str | None) -> Life:
    silver = _rows(pinned, SILVER, name, ["cycle", "delivery_id", *profile.signal_names])
    cycle = silver["cycle"].to_numpy()
    raw = silver.select(profile.signal_names).to_numpy().T
    norm, regimes = _norm(pinned, profile, name, transform_id)
    at = np.full(raw.shape, np.nan)
    if norm.height:
        place = np.searchsorted(cycle, norm["cycle"].to_numpy())
        inside = place < len(cycle)
        first = len(profile.settings)
        at[first:, place[inside]] = norm.drop("cycle").to_numpy().T[:, inside]
    newest = silver["delivery_id"][-1] if silver.height else None
    return Life(cycle, raw, at, regimes, newest, _brought(silver))


def _brought(silver: pl.DataFrame) -> dict[str, tuple[int, int]]:
    ends = (pl.col("cycle").min().alias("first"), pl.col("cycle").max().alias("last"))
    spans = silver.drop_nulls("delivery_id").group_by("delivery_id").agg(*ends)
    return {name: (first, last) for name, first, last in spans.iter_rows()}


def _norm(
    pinned: Pinned, profile: Profile, name: Name, transform_id: str | None
) -> tuple[pl.DataFrame, int]:
    columns = [f"norm_{sensor}" for sensor in profile.sensor_names]
    if not transform_id or not set(columns) <= _columns(pinned, FEATURES):
        return pl.DataFrame({"cycle": []}, schema={"cycle": pl.Int64}), 1
    wanted = ["cycle", "regime", *columns]
    frame = _rows(pinned, FEATURES, name, wanted, nw.col("transform_id") == transform_id)
    return frame.drop("regime"), int(frame["regime"].n_unique())


@cached(
    LRUCache(8),
    key=lambda pinned, table: (pinned.lake, table, pinned.version(table)),
    lock=RLock(),
)
def _columns(pinned: Pinned, table: str) -> frozenset[str]:
    return frozenset(pinned.scan(table).collect_schema().names())


def _rows(pinned: Pinned, table: str, name: Name, columns: list[str], *more: Any) -> pl.DataFrame:
    one = (nw.col("fleet") == name.fleet, nw.col("engine") == name.engine, *more)
    rows = pinned.scan(table).filter(*one).select(*columns).collect("polars")
    frame: pl.DataFrame = rows.to_native()
    return frame.sort("cycle")
