"""The time-series checks on any table that holds flights, before anything of it is taken in."""

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.finding import Finding
from lakehouse.validation.series.check import Known, check, usual

# A table with fewer of the profile's signals is about something else.
LEAST_SHARE = 0.5


def series_findings(
    table: pl.DataFrame, history: pl.DataFrame | None, profile: Profile
) -> tuple[Finding, ...]:
    """What is odd about the flights of a table; nothing where it holds none.

    Args:
        table: engine, cycle and at least half of the profile's signals; other columns are ignored.
        history: a table of the same kind that shows what is normal.
        profile: signals, ranges and rules.
    """
    records = flights_of(table, profile)
    if records is None:
        return ()
    known = None if history is None else flights_of(history, profile)
    return check(records, Known(fleet=None if known is None else usual(known, profile)), profile)


def flights_of(table: pl.DataFrame, profile: Profile) -> pl.DataFrame | None:
    """The rows of a table as records: engine, cycle, line and the signals; None if it has none.

    What is no number where one belongs becomes null; rows without engine or cycle are left out,
    other checks tell of both.
    """
    names = [name for name in profile.signal_names if name in table.columns]
    keyed = {"engine", "cycle"} <= set(table.columns)
    if not keyed or len(names) < LEAST_SHARE * len(profile.signal_names):
        return None
    missing = [name for name in profile.signal_names if name not in names]
    rows = table.select(
        pl.col("engine").cast(pl.String),
        pl.col("cycle").cast(pl.Int64, strict=False),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in names),
        *(pl.lit(None, pl.Float64).alias(name) for name in missing),
        line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
    ).drop_nulls(["engine", "cycle"])
    return None if rows.is_empty() else rows
