"""Which engines have failed, when, by what was delivered and what people said.

A person's newest word outranks what history says. An overhaul or a removal is no failure and gives
no label; a retraction gives the question back to history.
"""

import polars as pl

SPOKEN = ("reported", "overhaul", "removal", "retracted")


def failed_engines(failures: pl.DataFrame, accepted: pl.Series) -> pl.DataFrame:
    """Failed engines with the cycle of their failure.

    Args:
        failures: bronze/failures.
        accepted: delivery_id of accepted deliveries; history of others does not count.

    Returns:
        fleet, engine, failure_cycle, origin (history or reported); one row an engine, sorted.
    """
    engine = ["fleet", "engine"]
    spoken = (
        failures.filter(pl.col("origin").is_in(SPOKEN))
        .sort("reported_at", "run_id")
        .unique(engine, keep="last", maintain_order=True)
    )
    reported = spoken.filter(pl.col("origin") == "reported")
    silenced = spoken.filter(pl.col("origin") != "retracted")
    history = (
        failures.filter(
            (pl.col("origin") == "history") & pl.col("delivery_id").is_in(accepted.implode())
        )
        .group_by(engine)
        .agg(pl.col("cycle").max(), pl.lit("history").alias("origin"))
        .join(silenced, on=engine, how="anti")
    )
    columns = [*engine, pl.col("cycle").alias("failure_cycle"), "origin"]
    return pl.concat([history.select(columns), reported.select(columns)]).sort(engine)
