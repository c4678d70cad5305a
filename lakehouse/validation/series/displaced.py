"""Readings that are not where they should be: another unit, or out of every range."""

from collections.abc import Sequence

import polars as pl

from lakehouse.profiles import Signal
from lakehouse.validation.series.conversions import Conversion, conversions
from lakehouse.validation.series.flights import hits, number, runs, together
from lakehouse.validation.series.ground import Ground

# A change of unit has to explain this share of the displaced readings.
_EXPLAINED = 0.9
# Zero stays zero in most units, so part of the flights may look right.
_DENSE = 0.25
# An unknown factor is one factor only if it is the same, to this share, in all flights.
_STEADY = 0.05


def displaced(frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Which fresh readings leave the level of their regime, or the physical range.

    Where the fleet has flown in this regime before, its level decides. Else the physical range of
    the profile does, and the level of the other engines in the delivery.

    Args:
        frame: rows of ``flights.flights`` joined with ``Ground.normal``.
        ground: ranges.

    Returns:
        ``row`` and a truth value for each signal, only rows that hold one.
    """
    known = ~pl.col("own").fill_null(True)
    marks = []
    for signal in ground.profile.signals:
        impossible = _impossible(signal)
        if ground.foreign:
            impossible = pl.lit(False)
        if signal in ground.profile.settings:
            # Once regimes are known, a wrong setting is one that leads to no known regime.
            off = impossible if ground.regimes is None else pl.lit(False)
        else:
            away = _outside(
                signal.name, pl.col(f"{signal.name}|lower"), pl.col(f"{signal.name}|upper")
            )
            off = away | (impossible & ~known)
        marks.append((off & pl.col("fresh")).alias(signal.name))
    names = ground.profile.signal_names
    return frame.select("row", *marks).filter(pl.any_horizontal(names))


def shifted(off: pl.DataFrame, signal: Signal, ground: Ground) -> pl.DataFrame:
    """Changes of unit of one column, as hits, at most one an engine.

    Args:
        off: the displaced rows of one column, of ``flights.flights`` with ``delivered`` and joined
            with ``Ground.normal``.
        signal: the column.
        ground: what it should be.
    """
    spans = _spans(off, ground.profile.series.shift_cycles)
    if spans.is_empty():
        return together([])
    rows = _with_target(off.join(spans.select("engine"), on="engine", how="semi"), signal, ground)
    kinds = conversions(signal.unit)
    judged = rows.group_by("engine").agg(*_judgements(kinds))
    details = {
        str(row["engine"]): _said(row, kinds, signal) for row in judged.iter_rows(named=True)
    }
    told = spans.with_columns(
        pl.col("engine").replace_strict(details, return_dtype=pl.String).alias("said")
    ).drop_nulls("said")
    return hits(told, "unit_change", pl.col("said"), column=signal.name, severity="error")


def impossible(off: pl.DataFrame, signal: Signal) -> pl.DataFrame:
    """Displaced readings that no change of unit explains, as hits."""
    value = pl.col(signal.name)
    told = runs(off, value.min().alias("least"), value.max().alias("most"))
    told = told.with_columns(unit=pl.lit(f" {signal.unit}".rstrip()))
    text = pl.format(
        f"reads {{}} to {{}}{{}} where this fleet and such machines ({signal.low:g} to"
        f" {signal.high:g}) do not",
        number("least"),
        number("most"),
        "unit",
    )
    return hits(told, "out_of_range", text, column=signal.name)


def _spans(off: pl.DataFrame, least: int) -> pl.DataFrame:
    """From the first to the last displaced flight of each engine, where most lie close together."""
    spans = off.group_by("engine", maintain_order=True).agg(
        pl.col("cycle").first().alias("first_cycle"),
        pl.col("cycle").last().alias("last_cycle"),
        pl.len().cast(pl.Int64).alias("rows"),
        (pl.col("row").last() - pl.col("row").first() + 1).cast(pl.Int64).alias("between"),
        pl.col("delivered").first(),
    )
    every = pl.col("rows") >= pl.col("delivered")
    return spans.filter(
        ((pl.col("rows") >= least) | every) & (pl.col("rows") >= _DENSE * pl.col("between"))
    ).with_columns(whole=pl.col("between") >= 0.9 * pl.col("delivered"))


def _with_target(off: pl.DataFrame, signal: Signal, ground: Ground) -> pl.DataFrame:
    """``x`` and where it should be: ``low``, ``high``, ``level``; ``steady`` if level is known."""
    name = signal.name
    x = pl.col(name)
    if signal in ground.profile.settings:
        lower = upper = level = pl.lit(None, pl.Float64)
    else:
        lower, upper, level = (pl.col(f"{name}|{what}") for what in ("lower", "upper", "level"))
    # On a first delivery a whole column may be wrong, and with it what it says is normal.
    own = pl.col("own").fill_null(True) & _impossible(signal)
    physical = lower.is_null() | (own if not ground.foreign else pl.lit(False))
    middle = (signal.low + signal.high) / 2
    return off.select(
        "engine",
        x.alias("x"),
        pl.when(physical).then(pl.lit(signal.low)).otherwise(lower).alias("low"),
        pl.when(physical).then(pl.lit(signal.high)).otherwise(upper).alias("high"),
        pl.when(physical).then(pl.lit(middle)).otherwise(level).alias("level"),
        (~physical).alias("steady"),
    )


def _judgements(kinds: Sequence[Conversion]) -> list[pl.Expr]:
    found = []
    for index, kind in enumerate(kinds):
        right = kind.undone(pl.col("x"))
        fits = (right >= pl.col("low")) & (right <= pl.col("high"))
        misfit = (right - pl.col("level")).abs() / pl.col("level").abs()
        found += [fits.mean().alias(f"fits{index}"), misfit.median().alias(f"misfit{index}")]
    ratio = pl.col("x") / pl.col("level")
    spread = ((ratio - ratio.median()).abs().max() / ratio.median().abs()).alias("spread")
    moves = pl.col("x").n_unique() > 1
    return [
        *found,
        ratio.median().alias("ratio"),
        spread,
        moves.alias("moves"),
        pl.col("steady").all(),
    ]


def _said(row: dict[str, float], kinds: Sequence[Conversion], signal: Signal) -> str | None:
    """The change of unit in words, None when there was none."""
    fitting = [i for i in range(len(kinds)) if (row[f"fits{i}"] or 0.0) >= _EXPLAINED]
    if fitting:
        best = kinds[min(fitting, key=lambda i: row[f"misfit{i}"])]
        unit = signal.unit or "the unit of the contract"
        return f"reads like {best.name} where {unit} is expected"
    if row["steady"] and row["moves"] and row["spread"] <= _STEADY:
        return f"reads {row['ratio']:.4g} times what this fleet reads in the same regime"
    return None


def _impossible(signal: Signal) -> pl.Expr:
    return _outside(signal.name, pl.lit(signal.low), pl.lit(signal.high))


def _outside(name: str, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return ((pl.col(name) < low) | (pl.col(name) > high)).fill_null(False)
