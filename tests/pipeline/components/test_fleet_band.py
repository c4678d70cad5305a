"""The band of a fleet: quantiles of each age, smoothed, without the ages of a few old engines."""

import numpy as np
import polars as pl
import pytest

from pipeline.components.fleet_band import fleet_band, quantiles

LIVES = {f"e{number}": 10 + number for number in range(20)}


@pytest.fixture
def flights() -> pl.DataFrame:
    """Twenty engines of 10 to 29 cycles; a null now and then."""
    chance = np.random.default_rng(1)
    parts = [
        pl.DataFrame({"cycle": range(1, life + 1)}).with_columns(
            fleet=pl.lit("F"), engine=pl.lit(engine), s=pl.Series(chance.normal(size=life))
        )
        for engine, life in LIVES.items()
    ]
    rows = pl.concat(parts)
    return rows.with_columns(s=pl.when(pl.col("cycle") == 3).then(None).otherwise("s"))


def lives(flights: pl.DataFrame) -> pl.DataFrame:
    return flights.group_by("fleet", "engine").agg(life=pl.col("cycle").max())


def test_quantiles_are_those_of_the_engines_at_that_age(flights: pl.DataFrame) -> None:
    """As numpy tells them; an age without a value has none."""
    told = quantiles(flights).sort("cycle")
    assert told.columns == ["fleet", "cycle", "p05_s", "p50_s", "p95_s"]
    for cycle, *found in told.drop("fleet").iter_rows():
        values = flights.filter(pl.col("cycle") == cycle)["s"].drop_nulls().to_numpy()
        wanted = np.quantile(values, [0.05, 0.5, 0.95]) if len(values) else [None] * 3
        assert found == pytest.approx(list(wanted)), cycle


def test_the_band_is_smoothed_and_ends_where_only_a_twentieth_flew(flights: pl.DataFrame) -> None:
    """The mean of seven ages around each one; settings have no normalised band."""
    raw = quantiles(flights)
    normalised = quantiles(flights.select("fleet", "engine", "cycle", norm_s=2 * pl.col("s")))
    both = quantiles(flights.with_columns(setting=1.0))
    band = fleet_band(lives(flights), both, normalised)
    of = {name: band.filter(pl.col("sensor") == name) for name in ("s", "setting")}
    assert band["cycle"].max() == int(np.quantile(list(LIVES.values()), 0.95))
    middle = raw.sort("cycle")["p50_s"].to_list()
    around = [value for value in middle[7:14] if value is not None]
    (row,) = of["s"].filter(pl.col("cycle") == 11).iter_rows(named=True)
    assert row["p50"] == pytest.approx(np.mean(around))
    assert row["norm_p50"] == pytest.approx(2 * row["p50"])
    assert of["setting"]["p05"].unique().to_list() == [1.0]
    assert of["setting"]["norm_p05"].null_count() == of["setting"].height


def test_without_a_normalised_sensor_there_is_a_band_all_the_same(flights: pl.DataFrame) -> None:
    bare = quantiles(flights.select("fleet", "engine", "cycle"))
    band = fleet_band(lives(flights), quantiles(flights), bare)
    assert band["norm_p50"].null_count() == band.height > 0
