"""The time-series checks of one delivery, put together."""

from dataclasses import dataclass

import narwhals as nw
import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.finding import Finding
from lakehouse.validation.series.flights import HITS, flights, no_hits, regime, together
from lakehouse.validation.series.ground import Ground, ground, out_of_range
from lakehouse.validation.series.limits import limits
from lakehouse.validation.series.missing import missing
from lakehouse.validation.series.order import claimed, order, repeated, restarts
from lakehouse.validation.series.readings import readings
from lakehouse.validation.series.reference import portrait, reference
from lakehouse.validation.series.regimes import regimes
from lakehouse.validation.series.stuck import stuck
from lakehouse.validation.series.summary import summary

# Whole engines are looked at so many flights at a time: bounds memory at any size of a delivery.
CHUNK_ROWS = 200_000


@dataclass(frozen=True)
class Known:
    """What was known of the delivered engines and their fleet before.

    Attributes:
        silver: the rows of silver/readings of the delivered engines, None when there are none.
        fleet: ``reference`` of all rows of silver/readings of the fleet, None on a first delivery.
    """

    silver: pl.DataFrame | None = None
    fleet: pl.DataFrame | None = None


def check(
    records: pl.DataFrame,
    known: Known,
    profile: Profile,
    limits: pl.DataFrame | None = None,
) -> tuple[Finding, ...]:
    """Everything that is odd about the time series of one delivery of one fleet.

    On a cluster the same is put together of :func:`ground`, :func:`inspect` and :func:`summary`.

    Args:
        records: rows of bronze/readings of the delivery: engine, cycle, line and the signals.
        known: what was there before.
        profile: ranges and rules.
        limits: rows of ops/limits that hold for this fleet.

    Returns:
        Errors first; nothing for a delivery without records.
    """
    if records.is_empty():
        return ()
    rows = union(records, known.silver, profile)
    own = usual(unknown(records, known.fleet, profile), profile)
    base = ground(own, known.fleet, profile, limits)
    engines = records["engine"].n_unique()
    return foreign(base, own) + summary(inspect(rows, base), engines, profile)


def usual(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """``reference`` of rows that fit in this process."""
    made = reference(nw.from_native(portrait(rows, profile).lazy()))
    frame: pl.DataFrame = made.collect("polars").to_native()
    return frame


def unknown(records: pl.DataFrame, fleet: pl.DataFrame | None, profile: Profile) -> pl.DataFrame:
    """The records in regimes of which the fleet says nothing: they have to speak for themselves."""
    if fleet is None:
        return records
    flown = fleet["regime"].unique().to_list()
    return records.filter(~regime(profile).is_in(flown))


def union(records: pl.DataFrame, silver: pl.DataFrame | None, profile: Profile) -> pl.DataFrame:
    """A delivery's records and the flights that silver has of its engines, whose line is null."""
    columns = ["engine", "cycle", "line", *profile.signal_names]
    new = records.select(columns).with_columns(pl.col("line").cast(pl.Int64))
    if silver is None or silver.is_empty():
        return new
    mine = silver.filter(pl.col("engine").is_in(records["engine"].unique().to_list()))
    return pl.concat([mine.with_columns(line=pl.lit(None, pl.Int64)).select(columns), new])


def inspect(rows: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """What is odd about each engine; a function of whole engines for ``Lake.by_unit``.

    Args:
        rows: of :func:`union`.
        ground: what they are judged against.

    Returns:
        The columns of ``flights.HITS``, one row for each run of flights with one fault.
    """
    return together([no_hits(), *(_inspect(part, ground) for part in _chunks(rows))])


def foreign(ground: Ground, usual: pl.DataFrame) -> tuple[Finding, ...]:
    """That a first delivery is not of the profile's machine, or in its units at all."""
    if not ground.foreign or ground.regimes is not None:
        return ()
    names = out_of_range(usual, ground.profile)
    detail = (
        f"{len(names)} of {len(ground.profile.signals)} columns lie outside the ranges of the"
        f" profile {ground.profile.name} ({', '.join(names[:5])}, ...): another kind of machine?"
        " Its ranges are not applied"
    )
    return (Finding("warning", "out_of_range", detail),)


def _chunks(rows: pl.DataFrame) -> list[pl.DataFrame]:
    if rows.height <= CHUNK_ROWS:
        return [rows] if rows.height else []
    sizes = rows.group_by("engine").len().sort("engine")
    part = (sizes["len"].cum_sum() - 1) // CHUNK_ROWS
    placed = rows.join(sizes.select("engine", _part=part), on="engine")
    return placed.partition_by("_part", include_key=False)


def _inspect(rows: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    profile = ground.profile
    frame = _flown(rows, profile)
    again = repeated(rows, profile)
    begun = restarts(again, frame, profile)
    # Silver keeps the first record of a flight; a delivery still answers for what it says itself.
    said = claimed(rows, again, begun)
    told = frame if said is rows else _flown(said, profile)
    held = stuck(told, ground.repeats, profile)
    return together(
        [
            begun,
            order(rows, frame, again, begun, profile),
            missing(told, profile),
            held,
            readings(told, held, ground),
            regimes(told, ground),
            limits(told, ground),
        ]
    ).select(*HITS)


def _flown(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    return flights(rows, profile).with_columns(
        pl.col("fresh").sum().over("engine").alias("delivered")
    )
