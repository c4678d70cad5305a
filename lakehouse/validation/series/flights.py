"""The flights of whole engines as every check sees them, and what a check answers with."""

from collections.abc import Sequence

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.finding import Severity

KEY = ("engine", "cycle")

# What a check answers with: one row for each run of flights of one engine with one fault.
HITS: dict[str, pl.DataType | type[pl.DataType]] = {
    "severity": pl.String,
    "type": pl.String,
    "column": pl.String,
    "engine": pl.String,
    "first_cycle": pl.Int64,
    "last_cycle": pl.Int64,
    "rows": pl.Int64,
    "whole": pl.Boolean,  # every delivered flight of the engine has it
    "limit_id": pl.String,
    "detail": pl.String,
}

# A regime's number holds the rounded settings, each in so many bits.
_BASE = 1 << 18


def no_hits() -> pl.DataFrame:
    """Nothing found."""
    return pl.DataFrame(schema=HITS)


def together(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The hits of several checks."""
    found = [part for part in parts if part.height]
    return pl.concat(found) if found else no_hits()


def flights(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """One row for each flight, in order: the record that silver keeps, its regime, its place.

    Args:
        rows: engine, cycle, line and the signals; ``line`` is null for a flight that silver has.
        profile: names the signals.

    Returns:
        engine, cycle, ``fresh`` (delivered now), the signals (null where unusable), ``regime``
        (see :func:`regime`) and ``row`` (from 0).
    """
    kept = (
        usable(rows, profile)
        .sort(*KEY, "line", nulls_last=False, maintain_order=True)
        .unique(KEY, keep="first", maintain_order=True)
    )
    return kept.select(
        *KEY,
        pl.col("line").is_not_null().alias("fresh"),
        *profile.signal_names,
        regime(profile).alias("regime"),
    ).with_row_index("row")


def usable(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The rows with null where a signal is NaN or infinite, as silver has it."""
    return rows.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in profile.signal_names
    )


def regime(profile: Profile) -> pl.Expr:
    """Number of the operating regime: the rounded settings in one integer, null without them."""
    number = pl.lit(0, pl.Int64)
    for name, step in zip(profile.setting_names, profile.series.setting_steps, strict=True):
        number = number * _BASE + cell(pl.col(name), step)
    return number


def cell(setting: pl.Expr, step: float) -> pl.Expr:
    """One rounded setting, as the non-negative integer that :func:`regime` holds."""
    half = _BASE // 2
    return (setting / step).round().clip(-half + 1, half - 2).cast(pl.Int64, strict=False) + half


def cells(number: int, profile: Profile) -> tuple[int, ...]:
    """The rounded settings of a regime, in steps."""
    found = []
    for _ in profile.settings:
        number, rest = divmod(number, _BASE)
        found.append(rest - _BASE // 2)
    return tuple(reversed(found))


def regime_name(number: int, profile: Profile) -> str:
    """The rounded settings in words, as ``35/0.85/100``."""
    steps = profile.series.setting_steps
    return "/".join(f"{n * s:g}" for n, s in zip(cells(number, profile), steps, strict=True))


def runs(frame: pl.DataFrame, *also: pl.Expr, over: Sequence[str] = ()) -> pl.DataFrame:
    """Runs of neighbouring flights.

    Args:
        frame: some of the rows of :func:`flights`, in order, with ``delivered`` (how many flights
            of the engine were delivered).
        also: what else to say of each run.
        over: further columns that must be the same within a run.

    Returns:
        engine, first_cycle, last_cycle, rows, whole and what ``also`` says.
    """
    place = pl.col("row").cast(pl.Int64)
    together_while = place - place.rank("ordinal").over("engine", *over).cast(pl.Int64)
    return (
        frame.with_columns(together_while.alias("_run"))
        .group_by("engine", "_run", *over, maintain_order=True)
        .agg(
            pl.col("cycle").first().alias("first_cycle"),
            pl.col("cycle").last().alias("last_cycle"),
            pl.len().cast(pl.Int64).alias("rows"),
            (pl.col("fresh").sum() >= pl.col("delivered").first()).alias("whole"),
            pl.col("fresh").any().alias("_fresh"),
            *also,
        )
        # What only touches flights that silver has was told when these came.
        .filter("_fresh")
        .drop("_run", "_fresh")
    )


def hits(  # noqa: PLR0913, PLR0917  one argument for each column of the answer
    found: pl.DataFrame,
    kind: str,
    detail: pl.Expr,
    column: str | None = None,
    severity: Severity = "warning",
    limit_id: str | None = None,
) -> pl.DataFrame:
    """The rows of :func:`runs` as a check answers with them."""
    given: dict[str, pl.Expr] = {
        "severity": pl.lit(severity),
        "type": pl.lit(kind),
        "column": pl.lit(column, pl.String),
        "limit_id": pl.lit(limit_id, pl.String),
        "detail": detail,
    }
    return found.select(
        given.get(name, pl.col(name)).cast(kind_).alias(name) for name, kind_ in HITS.items()
    )


def number(name: str, digits: int = 6) -> pl.Expr:
    """A number for a sentence."""
    return pl.col(name).round_sig_figs(digits).cast(pl.String)
