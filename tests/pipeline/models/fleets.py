"""Small made-up fleets: engines that wear along one hidden state, seen by noisy sensors."""

from functools import cache

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.parameters import Parameters
from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.trainer import Trained, Work, train
from pipeline.components.transform import featurise, fit, history
from pipeline.models.course import Rows
from pipeline.models.graph import TransformGraph

ALTITUDES = (0.0, 10.0, 20.0, 25.0, 35.0, 42.0)
MOST = 1_000_000


def lazy(frame: pl.DataFrame) -> Rows:
    """The frame as the components take it."""
    return nw.from_native(frame.lazy())


def fleet(engines: int = 12, regimes: int = 1, seed: int = 0, shortest: int = 60) -> pl.DataFrame:
    """Records of engines that all ran to their failure; no two live equally long."""
    random = np.random.default_rng(seed)
    lives = shortest + 3 * np.arange(engines)
    return pl.concat(
        _engine(f"e-{index:03d}", int(life), regimes, random) for index, life in enumerate(lives)
    )


def failures(silver: pl.DataFrame) -> pl.DataFrame:
    """The last flight of each engine, as its failure."""
    last = silver.group_by("fleet", "engine").agg(pl.col("cycle").max().alias("failure_cycle"))
    return last.sort("fleet", "engine")


def _engine(name: str, life: int, regimes: int, random: np.random.Generator) -> pl.DataFrame:
    cycle = np.arange(1, life + 1)
    wear = (cycle / life) ** 3 + 0.1 * random.random()
    drift = 0.3 * random.normal() * cycle / life
    regime = random.integers(0, regimes, life)
    columns = {
        "setting_1": np.asarray(ALTITUDES)[regime] + 0.002 * random.normal(size=life),
        "setting_2": 0.14 * regime + 0.0003 * random.normal(size=life),
        "setting_3": np.full(life, 100.0),
    }
    for index, sensor in enumerate(PROFILE.sensor_names):
        level = 100.0 * (index + 1) + 50.0 * regime
        if index % 5 == 0:
            columns[sensor] = level  # never moves within a regime: says nothing
        else:
            direction = 1 if index % 2 else -1
            seen = 6 * direction * wear + (2 * drift if index % 3 == 0 else 0)
            columns[sensor] = level + (1 + regime) * (seen + random.normal(size=life))
    return pl.DataFrame({"fleet": "F", "engine": name, "cycle": cycle, **columns}).with_columns(
        pl.col("cycle").cast(pl.Int64)
    )


@cache
def taught(regimes: int = 1) -> tuple[TransformGraph, Trained]:
    """A small model of a small fleet, trained once for all tests."""
    silver = fleet(engines=14, regimes=regimes)
    failed = failures(silver)
    graph = fit(history(lazy(silver), failed, MOST).flights, PROFILE)
    features = featurise(graph, lazy(silver))
    work = Work(Parameters(rounds=30, depth=4, averaged=2), PROFILE, threads=1)
    return graph, train(lazy(silver), failed, features, graph, work)


def features_of(graph: TransformGraph, silver: pl.DataFrame) -> pl.DataFrame:
    """What a transform makes of some flights, sorted by key."""
    frame: pl.DataFrame = featurise(graph, lazy(silver)).collect("polars").to_native()
    return frame.sort("fleet", "engine", "cycle")
