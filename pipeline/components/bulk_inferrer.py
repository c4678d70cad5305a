"""BulkInferrer: what the live model says, issued once for an engine's newest cycle.

What was issued is never overwritten. What is said later of earlier cycles is a backfill, worked
out from the rows up to that cycle only.
"""

from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.digests import chained_digests
from lakehouse.profiles import Profile

Rows = nw.LazyFrame[Any]
ENGINE = ["fleet", "engine"]
ROW = [*ENGINE, "cycle"]
SAID = ["probability", "window_from", "window_to", "coverage", "rul"]
TREND_POINTS = 24
WHY_CYCLES = 10
WHY_DEVIATION = 1.0
# A flag that is a column's name alone: with a colon it is a value that a person corrected.
UNUSABLE = r"(^|,)[^:,]+(,|$)"


def changed_engines(before: Rows, after: Rows) -> Rows:
    """Engines of which any row came, went or changed between two versions of silver.

    Returns:
        fleet, engine, cycle (the first that differs); in no order.
    """
    columns = [name for name in after.collect_schema().names() if name != "delivery_id"]
    signed = [
        rows.select(*columns, nw.lit(sign).alias("_sign"))
        for rows, sign in ((before, -1), (after, 1))
    ]
    # Equal rows cancel out, nulls included: a group is one row with all its values.
    balance = nw.concat(signed).group_by(*columns).agg(nw.col("_sign").sum())
    differ = balance.filter(nw.col("_sign") != 0)
    return differ.group_by(*ENGINE).agg(nw.col("cycle").min())


def newest_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The row of each engine's highest cycle, sorted by engine."""
    return rows.sort(ROW).unique(ENGINE, keep="last", maintain_order=True)


def input_digests(silver: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """What each engine's newest prediction is made from: fleet, engine, cycle, input_digest."""
    return newest_rows(chained_digests(silver, profile))


def to_issue(
    said: pl.DataFrame, digests: pl.DataFrame, model_id: str, known: pl.DataFrame
) -> pl.DataFrame:
    """Predictions that have not been issued yet.

    Args:
        said: fleet, engine, cycle and what the model says of the newest cycles.
        digests: as :func:`input_digests` gives them, of engines in service.
        model_id: the live model.
        known: gold/predictions.
    """
    key = [*ROW, "model_id", "input_digest"]
    rows = said.join(digests, on=ROW).with_columns(pl.lit(model_id).alias("model_id"))
    return rows.join(known.select(key), on=key, how="anti").sort(ROW)


def mark(said: pl.DataFrame, in_service: pl.DataFrame, taught: pl.DataFrame) -> pl.DataFrame:
    """Tell the newest cycles of engines in service from earlier ones.

    Args:
        said: fleet, engine, cycle and what the model says.
        in_service: fleet, engine, cycle (the newest) of engines in service.
        taught: fleet, engine of the engines that the model learned from.

    Returns:
        ``said`` with ``newest`` (what may be issued; all else is backfill) and ``in_training``.
    """
    newest = in_service.select(*ROW, pl.lit(True).alias("newest"))
    marked = taught.select(*ENGINE, pl.lit(True).alias("in_training"))
    rows = said.join(newest, on=ROW, how="left").join(marked, on=ENGINE, how="left")
    return rows.with_columns(pl.col("newest", "in_training").fill_null(False))


def standing(
    issued: pl.DataFrame, digests: pl.DataFrame, model_id: str, before: pl.DataFrame
) -> pl.DataFrame:
    """What is said of each engine now: of those that changed, the prediction of their rows.

    Not simply the newest one: rows that were corrected and then given back say what they said
    first, and nothing is issued twice.

    Args:
        issued: gold/predictions of the engines that changed.
        digests: as :func:`input_digests` gives them, of these engines.
        model_id: the live model.
        before: the same as this gives, before the change; it stands for the others.
    """
    key = [*ROW, "input_digest"]
    now = issued.filter(pl.col("model_id") == model_id).join(digests, on=key, how="semi")
    others = before.join(now, on=ENGINE, how="anti")
    return pl.concat([others, now.select(others.columns)], how="vertical_relaxed").sort(ENGINE)


def trends(said: pl.DataFrame) -> pl.DataFrame:
    """The course of the probability over each engine's life, as 24 percentages.

    Args:
        said: fleet, engine, cycle, probability; issued and backfilled.

    Returns:
        fleet, engine, trend (text with commas).
    """
    rows = said.sort(ROW).with_columns(
        place=(pl.int_range(pl.len()).over(ENGINE) * TREND_POINTS // pl.len().over(ENGINE))
    )
    points = rows.group_by([*ENGINE, "place"], maintain_order=True).agg(
        (pl.col("probability").max() * 100).round(0).cast(pl.Int64).cast(pl.String)
    )
    return points.group_by(ENGINE, maintain_order=True).agg(
        pl.col("probability").str.join(",").alias("trend")
    )


def reasons(features: pl.DataFrame, band: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The sensors that lie furthest from the fleet's median at the same age, in words.

    Args:
        features: fleet, engine, cycle, ``norm_<sensor>``.
        band: gold/fleet_band of the same transform.
        profile: symbols of the sensors.

    Returns:
        fleet, engine, why; engines without a deviation above one standard deviation are left out.
    """
    symbols = {sensor.name: sensor.symbol for sensor in profile.sensors}
    last = features.sort(ROW).group_by(ENGINE, maintain_order=True).tail(WHY_CYCLES)
    norms = [name for name in symbols if f"norm_{name}" in last.columns]
    long = last.select(*ROW, *(pl.col(f"norm_{name}").alias(name) for name in norms)).unpivot(
        norms, index=ROW, variable_name="sensor", value_name="norm"
    )
    middle = band.select("sensor", "cycle", "norm_p50")
    oldest = (
        middle.sort("cycle")
        .unique("sensor", keep="last")
        .select("sensor", pl.col("norm_p50").alias("oldest"))
    )
    far = (
        long.join(middle, on=["sensor", "cycle"], how="left")
        .join(oldest, on="sensor", how="left")
        .with_columns(off=pl.col("norm") - pl.coalesce("norm_p50", "oldest", pl.lit(0.0)))
        .group_by(*ENGINE, "sensor")
        .agg(pl.col("off").mean())
        .filter(pl.col("off").abs() >= WHY_DEVIATION)
        .sort(*ENGINE, pl.col("off").abs(), "sensor", descending=[False, False, True, False])
        .group_by(ENGINE, maintain_order=True)
        .head(2)
    )
    arrow = pl.when(pl.col("off") > 0).then(pl.lit(" ↑ ")).otherwise(pl.lit(" ↓ "))
    size = pl.col("off").abs().round(1).cast(pl.String) + "σ"
    words = pl.col("sensor").replace_strict(symbols, return_dtype=pl.String) + arrow + size
    return far.group_by(ENGINE, maintain_order=True).agg(words.str.join(", ").alias("why"))


def data_status(
    silver: pl.DataFrame, deliveries: pl.DataFrame, blocked: pl.DataFrame
) -> pl.DataFrame:
    """Whether an engine's rows are whole: ok, warning for gaps and unusable values, or blocked.

    Args:
        silver: rows of silver/readings, of whole engines.
        deliveries: delivery_id, received_at, simulated of the fleet.
        blocked: fleet, engine of which newer records wait for a person's decision.

    Returns:
        fleet, engine, cycle (the newest), cycles_seen, data_status, last_received_at, simulated.
    """
    arrived = deliveries.select("delivery_id", "received_at", "simulated")
    return (
        silver.join(arrived, on="delivery_id", how="left")
        .sort(ROW)
        .group_by(ENGINE, maintain_order=True)
        .agg(
            pl.col("cycle").last(),
            pl.len().cast(pl.Int64).alias("cycles_seen"),
            (pl.col("cycle").max() - pl.col("cycle").min() + 1 != pl.len()).alias("gap"),
            pl.col("flags").fill_null("").str.contains(UNUSABLE).any().alias("flagged"),
            pl.col("received_at").max().alias("last_received_at"),
            pl.col("simulated").any(),
        )
        .join(blocked.select(*ENGINE, waits=pl.lit(True)), on=ENGINE, how="left")
        .with_columns(
            pl.when(pl.col("waits"))
            .then(pl.lit("blocked"))
            .when(pl.col("gap") | pl.col("flagged"))
            .then(pl.lit("warning"))
            .otherwise(pl.lit("ok"))
            .alias("data_status")
        )
        .drop("gap", "flagged", "waits")
    )


def engine_status(
    engines: pl.DataFrame, failed: pl.DataFrame, issued: pl.DataFrame, extras: list[pl.DataFrame]
) -> pl.DataFrame:
    """Where every engine stands, one row each.

    Args:
        engines: as :func:`data_status` gives it.
        failed: fleet, engine, failure_cycle.
        issued: what was issued last of each engine.
        extras: further columns by fleet and engine: trend, why.
    """
    names = ["window_from", "window_to", "coverage", "rul", "model_id", "predicted_at", "run_id"]
    said = issued.select(*ENGINE, pl.col("cycle").alias("said_at"), "probability", *names)
    gone = failed.select(*ENGINE, "failure_cycle")
    status = engines.join(gone, on=ENGINE, how="left").join(said, on=ENGINE, how="left")
    for extra in extras:
        status = status.join(extra, on=ENGINE, how="left")
    failure = pl.col("failure_cycle")
    state = pl.when(failure.is_null()).then(pl.lit("in_service")).otherwise(pl.lit("failed"))
    return status.with_columns(state.alias("state"), failure.alias("failed_at")).drop(
        "failure_cycle"
    )
