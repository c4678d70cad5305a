"""Where the fleet's sensors lay at the same age: the band behind every sensor's line."""

from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import narwhals as nw
import numpy as np
import polars as pl
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from lakehouse.profiles import Profile
from lakehouse.serving import live
from lakehouse.snapshots import Pinned

BAND = "gold/fleet_band"
# Sums of equal numbers differ in their last bits; that is no spread.
SAME = 1e-9
LEVELS = ("p05", "p50", "p95")
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Band:
    """The fleet's 5 %, 50 % and 95 % levels.

    Attributes:
        raw: level x signal x age - 1, in the signals' units; NaN where nothing is known.
        norm: the same, regime-normalised, in standard deviations.
        constant: signals that do not vary over the whole fleet, or not within any regime.
    """

    raw: Floats
    norm: Floats
    constant: NDArray[np.bool_]

    @property
    def ages(self) -> int:
        """Highest age that the band knows."""
        return int(self.raw.shape[2])


def transform_of(pinned: Pinned, fleet: str, serving: Path) -> str | None:
    """The transform that the fleet's live model reads, None before there is one.

    ``serving`` decides while the bands of several transforms are kept.
    """
    known = _transforms(pinned, fleet)
    entry = live(serving, fleet) if len(known) > 1 else None
    if entry and entry.transform_id in known:
        return entry.transform_id
    return known[-1] if known else None


@cached(
    LRUCache(64),
    key=lambda pinned, fleet: (pinned.lake, pinned.version(BAND), fleet),
    lock=RLock(),
)
def _transforms(pinned: Pinned, fleet: str) -> tuple[str, ...]:
    rows = pinned.scan(BAND).filter(nw.col("fleet") == fleet).select("transform_id")
    return tuple(dict.fromkeys(rows.collect("polars")["transform_id"].to_list()))


@cached(
    LRUCache(16),
    key=lambda pinned, profile, fleet, transform_id: (
        pinned.lake,
        pinned.version(BAND),
        profile.name,
        fleet,
        transform_id,
    ),
    lock=RLock(),
)
def fleet_band(pinned: Pinned, profile: Profile, fleet: str, transform_id: str | None) -> Band:
    """The band of one fleet; of no ages while there is none."""
    names = [*LEVELS, *(f"norm_{level}" for level in LEVELS)]
    frame: pl.DataFrame = (
        pinned.scan(BAND)
        .filter(nw.col("fleet") == fleet, nw.col("transform_id") == (transform_id or ""))
        .select("sensor", "cycle", *names)
        .collect("polars")
        .to_native()
        .filter(pl.col("sensor").is_in(profile.signal_names), pl.col("cycle") >= 1)
    )
    ages = int(frame.select(pl.col("cycle").max().fill_null(0)).item())
    levels = np.full((6, len(profile.signals), ages), np.nan)
    index = {name: row for row, name in enumerate(profile.signal_names)}
    signal = np.array([index[name] for name in frame["sensor"]], dtype=np.int64)
    levels[:, signal, frame["cycle"].to_numpy() - 1] = frame.select(names).to_numpy().T
    within = np.isfinite(levels[3:]).any(axis=(0, 2)) & _constant(levels[3:])
    return Band(levels[:3], levels[3:], _constant(levels[:3]) | within)


def _constant(raw: Floats) -> NDArray[np.bool_]:
    if raw.shape[2] == 0:
        return np.zeros(raw.shape[1], dtype=bool)
    low, high = (np.where(np.isfinite(raw), raw, fill) for fill in (np.inf, -np.inf))
    least, most = low.min(axis=(0, 2)), high.max(axis=(0, 2))
    flat: NDArray[np.bool_] = ~(most - least > SAME * np.maximum(np.abs(most), 1.0))
    return flat
