"""Where the fleet's sensors lay at the same age: what one engine is drawn against."""

import polars as pl

SMOOTHED = 7
THIN = 0.95
QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
PLACE = ["fleet", "sensor", "cycle"]
_KEY = {"fleet": pl.String(), "sensor": pl.String(), "cycle": pl.Int64()}
_NONE = pl.DataFrame(schema=_KEY | dict.fromkeys(QUANTILES, pl.Float64()))


def quantiles(flights: pl.DataFrame) -> pl.DataFrame:
    """The quantiles of every signal at each age.

    Args:
        flights: fleet, engine, cycle and signals, of whole ages.

    Returns:
        fleet, cycle and ``<quantile>_<signal>`` (float64).
    """
    signals = [name for name in flights.columns if name not in ("fleet", "engine", "cycle")]
    return flights.group_by("fleet", "cycle").agg(
        pl.col(signal).cast(pl.Float64).quantile(at, "linear").alias(f"{name}_{signal}")
        for signal in signals
        for name, at in QUANTILES.items()
    )


def fleet_band(lives: pl.DataFrame, raw: pl.DataFrame, normalised: pl.DataFrame) -> pl.DataFrame:
    """The middle nine tenths of the fleet at each age, smoothed over a week of flights.

    Ages that only the longest-lived twentieth of all engines reached are left out: there a
    quantile would be one engine's noise.

    Args:
        lives: fleet, engine and ``life``, its newest cycle.
        raw: :func:`quantiles` of settings and sensors.
        normalised: the same of ``norm_<sensor>``.

    Returns:
        fleet, sensor, cycle, p05, p50, p95, norm_p05, norm_p50, norm_p95; settings have no
        normalised band.
    """
    oldest = lives.group_by("fleet").agg(oldest=pl.col("life").quantile(THIN, "linear"))
    norms = _smoothed(normalised, "norm_").rename({name: f"norm_{name}" for name in QUANTILES})
    both = _smoothed(raw, "").join(norms, on=PLACE, how="left").join(oldest, on="fleet")
    return both.filter(pl.col("cycle") <= pl.col("oldest")).drop("oldest").sort(PLACE)


def _smoothed(found: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """One row a fleet, signal and age; names of signals without ``prefix``."""
    first = next(iter(QUANTILES))
    starts = f"{first}_{prefix}"
    signals = [name.removeprefix(starts) for name in found.columns if name.startswith(starts)]
    parts = [
        found.select(
            "fleet",
            pl.lit(signal).alias("sensor"),
            "cycle",
            *(pl.col(f"{name}_{prefix}{signal}").alias(name) for name in QUANTILES),
        )
        for signal in signals
    ]
    ages = pl.concat([_NONE, *parts]).sort(PLACE)
    mean = pl.col(*QUANTILES).rolling_mean(SMOOTHED, min_samples=1, center=True)
    return ages.with_columns(mean.over("fleet", "sensor"))
