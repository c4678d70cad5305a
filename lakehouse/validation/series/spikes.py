"""Single readings far from their neighbours in the same regime."""

from collections.abc import Sequence

import polars as pl


def spikes(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Which readings leave both their neighbours, to the same side, by more than noise does.

    Neighbours are the flights of the same engine in the same regime before and after; the first
    and the last flight have two on one side, so that the newest reading is judged at once. A
    level that stays is no spike.

    Args:
        frame: rows of ``flights.flights`` joined with ``Ground.normal``.
        names: the sensors to look at.

    Returns:
        ``row`` and a truth value for each sensor, only rows that hold one.
    """
    ordered = frame.sort("engine", "regime", "row").with_columns(
        pl.struct("engine", "regime").rle_id().alias("_group")
    )
    marks = ordered.select("row", "fresh", *(_leaves(name).alias(name) for name in names))
    return marks.filter(pl.col("fresh") & pl.any_horizontal(names)).drop("fresh").sort("row")


def _leaves(name: str) -> pl.Expr:
    left = pl.coalesce(_from(name, 1), _from(name, -2))
    right = pl.coalesce(_from(name, -1), _from(name, 2))
    far = pl.min_horizontal(left.abs(), right.abs())
    same_side = left.sign() == right.sign()
    return (same_side & (far > pl.col(f"{name}|spike"))).fill_null(False)


def _from(name: str, places: int) -> pl.Expr:
    """Difference to the reading some places before (behind, if negative) in the same regime."""
    same = pl.col("_group") == pl.col("_group").shift(places)
    known = pl.col("regime").is_not_null()
    return pl.when(same & known).then(pl.col(name) - pl.col(name).shift(places))
