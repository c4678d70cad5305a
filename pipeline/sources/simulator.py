"""A simulated turbofan fleet for a first look without real data; everything it makes says so.

Six operating points, two ways to wear (compressor and fan), engines that start worn to different
degrees and fail at different levels of wear, and noise that hides the first two thirds of a life.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.sources.archives import file_digest
from pipeline.sources.delivered import Delivered, Kind

# Every row of every table carries its fleet, so every table says so too.
FLEET = "SIMULATED"
SEED = 20_081
HISTORY_SHARE = 0.625

Floats = NDArray[np.float64]

# Altitude (kft), Mach, throttle angle (deg) of the operating points, and the 21 sensors of a new
# engine there, in the profile's order and units.
_REGIMES = np.array(
    [
        [0.0, 0.0, 100.0],
        [10.0, 0.25, 100.0],
        [20.0, 0.7, 100.0],
        [25.0, 0.62, 60.0],
        [35.0, 0.84, 100.0],
        [42.0, 0.84, 100.0],
    ]
)
# fmt: off
_NOMINAL = np.array([
    [518.7, 642.2, 1586, 1402, 14.62, 21.61, 554.2, 2388.0, 9052, 1.3, 47.3,
     522.1, 2388.0, 8133, 8.41, 0.03, 392, 2388, 100.0, 38.95, 23.37],
    [489.1, 604.4, 1498, 1305, 10.52, 15.49, 394.9, 2318.8, 8775, 1.26, 45.3,
     371.9, 2388.0, 8127, 8.63, 0.03, 368, 2319, 100.0, 28.63, 17.18],
    [491.2, 607.1, 1481, 1247, 9.35, 13.65, 335.0, 2323.9, 8720, 1.08, 44.2,
     315.3, 2388.0, 8058, 9.2, 0.02, 364, 2324, 100.0, 24.54, 14.73],
    [462.5, 536.5, 1259, 1046, 7.05, 9.03, 175.7, 1915.2, 8008, 0.94, 36.6,
     164.8, 2028.1, 7872, 10.87, 0.02, 306, 1915, 84.93, 14.32, 8.59],
    [449.4, 555.4, 1363, 1126, 5.48, 8.0, 194.7, 2222.8, 8347, 1.02, 41.8,
     183.3, 2388.0, 8065, 9.3, 0.02, 333, 2223, 100.0, 14.89, 8.93],
    [445.0, 549.3, 1351, 1122, 3.91, 5.71, 138.8, 2211.8, 8318, 1.02, 41.9,
     130.7, 2388.0, 8082, 9.35, 0.02, 330, 2212, 100.0, 10.63, 6.38],
])
_NOISE = np.array(
    [0, 0.35, 4.4, 5.3, 0, 0.004, 0.47, 0.09, 7.9, 0, 0.153,
     0.37, 0.1, 7.5, 0.026, 0, 1.08, 0, 0, 0.11, 0.065]
)
# Change from new to failed, in standard deviations of the noise: compressor, then fan.
_RESPONSE = np.array([
    [0, 3.6, 3.4, 4.6, 0, 0.3, -3.8, 3.4, 3.0, 0, 4.9,
     -3.9, 3.4, 2.6, 4.2, 0, 3.5, 0, 0, -3.3, -3.3],
    [0, 2.4, 2.7, 3.9, 0, 0.6, 4.4, 2.1, 5.1, 0, 3.4,
     4.6, 2.1, 4.9, -3.8, 0, 2.6, 0, 0, 2.6, 2.6],
])
# fmt: on
_DECIMALS = [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 2, 0, 0, 2, 2, 4]


@dataclass(frozen=True)
class Simulated:
    """One simulated fleet.

    Attributes:
        history: records to failure: engine number, cycle, 3 settings, 21 sensors.
        in_service: records that stop before it, the same columns.
        remaining: cycles that each engine of ``in_service`` had left, in engine order.
    """

    history: pl.DataFrame
    in_service: pl.DataFrame
    remaining: tuple[int, ...]


def fly_fleet(history: int = 100, in_service: int = 60, seed: int = SEED) -> Simulated:
    """Simulate so many engines; the same seed gives the same values."""
    rng = np.random.default_rng(seed)
    lives = _lives(rng, history + in_service)
    cuts = lives[history:].copy()
    share = rng.beta(2.2, 1.2, in_service)
    cuts = np.clip((cuts * share).astype(np.int64), 5, cuts - 1)
    rows = _fly(rng, lives, np.concatenate([lives[:history], cuts]))
    ends = int(lives[:history].sum())
    second = rows[ends:].with_columns(pl.col("engine") - history)
    return Simulated(rows[:ends], second, tuple((lives[history:] - cuts).tolist()))


def simulate(folder: Path, engines: int = 160, seed: int = SEED) -> tuple[Delivered, ...]:
    """Simulate so many engines and write three files in NASA's layout; written files stay.

    Five of eight engines are history. The file names carry size and seed, so that the same
    request finds the same deliveries again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history = round(engines * HISTORY_SHARE)
    stem = f"simulated_{engines}_{seed}"
    names: dict[Kind, Path] = {
        "history": folder / f"{stem}_history.txt",
        "in_service": folder / f"{stem}_in_service.txt",
        "truth": folder / f"{stem}_truth.txt",
    }
    if not all(path.exists() for path in names.values()):
        made = fly_fleet(history, engines - history, seed)
        truth = pl.DataFrame({"remaining": made.remaining})
        for path, frame in zip(names.values(), (made.history, made.in_service, truth), strict=True):
            _publish(path, frame)
    prefixes = {"history": "train", "in_service": "test", "truth": "test"}
    return tuple(
        Delivered(
            str(path),
            "",
            FLEET,
            kind,
            file_digest(path),
            "numbered",
            prefixes[kind],
            simulated=True,
        )
        for kind, path in names.items()
    )


def _publish(path: Path, frame: pl.DataFrame) -> None:
    part = path.with_suffix(".part")
    frame.write_csv(part, separator=" ", include_header=False)
    part.replace(path)


def _lives(rng: np.random.Generator, engines: int) -> NDArray[np.int64]:
    """Total life of each engine in cycles."""
    return np.clip(rng.lognormal(np.log(195), 0.27, engines), 90, 420).astype(np.int64)


def _fly(
    rng: np.random.Generator, lives: NDArray[np.int64], seen: NDArray[np.int64]
) -> pl.DataFrame:
    """The first ``seen`` flights of each engine, all engines in one table."""
    engines, total = len(lives), int(seen.sum())
    engine = np.repeat(np.arange(engines), seen)
    cycle = np.arange(total) - np.repeat(np.cumsum(seen) - seen, seen) + 1
    mode = rng.integers(0, 2, engines)
    regime = rng.choice(6, total, p=[0.15, 0.15, 0.15, 0.15, 0.15, 0.25])
    wear = _wear(rng, cycle / lives[engine], engine, engines)
    build = rng.normal(0, 0.3, (engines, _NOISE.size))
    noise = rng.normal(0, 1, (total, _NOISE.size))
    deviation = wear[:, None] * _RESPONSE[mode[engine]] + build[engine] + noise
    sensors = _NOMINAL[regime] + deviation * _NOISE
    wobble = rng.uniform(-1, 1, (total, 3)) * [0.004, 0.0006, 0.0]
    return _table(engine + 1, cycle, np.abs(_REGIMES[regime] + wobble), sensors)


def _wear(rng: np.random.Generator, age: Floats, engine: NDArray[np.int64], engines: int) -> Floats:
    """Wear from about 0 (new) to about 1 (failed), along the share of its life an engine has had.

    Start, end and curvature differ between engines, and a slow sway lies over it: two engines that
    look alike today can have different lives left.
    """
    start = rng.uniform(0, 0.18, engines)[engine]
    end = rng.normal(1, 0.09, engines)[engine]
    bend = rng.uniform(2.2, 5.0, engines)[engine]
    phase = rng.uniform(0, 2 * np.pi, engines)[engine]
    turns = rng.uniform(1.5, 4, engines)[engine]
    sway = 0.035 * np.sin(2 * np.pi * turns * age + phase)
    return np.asarray(start + (end - start) * np.expm1(bend * age) / np.expm1(bend) + sway)


def _table(
    engine: NDArray[np.int64], cycle: NDArray[np.int64], settings: Floats, sensors: Floats
) -> pl.DataFrame:
    columns: dict[str, NDArray[np.int64] | Floats] = {"engine": engine, "cycle": cycle}
    for i in range(settings.shape[1]):
        columns[f"setting_{i + 1}"] = np.round(settings[:, i], 4)
    for i, decimals in enumerate(_DECIMALS):
        columns[f"sensor_{i + 1}"] = np.round(sensors[:, i], decimals)
    return pl.DataFrame(columns)
