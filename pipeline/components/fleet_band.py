"""Where the fleet's sensors lay at the same age: what one engine is drawn against."""

from typing import Any

import narwhals as nw

from lakehouse.profiles import Profile

Rows = nw.LazyFrame[Any]
SMOOTHED = 7
THIN = 0.95
QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
PLACE = ["fleet", "sensor", "cycle"]


def fleet_band(silver: Rows, features: Rows, profile: Profile) -> Rows:
    """The middle nine tenths of the fleet at each age, smoothed over a week of flights.

    Ages that only the longest-lived twentieth of all engines reached are left out: there a
    quantile would be one engine's noise.

    Args:
        silver: fleet, engine, cycle, settings, sensors.
        features: what the transform made of it: ``norm_<sensor>``.
        profile: names of the signals.

    Returns:
        fleet, sensor, cycle, p05, p50, p95, norm_p05, norm_p50, norm_p95; settings have no
        normalised band.
    """
    oldest = (
        silver.group_by("fleet", "engine")
        .agg(nw.col("cycle").max().alias("life"))
        .group_by("fleet")
        .agg(nw.col("life").quantile(THIN, "linear").alias("oldest"))
    )
    raw = _quantiles(silver, {name: name for name in profile.signal_names}, "")
    present = set(features.collect_schema().names())
    norms = {f"norm_{name}": name for name in profile.sensor_names if f"norm_{name}" in present}
    normalised = _quantiles(features, norms, "norm_")
    both = raw.join(normalised, on=PLACE, how="left").join(oldest, on="fleet")
    return both.filter(nw.col("cycle") <= nw.col("oldest")).drop("oldest")


def _quantiles(rows: Rows, names: dict[str, str], prefix: str) -> Rows:
    long = rows.select("fleet", "cycle", *(nw.col(n).cast(nw.Float64) for n in names)).rename(names)
    long = long.unpivot(
        list(names.values()), index=["fleet", "cycle"], variable_name="sensor", value_name="value"
    )
    value = nw.col("value")
    found = long.group_by(PLACE).agg(
        *(value.quantile(at, "linear").alias(name) for name, at in QUANTILES.items())
    )
    return found.select(
        *PLACE,
        *(
            nw.col(name)
            .rolling_mean(SMOOTHED, min_samples=1, center=True)
            .over("fleet", "sensor", order_by="cycle")
            .alias(f"{prefix}{name}")
            for name in QUANTILES
        ),
    )
