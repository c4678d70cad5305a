"""Read model of one anomaly: what it is about, the rows that show it, the course of its column."""

import logging
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.queries import anomalies, deliveries, limits
from app.queries.anomalies import Anomaly
from app.queries.deliveries import Delivery
from app.queries.limits import Limit
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned
from lakehouse.tables import READINGS

_LOG = logging.getLogger(__name__)
SILVER = "silver/readings"
AROUND = 3
MOST_ROWS = 200
ENGINES = 5
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Finding:
    """An anomaly with the delivery that it is about and the limit that it broke."""

    anomaly: Anomaly
    delivery: Delivery | None
    limit: Limit | None


@dataclass(frozen=True)
class Share:
    """What one engine brought of a column that is odd in several engines."""

    engine: str
    rows: int
    missing: int
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class Course:
    """One column of one engine over its life.

    Attributes:
        cycle: flights that silver has.
        values: what it reads there, NaN where unusable.
        brought_cycle: flights that only the delivery has.
        brought: what it reads there.
    """

    cycle: Ints
    values: Floats
    brought_cycle: Ints
    brought: Floats


@dataclass(frozen=True, eq=False)
class Evidence:
    """The rows that show an anomaly.

    Attributes:
        engine: whose rows they are, None when the delivery has none.
        shares: the engines that the anomaly is about, the worst first; none when it names one.
        engines: how many engines the delivery has, 0 when the anomaly names one.
        columns: what the rows show, the odd column first.
        rows: line, cycle and the columns, as delivered.
        left_out: rows of the span that are not listed.
        version: the version of bronze/readings that was read.
        course: the column over the engine's life, None when no signal is meant.
    """

    engine: str | None
    shares: tuple[Share, ...]
    engines: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    left_out: int
    version: int | None
    course: Course | None


def finding(pinned: Pinned, anomaly_id: str) -> Finding | None:
    """An anomaly and what it is about, None when there is none of that name."""
    anomaly = anomalies.one(pinned, anomaly_id)
    if anomaly is None:
        return None
    delivery = deliveries.one(pinned, anomaly.delivery_id) if anomaly.delivery_id else None
    limit = limits.one(pinned, anomaly.limit_id) if anomaly.limit_id else None
    return Finding(anomaly, delivery, limit)


def evidence(pinned: Pinned, profile: Profile, of: Finding, engine: str = "") -> Evidence:
    """The rows that show an anomaly, of the version that was looked at.

    Args:
        pinned: the lake.
        profile: which columns are signals.
        of: the anomaly.
        engine: whose rows, where it is about several; empty for the worst.
    """
    version = of.anomaly.table_version
    try:
        return _evidence(pinned, profile, of, (engine, version))
    except Exception:
        if version is None:
            raise
        # Bronze only grows, so a newer version holds the same rows when the old one is gone.
        _LOG.exception("bronze/readings v%s cannot be read any more", version)
        return _evidence(pinned, profile, of, (engine, pinned.version(READINGS.name)))


def _evidence(
    pinned: Pinned, profile: Profile, of: Finding, which: tuple[str, int | None]
) -> Evidence:
    anomaly, (engine, version) = of.anomaly, which
    lake = pinned.lake
    table = lake.empty(READINGS.name) if version is None else lake.scan(READINGS.name, version)
    mine = (nw.col("fleet") == anomaly.fleet, nw.col("delivery_id") == anomaly.delivery_id)
    brought = table.filter(*mine)
    column = anomaly.column if anomaly.column in profile.signal_names else None
    shares: tuple[Share, ...] = ()
    if anomaly.engine is None:
        shares = _shares(brought, column)
        named = [share.engine for share in shares]
        engine = engine if engine in named else next(iter(named), "")
    else:
        engine = anomaly.engine
    rows = _native(brought.filter(nw.col("engine") == engine)).sort("cycle", "line")
    columns = _columns(anomaly, profile)
    shown, left_out = _around(rows.select("line", "cycle", *columns), anomaly)
    course = _course(pinned, of, engine, rows) if column else None
    return Evidence(
        engine or None,
        shares[:ENGINES],
        len(shares),
        columns,
        tuple(shown.iter_rows()),
        left_out,
        version,
        course,
    )


def _shares(brought: nw.LazyFrame[Any], column: str | None) -> tuple[Share, ...]:
    """What each engine brought: most missing values first, then furthest from the others."""
    value = nw.col(column or "cycle").cast(nw.Float64)
    # What is not a number is missing, whichever way it was delivered.
    usable = nw.when(value.is_finite()).then(value)
    told = _native(
        brought.with_columns(usable.alias("value"))
        .group_by("engine")
        .agg(
            nw.len().alias("rows"),
            nw.col("value").count().alias("known"),
            nw.col("value").min().alias("low"),
            nw.col("value").max().alias("high"),
        )
    )
    ranked = told.with_columns(missing=pl.col("rows") - pl.col("known"))
    if column is None:
        ranked = ranked.sort("engine").with_columns(low=pl.lit(None), high=pl.lit(None))
    else:
        middle = (pl.col("low") + pl.col("high")).median() / 2
        away = pl.max_horizontal((pl.col("high") - middle).abs(), (pl.col("low") - middle).abs())
        ranked = ranked.with_columns(away=away).sort(
            "missing", "away", "engine", descending=[True, True, False], nulls_last=True
        )
    names = ("engine", "rows", "missing", "low", "high")
    return tuple(Share(*row) for row in ranked.select(names).iter_rows())


def _columns(anomaly: Anomaly, profile: Profile) -> tuple[str, ...]:
    """The odd column and the settings; all signals where no column is meant."""
    if anomaly.column is None:
        return profile.signal_names
    known = (*profile.signal_names, *READINGS.column_names)
    # What no contract knows is kept in one column.
    first = anomaly.column if anomaly.column in known else "extra"
    settings = tuple(name for name in profile.setting_names if name != first)
    return tuple(name for name in (first, *settings) if name not in ("line", "cycle"))


def _around(rows: pl.DataFrame, anomaly: Anomaly) -> tuple[pl.DataFrame, int]:
    """The rows of the span and a few flights around it; the first of them where they are many."""
    if anomaly.span is None:
        return rows.head(MOST_ROWS), max(rows.height - MOST_ROWS, 0)
    first, last = anomaly.span
    inside = rows.filter(pl.col("cycle").is_between(first - AROUND, last + AROUND))
    return inside.head(MOST_ROWS), max(inside.height - MOST_ROWS, 0)


def _course(pinned: Pinned, of: Finding, engine: str, rows: pl.DataFrame) -> Course:
    column = str(of.anomaly.column)
    mine = (nw.col("fleet") == of.anomaly.fleet, nw.col("engine") == engine)
    silver = _native(pinned.scan(SILVER).filter(*mine).select("cycle", column)).sort("cycle")
    held = rows.filter(pl.col("cycle").is_not_null()).select("cycle", column)
    if of.delivery is not None and of.delivery.state == "accepted":
        held = held.clear()
    return Course(*_series(silver, column), *_series(held, column))


def _series(frame: pl.DataFrame, column: str) -> tuple[Ints, Floats]:
    values = frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    usable = np.where(np.isfinite(values), values, np.nan)
    return frame["cycle"].cast(pl.Int64).to_numpy(), usable


def _native(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    found: pl.DataFrame = frame.collect("polars").to_native()
    return found
