"""Transform: every flight has finite features, from its own past only."""

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.transform import (
    NothingToLearnError,
    feature_names,
    fit,
    history,
)
from pipeline.models.course import FEATURES, TRUST
from pipeline.models.graph import TransformGraph
from tests.pipeline.models.fleets import MOST, failures, features_of, fleet, lazy

SILVER = fleet(regimes=3)
KEYS = ["fleet", "engine", "cycle"]


def fitted(silver: pl.DataFrame) -> TransformGraph:
    return fit(history(lazy(silver), failures(silver), MOST).flights, PROFILE)


GRAPH = fitted(SILVER)
WHOLE = features_of(GRAPH, SILVER)


def finite(features: pl.DataFrame, graph: TransformGraph = GRAPH) -> bool:
    return bool(np.isfinite(features.select(feature_names(graph)).to_numpy()).all())


def test_the_columns_are_those_of_the_contract() -> None:
    assert WHOLE.columns[:4] == [*KEYS, "regime"]
    assert WHOLE.schema["regime"] == WHOLE.schema["cycle"] == pl.Int64
    assert {WHOLE.schema[name] for name in WHOLE.columns[4:]} == {pl.Float32}
    assert [name for name in WHOLE.columns if name.startswith("norm_")] == [
        f"norm_{name}" for name in PROFILE.sensor_names
    ]
    assert tuple(WHOLE.columns[25:]) == feature_names(GRAPH)
    assert feature_names(GRAPH)[-len(TRUST) :] == TRUST
    assert feature_names(GRAPH)[: len(FEATURES)] == tuple(f"life_{name}" for name in FEATURES)


def test_the_same_flights_give_the_same_graph_in_any_order() -> None:
    shuffled = SILVER.sample(fraction=1, shuffle=True, seed=1)
    assert fitted(shuffled).to_json() == GRAPH.to_json()
    assert features_of(GRAPH, shuffled).equals(WHOLE)


def test_a_graph_that_was_written_down_gives_the_same_features() -> None:
    assert features_of(TransformGraph.from_json(GRAPH.to_json()), SILVER).equals(WHOLE)


def test_every_regime_of_the_settings_is_found() -> None:
    assert len(GRAPH.centres) == 3
    assert len(fitted(fleet(regimes=1)).centres) == 1


@pytest.mark.parametrize("cut", [1, 2, 19, 40])
def test_what_comes_later_changes_no_earlier_row(cut: int) -> None:
    early = features_of(GRAPH, SILVER.filter(pl.col("cycle") <= cut))
    assert early.equals(WHOLE.filter(pl.col("cycle") <= cut))


def test_other_engines_change_no_row() -> None:
    alone = features_of(GRAPH, SILVER.filter(pl.col("engine") == "e-003"))
    assert alone.equals(WHOLE.filter(pl.col("engine") == "e-003"))


def test_engines_of_equal_name_in_two_fleets_are_two_engines() -> None:
    other = SILVER.filter(pl.col("engine") == "e-003").with_columns(pl.lit("G").alias("fleet"))
    both = features_of(GRAPH, pl.concat([SILVER, other]))
    assert both.filter(pl.col("fleet") == "F").equals(WHOLE)


def test_flights_after_a_failure_never_train() -> None:
    failed = failures(SILVER).with_columns(pl.col("failure_cycle") - 10)
    flights = history(lazy(SILVER), failed, MOST).flights
    assert flights["remaining"].min() == 0
    assert len(flights) == len(SILVER) - 10 * len(failed)


def test_engines_in_service_never_train() -> None:
    flights = history(lazy(SILVER), failures(SILVER).head(3), MOST).flights
    assert flights["engine"].n_unique() == 3


def test_of_a_large_fleet_whole_engines_are_sampled() -> None:
    lives = history(lazy(SILVER), failures(SILVER), len(SILVER) // 3)
    own = SILVER.join(lives.flights, on=["fleet", "engine"], how="semi")
    assert 0 < lives.engines < lives.failed == len(failures(SILVER))
    assert len(SILVER) // 3 <= len(lives.flights) == len(own)
    assert lives.about == {"sampled_engines": lives.engines, "failed_engines": lives.failed}


def test_without_a_failure_there_is_nothing_to_learn() -> None:
    with pytest.raises(NothingToLearnError):
        history(lazy(SILVER), failures(SILVER).head(0), MOST)


@pytest.mark.parametrize("engines", [1, 2])
def test_even_one_failed_engine_can_be_fitted(engines: int) -> None:
    silver = fleet(engines=engines)
    graph = fitted(silver)
    assert finite(features_of(graph, silver), graph)


def test_a_fleet_whose_sensors_say_nothing_has_finite_features() -> None:
    names = PROFILE.sensor_names
    for value in (None, 7.0):
        dull = SILVER.with_columns(pl.lit(value, dtype=pl.Float64).alias(n) for n in names)
        graph = fitted(dull)
        assert graph.kept == ()
        assert finite(features_of(graph, dull), graph)


def test_missing_columns_are_missing_values() -> None:
    few = SILVER.drop("sensor_3", "sensor_9", "setting_3")
    assert finite(features_of(fitted(few), few), fitted(few))
    assert finite(features_of(GRAPH, few))


WILD = st.sampled_from([None, 0.0, 1e30, -1e30, float("nan"), float("inf"), 300.0])


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_input_gives_a_feature_that_is_not_finite(data: st.DataObject) -> None:
    one = SILVER.filter(pl.col("engine") == "e-001")
    rows = data.draw(st.lists(st.integers(0, len(one) - 1), min_size=1, unique=True))
    wild = one[sorted(rows)].with_columns(
        pl.Series(name, [data.draw(WILD) for _ in rows], dtype=pl.Float64)
        for name in ("setting_1", "sensor_2", "sensor_3", "sensor_4")
    )
    found = features_of(GRAPH, wild)
    assert len(found) == len(rows)
    assert finite(found)
    norms = found.select(f"norm_{name}" for name in PROFILE.sensor_names)
    assert norms.select(pl.all().is_nan().any()).sum_horizontal().item() == 0
