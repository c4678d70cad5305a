"""The simulated fleet: seeded, in NASA's layout, clearly simulated, and not trivial."""

from pathlib import Path

import numpy as np
import polars as pl

from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources.parsing import parse
from pipeline.sources.simulator import FLEET, fly_fleet, simulate


def test_the_same_seed_gives_the_same_deliveries(tmp_path: Path) -> None:
    """Twice in one folder it is the same files; another seed is another fleet."""
    first = simulate(tmp_path, engines=24)
    assert simulate(tmp_path, engines=24) == first
    elsewhere = simulate(tmp_path / "b", engines=24)
    assert [d.sha256 for d in elsewhere] == [d.sha256 for d in first]
    other = simulate(tmp_path, engines=24, seed=2)
    assert {d.sha256 for d in other}.isdisjoint(d.sha256 for d in first)


def test_deliveries_say_that_they_are_simulated(tmp_path: Path) -> None:
    """History, in service and truth of a fleet of its own; the reader takes every line."""
    deliveries = simulate(tmp_path, engines=40)
    assert [d.kind for d in deliveries] == ["history", "in_service", "truth"]
    assert {(d.fleet, d.simulated) for d in deliveries} == {(FLEET, True)}
    parsed = [parse(d, PROFILE) for d in deliveries]
    assert all(p.rejected is None and p.quarantine.is_empty() for p in parsed)
    history, in_service, truth = (p.records for p in parsed)
    assert history["engine"].unique().sort().to_list() == [f"train-{i:03d}" for i in range(1, 26)]
    assert in_service["engine"].n_unique() == truth.height == 15
    assert history.select(PROFILE.signal_names).null_count().sum_horizontal()[0] == 0


def test_lives_and_regimes_are_as_promised() -> None:
    """Lives differ widely, six operating points are flown, in-service engines have cycles left."""
    made = fly_fleet(history=60, in_service=40)
    lives = made.history.group_by("engine").len()["len"]
    assert lives.min() >= 90  # type: ignore[operator]
    assert lives.max() > 1.7 * lives.min()  # type: ignore[operator]
    points = made.history.select(pl.col("setting_1").round(0), "setting_3").unique()
    assert points.height == 6
    assert min(made.remaining) >= 1
    assert len(made.remaining) == 40


def test_wear_shows_in_the_end_and_hides_before() -> None:
    """The last flights differ from the first by more than the noise; two fault modes differ."""
    history = fly_fleet(history=80, in_service=10).history.with_columns(
        left=pl.col("cycle").max().over("engine") - pl.col("cycle"),
        regime=pl.col("setting_1").round(0),
    )
    new = history.filter(pl.col("cycle") <= 30)
    moved = {}
    for sensor in ("sensor_11", "sensor_7"):
        scale = new.group_by("regime").agg(m=pl.col(sensor).mean(), s=pl.col(sensor).std())
        scored = history.join(scale, on="regime").with_columns(
            z=(pl.col(sensor) - pl.col("m")) / pl.col("s")
        )
        ends = scored.filter(pl.col("left") < 10).group_by("engine").agg(pl.col("z").mean())
        moved[sensor] = ends["z"].to_numpy()
        middle = scored.filter(pl.col("left").is_between(100, 120))["z"].mean()
        assert abs(middle) < 1  # type: ignore[arg-type, operator]
    assert np.abs(moved["sensor_11"]).min() > 1
    assert moved["sensor_7"].max() > 1
    assert moved["sensor_7"].min() < -1
