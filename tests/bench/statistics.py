"""`make bench NAME=statistics`: statistics of 4.6 million flights against Polars' own summary."""

import argparse
import time
from collections.abc import Callable

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.validation.statistics import statistics

ROWS = 4_600_000
ENGINES = 20_000
SENSORS = 24
BUCKETS = 10


def flights(rows: int) -> pl.DataFrame:
    """Sensors of PHM08's shape: six regimes, rounded as recorded, some constant."""
    random = np.random.default_rng(8)
    regime = random.integers(0, 6, rows)
    columns: dict[str, np.ndarray] = {
        "engine": np.sort(random.integers(1, ENGINES, rows)),
        "cycle": random.integers(1, 350, rows),
    }
    for sensor in range(SENSORS):
        level = random.uniform(1, 9_000, 6)[regime]
        noise = random.normal(0, 0.02 * (sensor % 6), rows)
        columns[f"sensor_{sensor + 1}"] = (level * (1 + noise / 10)).round(sensor % 5)
    return pl.DataFrame(columns)


def described(frame: pl.DataFrame) -> None:
    """What Polars offers: a summary, and a histogram of each column."""
    frame.describe()
    for column in frame:
        column.hist(bin_count=BUCKETS)


def seconds(work: Callable[[], object]) -> float:
    """The better of two runs."""
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    frame = flights(rows)
    ours = seconds(lambda: statistics(nw.from_native(frame.lazy())))
    theirs = seconds(lambda: described(frame))
    print(f"{rows:,} rows x {frame.width} columns")
    print(f"statistics                     {ours:6.1f} s")
    print(f"describe() and histograms      {theirs:6.1f} s")
    print(f"ratio                          {ours / theirs:6.2f} (limit 3)")


if __name__ == "__main__":
    main()
