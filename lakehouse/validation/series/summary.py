"""From hits to findings: few enough to read, complete in their counts."""

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.finding import Finding
from lakehouse.validation.series.flights import HITS

# One engine is told of up to so many spans of one fault, then of all of them in one sentence.
SPANS = 5
# So many engines are told by name, more in one sentence.
ENGINES = 10
# A fault of more columns than this in the same flights is one of the rows.
COLUMNS = 5
_NAMED = 5

_FAULT = ["severity", "type", "column", "limit_id"]


def summary(hits: pl.DataFrame, engines: int, profile: Profile) -> tuple[Finding, ...]:
    """Findings, errors first.

    Args:
        hits: what the checks of all engines answered.
        engines: how many engines were delivered.
        profile: what a machine is called.
    """
    rows = _by_engine(_across_columns(_confirmed(hits, engines, profile)))
    alike = rows.with_columns(
        pl.col("engine").n_unique().over(_FAULT).alias("engines"),
        pl.col("whole").all().over(_FAULT).alias("all_whole"),
    )
    everywhere = (pl.col("engines") == engines) & (engines > 1) & pl.col("all_whole")
    many = (pl.col("engines") > ENGINES) | everywhere
    together = _of_fleet(alike.filter(many), engines, profile)
    rows = pl.concat([together, alike.filter(~many).select(*HITS)])
    order = rows.sort(
        "severity", "type", "column", "engine", "first_cycle", "limit_id", nulls_last=False
    )
    names = [
        "severity",
        "type",
        "detail",
        "column",
        "engine",
        "first_cycle",
        "last_cycle",
        "limit_id",
    ]
    return tuple(Finding(**row) for row in order.select(names).iter_rows(named=True))


def _confirmed(hits: pl.DataFrame, engines: int, profile: Profile) -> pl.DataFrame:
    """A change of unit of engines that brought few flights only counts when it is common.

    One reading at a time, as in a stream, cannot tell a wrong unit from a wrong reading.
    """
    unit = pl.col("type") == "unit_change"
    short = unit & (pl.col("rows") < profile.series.shift_cycles)
    rows = pl.col("rows").filter(unit).sum().over("column")
    spread = pl.col("engine").filter(unit).n_unique().over("column")
    common = (rows >= profile.series.shift_cycles) & (2 * spread >= engines)
    doubt = short & ~common
    return hits.with_columns(
        pl.when(doubt).then(pl.lit("warning")).otherwise(pl.col("severity")).alias("severity"),
        pl.when(doubt).then(pl.lit("out_of_range")).otherwise(pl.col("type")).alias("type"),
    )


def _across_columns(hits: pl.DataFrame) -> pl.DataFrame:
    """Many columns with the same fault in the same flights become one row without a column."""
    same = ["severity", "type", "engine", "first_cycle", "last_cycle"]
    counted = hits.with_columns(pl.col("column").n_unique().over(same).alias("columns"))
    wide = (pl.col("columns") > COLUMNS) & pl.col("limit_id").is_null()
    merged = (
        counted.filter(wide)
        .group_by(same, maintain_order=True)
        .agg(
            pl.col("rows").max(),
            pl.col("whole").all(),
            pl.format("{} columns: {}", pl.len(), pl.col("detail").first()).first().alias("detail"),
        )
        .with_columns(column=pl.lit(None, pl.String), limit_id=pl.lit(None, pl.String))
    )
    return pl.concat([counted.filter(~wide).select(*HITS), merged.select(*HITS)])


def _by_engine(hits: pl.DataFrame) -> pl.DataFrame:
    """Many spans of one engine become one from the first to the last."""
    each = [*_FAULT, "engine"]
    counted = hits.with_columns(pl.len().over(each).alias("spans"))
    many = pl.col("spans") > SPANS
    merged = (
        counted.filter(many)
        .group_by(each, maintain_order=True)
        .agg(
            pl.col("first_cycle").min(),
            pl.col("last_cycle").max(),
            pl.col("rows").sum(),
            pl.col("whole").all(),
            pl.format(
                "{} times, {} flights in all; the first: {}",
                pl.len(),
                pl.col("rows").sum(),
                pl.col("detail").sort_by("first_cycle").first(),
            )
            .first()
            .alias("detail"),
        )
    )
    return pl.concat([counted.filter(~many).select(*HITS), merged.select(*HITS)])


def _of_fleet(rows: pl.DataFrame, engines: int, profile: Profile) -> pl.DataFrame:
    """The same fault of many engines as one row without an engine."""
    ordered = rows.sort("engine", "first_cycle")
    names = pl.col("engine").unique(maintain_order=True).head(_NAMED).str.join(", ")
    count = pl.col("engine").n_unique()
    more = pl.when(count > _NAMED).then(pl.lit(" and others")).otherwise(pl.lit(""))
    return (
        ordered.group_by(_FAULT, maintain_order=True)
        .agg(
            pl.col("first_cycle").min(),
            pl.col("last_cycle").max(),
            pl.col("rows").sum(),
            pl.col("whole").all(),
            pl.format(
                f"{{}} of {engines:,} {profile.machine}s ({{}}{{}}),"
                " {} flights in all; {}: {}",
                count,
                names,
                more,
                pl.col("rows").sum(),
                pl.col("engine").first(),
                pl.col("detail").first(),
            )
            .first()
            .alias("detail"),
        )
        .with_columns(engine=pl.lit(None, pl.String))
        .select(*HITS)
    )
