"""Faults that a property test plants."""

import polars as pl

from tests.lakehouse.validation.series.fleets import SIGNALS


def at(engine: str, first: int, last: int) -> pl.Expr:
    """The flights of an engine from one cycle to another."""
    return (pl.col("engine") == engine) & pl.col("cycle").is_between(first, last)


def put(records: pl.DataFrame, where: pl.Expr, column: str, value: pl.Expr) -> pl.DataFrame:
    """Another value in some rows of a column."""
    changed = pl.when(where).then(value.cast(pl.Float64)).otherwise(pl.col(column))
    return records.with_columns(changed.alias(column))


def appended(records: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """More lines at the end of the file."""
    return pl.concat([records, rows.select(records.columns)]).with_columns(
        line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).cast(records.schema["line"])
    )


def second_life(records: pl.DataFrame, engine: str, other: str) -> pl.DataFrame:
    """An engine that starts again under its name, with the readings of another one."""
    life = records.filter(pl.col("engine") == other).with_columns(engine=pl.lit(engine))
    return appended(records, life)


def flown_at(records: pl.DataFrame, where: pl.Expr, settings: tuple[float, ...]) -> pl.DataFrame:
    """The same readings in another regime."""
    for name, value in zip(SIGNALS, settings, strict=False):
        records = put(records, where, name, pl.lit(value))
    return records
