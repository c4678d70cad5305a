"""The limits that people set."""

import polars as pl

from lakehouse.validation.series.flights import hits, number, regime_name, runs, together
from lakehouse.validation.series.ground import Ground


def limits(frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Fresh readings beyond a limit, as hits.

    A limit asks for attention and says nothing about the data's truth: always a warning.

    Args:
        frame: rows of ``flights.flights`` with ``delivered``.
        ground: the limits.
    """
    return together([_limit(frame, row, ground) for row in ground.limits.iter_rows(named=True)])


def _limit(frame: pl.DataFrame, row: dict[str, object], ground: Ground) -> pl.DataFrame:
    name, low, high = str(row["sensor"]), row["low"], row["high"]
    if name not in ground.profile.signal_names:
        return together([])
    value = pl.col(name)
    # Missing sides of a limit compare to null, which is no breach.
    beyond = (value < pl.lit(low, pl.Float64)).fill_null(False) | (
        value > pl.lit(high, pl.Float64)
    ).fill_null(False)
    mine = frame.filter(pl.col("fresh") & beyond)
    if row["regime"] is not None:
        wanted = [
            n
            for n in mine["regime"].drop_nulls().unique().to_list()
            if regime_name(n, ground.profile) == row["regime"]
        ]
        mine = mine.filter(pl.col("regime").is_in(wanted))
    told = runs(mine, value.min().alias("least"), value.max().alias("most"))
    allowed = f"{'-∞' if low is None else low} to {'∞' if high is None else high}"
    text = pl.format(
        f"reads {{}} to {{}} where {allowed} is allowed", number("least"), number("most")
    )
    return hits(told, "limit", text, name, "warning", str(row["limit_id"]))
