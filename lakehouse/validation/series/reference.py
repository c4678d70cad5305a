"""What is normal in a fleet: per regime and column, from what each engine looks like by itself."""

from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.flights import flights

# The median of |difference of two readings| of normal noise with standard deviation 1.
_MEDIAN_DIFFERENCE = 0.9539

PORTRAIT = pl.Schema(
    {
        "fleet": pl.String,
        "engine": pl.String,
        "regime": pl.Int64,
        "column": pl.String,
        "rows": pl.Int64,
        "low": pl.Float64,
        "high": pl.Float64,
        "level": pl.Float64,
        "noise": pl.Float64,
        "repeats": pl.Float64,
    }
)


def portrait(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """What each engine's signals look like in each regime; a function of whole engines.

    Args:
        rows: fleet (may be missing), engine, cycle and the signals; ``line`` may be missing.
        profile: names the signals.

    Returns:
        fleet, engine, regime (number, see :func:`flights.regime`), column, rows, low, high, level
        (median), noise (standard deviation from one flight in the regime to the next, robust) and
        repeats (share of flights, in any regime, that read exactly what the one before read).
    """
    known = {"fleet": pl.lit(None, pl.String), "line": pl.lit(0, pl.Int64)}
    rows = rows.with_columns(
        value.alias(name) for name, value in known.items() if name not in rows.columns
    )
    fleets = rows.select("fleet").unique()["fleet"].to_list()
    parts = [
        _of_fleet(
            rows.filter(pl.col("fleet").eq_missing(pl.lit(fleet, pl.String))), profile
        ).with_columns(pl.lit(fleet, pl.String).alias("fleet"))
        for fleet in fleets
    ]
    typed = [pl.col(name).cast(kind) for name, kind in PORTRAIT.items()]
    return pl.concat([pl.DataFrame(schema=PORTRAIT), *(part.select(typed) for part in parts)])


def reference(portraits: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """What is normal for the engines of one fleet: the medians of their portraits.

    Medians over engines, so that less than half of the engines may be wrong.

    Args:
        portraits: rows of :func:`portrait`, on either engine.

    Returns:
        regime, column, engines, rows, low, high, level, noise, repeats.
    """
    return portraits.group_by("regime", "column").agg(
        nw.len().cast(nw.Int64).alias("engines"),
        nw.col("rows").sum().cast(nw.Int64).alias("rows"),
        *(nw.col(name).median() for name in ("low", "high", "level", "noise", "repeats")),
    )


def _of_fleet(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    frame = flights(rows, profile).drop_nulls("regime")
    names = profile.signal_names
    again = frame.group_by("engine").agg(
        (pl.col(name) == pl.col(name).shift()).mean().alias(f"{name}|repeats") for name in names
    )
    values = {
        "low": [pl.col(name).min() for name in names],
        "high": [pl.col(name).max() for name in names],
        "level": [pl.col(name).median() for name in names],
        "noise": [
            (pl.col(name).diff().abs().median() / _MEDIAN_DIFFERENCE).alias(name) for name in names
        ],
        "rows": [pl.col(name).count() for name in names],
    }
    grouped = frame.group_by("engine", "regime", maintain_order=True)
    wide = grouped.agg(
        expr.alias(f"{name}|{what}")
        for what, exprs in values.items()
        for name, expr in zip(names, exprs, strict=True)
    )
    wide = wide.join(again, on="engine", how="left", maintain_order="left")
    return pl.concat(
        wide.filter(pl.col(f"{name}|rows") > 0).select(
            "engine",
            "regime",
            pl.lit(name).alias("column"),
            *(pl.col(f"{name}|{what}").alias(what) for what in (*values, "repeats")),
        )
        for name in names
    )
