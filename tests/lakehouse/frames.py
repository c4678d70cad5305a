"""Small frames for the lakehouse's tests."""

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.writes import Commit

COMMIT = Commit("run", "run", "Clean", "somebody")


def silver(engines: dict[str, int], seed: int = 0, first: int = 1) -> nw.LazyFrame[Any]:
    """Rows of silver/readings: so many cycles of each engine."""
    random = np.random.default_rng(seed)
    keys = [(e, c) for e, cycles in engines.items() for c in range(first, first + cycles)]
    frame = pl.DataFrame(keys, schema=[("engine", pl.String), ("cycle", pl.Int64)], orient="row")
    values = {name: random.random(len(keys)) for name in PROFILE.signal_names}
    frame = frame.with_columns(fleet=pl.lit("F"), **{k: pl.Series(v) for k, v in values.items()})
    return nw.from_native(frame.lazy())


def part(name: str) -> Commit:
    """A piece of work of its own."""
    return Commit("run", "run", "Clean", "somebody", {"bronze/readings": 1}, name)


def rows(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """A lake frame in memory, sorted by key."""
    found: pl.DataFrame = frame.collect("polars").to_native()
    return found.sort("fleet", "engine", "cycle")
