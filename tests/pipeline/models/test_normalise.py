"""Normalisation: what a flight says, and what is made of one that says nothing."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.transform import fit, history
from pipeline.models.graph import TransformGraph
from pipeline.models.normalise import (
    UNSEEN,
    assign_regime,
    complete,
    listen,
    normalise,
    sanitise,
)
from tests.pipeline.models.fleets import MOST, failures, fleet, lazy

SILVER = fleet(regimes=3)


@pytest.fixture(scope="module")
def graph() -> TransformGraph:
    return fit(history(lazy(SILVER), failures(SILVER), MOST).flights, PROFILE)


def heard(graph: TransformGraph, silver: pl.DataFrame) -> pl.DataFrame:
    rows = normalise(graph, assign_regime(graph, sanitise(graph, lazy(silver))))
    frame: pl.DataFrame = complete(graph, listen(graph, rows)).collect("polars").to_native()
    return frame.sort("engine", "cycle")


def changed(column: str, value: object, rows: int = 30) -> pl.DataFrame:
    """One engine, a column of whose last flights has another value."""
    one = SILVER.filter(pl.col("engine") == "e-000")
    late = pl.col("cycle") > pl.col("cycle").max() - rows
    return one.with_columns(
        pl.when(late).then(pl.lit(value, dtype=pl.Float64)).otherwise(pl.col(column)).alias(column)
    )


def test_sensors_have_mean_0_and_deviation_1_in_every_regime(graph: TransformGraph) -> None:
    found = heard(graph, SILVER)
    for _, part in found.group_by("regime"):
        assert part["norm_sensor_3"].mean() == pytest.approx(0.0, abs=1e-9)
        assert part["norm_sensor_3"].std() == pytest.approx(1.0, abs=0.01)


def test_a_sensor_that_never_moves_is_0_and_not_kept(graph: TransformGraph) -> None:
    assert heard(graph, SILVER)["norm_sensor_1"].unique().to_list() == [0.0]
    assert "sensor_1" not in graph.kept
    assert "sensor_2" in graph.kept


def test_a_missing_value_stays_missing_outside_and_is_filled_inside(graph: TransformGraph) -> None:
    found = heard(graph, changed("sensor_3", None)).tail(30)
    assert found["norm_sensor_3"].null_count() == 30
    assert found["_z_sensor_3"].is_finite().all()
    assert (found["_heard"] < 1).all()


def test_a_silent_sensor_is_put_where_the_others_say(graph: TransformGraph) -> None:
    whole = heard(graph, changed("sensor_1", 101.0))
    without = heard(graph, changed("sensor_3", None))
    assert abs(np.corrcoef(whole["_z_sensor_3"][-30:], without["_z_sensor_3"][-30:])[0, 1]) > 0.7


@pytest.mark.parametrize("value", [1e300, -1e9, 0.0, float("nan"), float("inf")])
def test_a_broken_sensor_is_not_listened_to(graph: TransformGraph, value: float) -> None:
    broken = heard(graph, changed("sensor_3", value))
    silent = heard(graph, changed("sensor_3", None))
    assert broken["_z_sensor_3"].equals(silent["_z_sensor_3"])


def test_a_frozen_sensor_is_not_listened_to() -> None:
    silver = fleet(regimes=1)
    single = fit(history(lazy(silver), failures(silver), MOST).flights, PROFILE)
    one = silver.filter(pl.col("engine") == "e-000")
    stuck = one.with_columns(pl.col("sensor_3").first())
    assert (heard(single, one)["_heard"] == 1).all()
    assert (heard(single, stuck)["_heard"][10:] < 1).all()


def test_conditions_that_were_never_seen_have_no_regime(graph: TransformGraph) -> None:
    found = heard(graph, changed("setting_1", 999.0)).tail(30)
    assert found["regime"].unique().to_list() == [UNSEEN]
    assert found["norm_sensor_3"].null_count() == 30
    assert found["_z_sensor_3"].is_finite().all()


def test_a_missing_setting_means_no_regime_unless_there_is_only_one(graph: TransformGraph) -> None:
    assert heard(graph, changed("setting_1", None))["regime"].tail(30).unique().item() == UNSEEN
    single = replace(graph, centres=graph.centres[:1])
    one = changed("setting_1", None).tail(30)
    rows = assign_regime(single, sanitise(single, lazy(one))).collect("polars").to_native()
    assert set(rows["regime"]) <= {0, UNSEEN}
    assert 0 in rows["regime"]


def test_a_column_that_is_not_delivered_counts_as_missing(graph: TransformGraph) -> None:
    found = heard(graph, SILVER.drop("sensor_3"))
    assert found["norm_sensor_3"].null_count() == len(SILVER)
    assert found["_z_sensor_3"].is_finite().all()
