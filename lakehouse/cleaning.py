"""What silver is: a function of the accepted deliveries and of people's corrections.

The pipeline writes it; a proof works it out again, from bronze, which nothing ever leaves.
"""

from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.profiles import Profile

KEY = ("fleet", "engine", "cycle")
CORRECTED = "corrected_"


def clean(
    readings: nw.LazyFrame[Any],
    deliveries: nw.LazyFrame[Any],
    profile: Profile,
    corrections: nw.LazyFrame[Any] | None = None,
) -> nw.LazyFrame[Any]:
    """Rows of silver/readings, in no order.

    Of several records of one flight the one of the earliest accepted delivery stays, within it
    the first line. A value that is missing, NaN or infinite becomes null and its column's name
    goes to ``flags``. Then a person's word outranks whichever record stayed: a withdrawn flight
    goes, a corrected value is replaced and flagged.

    Args:
        readings: rows of bronze/readings, of whole engines.
        deliveries: rows of bronze/deliveries; only the accepted ones count.
        profile: names the measured columns.
        corrections: as :func:`by_flight` gives them, None for none.
    """
    signals = profile.signal_names
    accepted = deliveries.filter(nw.col("state") == "accepted")
    rows = readings.join(accepted.select("delivery_id", "received_at"), on="delivery_id")
    order = ("received_at", "delivery_id", "line")
    kept = rows.unique(list(KEY), keep="first", order_by=list(order))
    usable = kept.with_columns(
        nw.when(nw.col(name).is_finite()).then(nw.col(name)).alias(name) for name in signals
    )
    corrected: list[str] = []
    if corrections is not None:
        said = corrections.collect_schema().names()
        corrected = [name for name in signals if f"{CORRECTED}{name}" in said]
        usable = _corrected(usable, corrections, corrected)
    flags = _flags(signals, corrected)
    return usable.select(*KEY, *_outranked(signals, corrected), flags.alias("flags"), "delivery_id")


def by_flight(standing: pl.DataFrame) -> pl.DataFrame | None:
    """What people's corrections make of each flight that they concern; None without any.

    Args:
        standing: rows of bronze/corrections that hold.

    Returns:
        fleet, engine, cycle, withdrawn (null or true), and ``corrected_<column>`` for each column
        that is corrected anywhere.
    """
    if standing.is_empty():
        return None
    values = standing.drop_nulls("column").with_columns(name=CORRECTED + pl.col("column"))
    wide = values.pivot("name", index=KEY, values="new_value", aggregate_function="last")
    gone = standing.filter(pl.col("column").is_null()).select(*KEY, withdrawn=pl.lit(True))
    return wide.join(gone, on=KEY, how="full", coalesce=True)


def _corrected(
    rows: nw.LazyFrame[Any], corrections: nw.LazyFrame[Any], columns: list[str]
) -> nw.LazyFrame[Any]:
    """Rows without the withdrawn flights, beside each what its values are corrected to."""
    names = [f"{CORRECTED}{name}" for name in columns]
    said = corrections.select(*KEY, "withdrawn", *names)
    return rows.join(said, on=list(KEY), how="left").filter(nw.col("withdrawn").is_null())


def _outranked(signals: tuple[str, ...], corrected: list[str]) -> list[nw.Expr]:
    """The signals, each a person's value where there is one."""

    def value(name: str) -> nw.Expr:
        word = nw.col(f"{CORRECTED}{name}")
        return nw.when(word.is_null()).then(nw.col(name)).otherwise(word).alias(name)

    return [value(name) if name in corrected else nw.col(name) for name in signals]


def _flags(signals: tuple[str, ...], corrected: list[str]) -> nw.Expr:
    """Names of the columns that are null or corrected, with commas between them."""

    def mark(name: str) -> nw.Expr:
        unusable = nw.when(nw.col(name).is_null()).then(nw.lit(f"{name},")).otherwise(nw.lit(""))
        if name not in corrected:
            return unusable
        said = ~nw.col(f"{CORRECTED}{name}").is_null()
        return nw.when(said).then(nw.lit(f"corrected:{name},")).otherwise(unusable)

    return nw.concat_str([mark(name) for name in signals]).str.strip_chars(",")
