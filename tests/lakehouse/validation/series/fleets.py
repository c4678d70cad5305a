"""Fleets to plant faults in: made up with the levels of NASA's FD002, and NASA's own."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.validation.series.check import Known, usual

# fmt: off
LEVELS = (
    (0.0, 0.0, 100.0, 518.67, 642.62, 1589.86, 1407.40, 14.62, 21.61, 553.50, 2388.09, 9059.27, 1.3,
     47.47, 521.56, 2388.09, 8138.57, 8.4374, 0.03, 393.0, 2388.0, 100.0, 38.84, 23.3094),
    (10.0, 0.25, 100.0, 489.05, 604.86, 1501.56, 1309.62, 10.52, 15.49, 394.41, 2318.94, 8780.86,
     1.26, 45.43, 371.52, 2388.14, 8132.16, 8.659, 0.03, 369.0, 2319.0, 100.0, 28.54, 17.1209),
    (20.0, 0.7, 100.0, 491.19, 607.5, 1485.11, 1251.67, 9.35, 13.66, 334.56, 2323.99, 8725.98, 1.08,
     44.4, 314.94, 2388.12, 8062.73, 9.227, 0.02, 365.0, 2324.0, 100.0, 24.46, 14.6758),
    (25.0, 0.62, 60.0, 462.54, 536.86, 1262.36, 1049.54, 7.05, 9.03, 175.43, 1915.36, 8012.73, 0.94,
     36.76, 164.58, 2028.25, 7876.11, 10.9054, 0.02, 307.0, 1915.0, 84.93, 14.26, 8.559),
    (35.0, 0.84, 100.0, 449.44, 555.75, 1366.31, 1130.65, 5.48, 8.0, 194.45, 2222.98, 8352.18, 1.02,
     41.93, 183.02, 2388.08, 8069.12, 9.3286, 0.02, 334.0, 2223.0, 100.0, 14.83, 8.8977),
    (42.0, 0.84, 100.0, 445.0, 549.67, 1354.03, 1126.58, 3.91, 5.72, 138.62, 2211.92, 8323.88, 1.02,
     42.1, 130.55, 2387.99, 8086.11, 9.3711, 0.02, 331.0, 2212.0, 100.0, 10.59, 6.3516),
)
NOISE = (0.001, 0.0005, 0.0, 0.0, 0.3, 4.1, 4.1, 0.0, 0.0, 0.41, 0.035, 4.3, 0.0, 0.105, 0.3, 0.035,
         3.3, 0.0205, 0.0, 1.05, 0.0, 0.0, 0.1, 0.06)
# fmt: on
# Sensors that wear moves, fine enough that no two readings are often equal.
LIVELY = tuple(f"sensor_{n}" for n in (2, 3, 4, 7, 9, 11, 12, 14, 15, 20, 21))
SIGNALS = PROFILE.signal_names


@dataclass(frozen=True, repr=False)
class Data:
    """One delivery and what was known before it.

    Attributes:
        records: engine, cycle, line and the signals, without a fault.
        known: a fleet that flew before, of other engines.
    """

    records: pl.DataFrame
    known: Known

    @property
    def engines(self) -> list[str]:
        """Names of the delivered engines."""
        return sorted(self.records["engine"].unique())

    def life(self, engine: str) -> int:
        """How many flights one of them has."""
        return self.records.filter(pl.col("engine") == engine).height


def made(regimes: int, engines: int = 8, seed: int = 0) -> pl.DataFrame:
    """Records of engines of 60 to 100 flights that wear, one sensor like the next."""
    random = np.random.default_rng(seed)
    return pl.concat(
        _engine(f"e-{n:03d}", 60 + int(random.integers(0, 41)), regimes, random)
        for n in range(engines)
    ).with_row_index("line", offset=1)


def _engine(name: str, life: int, regimes: int, random: np.random.Generator) -> pl.DataFrame:
    cycle = np.arange(1, life + 1)
    flown = np.asarray(LEVELS)[random.integers(0, regimes, life)]
    noise = np.asarray(NOISE)
    wear = 3 * (cycle / life)[:, None] ** 2 * noise
    values = flown + (wear + noise * random.normal(size=flown.shape)) * (noise > 0)
    columns = {
        signal.name: np.round(values[:, i] / signal.step) * signal.step
        for i, signal in enumerate(PROFILE.signals)
    }
    return pl.DataFrame({"engine": name, "cycle": cycle, **columns}).with_columns(
        pl.col("cycle").cast(pl.Int64)
    )


def nasa_records(path: Path) -> pl.DataFrame:
    """One of NASA's files as records."""
    with gzip.open(path) as text:
        numbers = np.loadtxt(text)
    frame = pl.DataFrame(numbers, schema=["engine", "cycle", *SIGNALS])
    return frame.with_columns(
        pl.format("train-{}", pl.col("engine").cast(pl.Int64).cast(pl.String).str.zfill(3)).alias(
            "engine"
        ),
        pl.col("cycle").cast(pl.Int64),
    ).with_row_index("line", offset=1)


def split(records: pl.DataFrame, delivered: int) -> Data:
    """The first engines as a delivery, the others as the fleet that flew before."""
    mine = records["engine"].unique().sort().head(delivered).to_list()
    chosen = pl.col("engine").is_in(mine)
    return Data(records.filter(chosen), Known(None, usual(records.filter(~chosen), PROFILE)))
