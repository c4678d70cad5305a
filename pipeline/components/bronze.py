"""Rows of the bronze layer for one delivery, and what is told about them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from lakehouse.contract import Table
from lakehouse.tables import DELIVERIES, FAILURES, QUARANTINE, READINGS, TRUTH
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import Fault

KEY = ("engine", "cycle")
# The same file again is the same in these among the deliveries that stand.
SAME_FILE = ("fleet", "kind", "sha256")
STANDS = pl.col("state").is_in(["accepted", "blocked"])
_ORDER = (READINGS, QUARANTINE, FAILURES, TRUTH, DELIVERIES)


@dataclass(frozen=True)
class Arrival:
    """The circumstances of an ingest.

    Attributes:
        root: the root run, which a retry keeps: it names the deliveries.
        run_id: the run that does it now.
        received_at: when this delivery was taken in; later deliveries are later.
        state: what a good delivery becomes here; a later step accepts it.
    """

    root: str
    run_id: str
    received_at: datetime
    state: str = "received"


@dataclass(frozen=True)
class Known:
    """What bronze holds already.

    Attributes:
        deliveries: rows of bronze/deliveries of the same fleet.
        readings: rows of bronze/readings: for history and in-service deliveries those of accepted
            deliveries for the engines and between the cycles concerned; for truth the last ones
            of each engine of :func:`in_service_of`.
        quarantine: rows of bronze/quarantine of :func:`in_service_of` (truth only).
    """

    deliveries: pl.DataFrame
    readings: pl.DataFrame
    quarantine: pl.DataFrame


@dataclass(frozen=True)
class Bronze:
    """What one delivery brings.

    Attributes:
        tables: table to rows, without empty ones, in the order in which they are committed:
            bronze/deliveries last, because its row makes the others visible.
        unknown: columns that no contract knows.
    """

    tables: dict[str, pl.DataFrame]
    unknown: tuple[str, ...] = ()

    @property
    def delivery(self) -> pl.DataFrame:
        """The row of bronze/deliveries."""
        return self.tables[DELIVERIES.name]

    @property
    def reasons(self) -> dict[str, int]:
        """Reason code to the number of its quarantine rows."""
        if QUARANTINE.name not in self.tables:
            return {}
        counts = self.tables[QUARANTINE.name].group_by("reason").len().sort("reason")
        return dict(counts.iter_rows())


def bronze(rows: Mapping[Table, pl.DataFrame], unknown: tuple[str, ...] = ()) -> Bronze:
    """Rows by table, with the columns of their contracts; what they lack the lake adds as null."""
    filled = {table: rows[table] for table in _ORDER if table in rows and rows[table].height}
    tables = {
        table.name: frame.select(name for name in table.column_names if name in frame.columns)
        for table, frame in filled.items()
    }
    return Bronze(tables, unknown)


def delivery_id(root: str, delivered: Delivered) -> str:
    """Name of a delivery: the same for every attempt of one run at one file as it stood."""
    name = f"{root}/{delivered.source}/{delivered.member}/{delivered.sha256}"
    return f"d-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def delivery_row(
    delivered: Delivered, arrival: Arrival, state: str, **values: int | str
) -> pl.DataFrame:
    """The row of bronze/deliveries; counts that are not given are 0."""
    counts = dict.fromkeys(("rows", "accepted", "quarantined", "duplicates", "conflicts"), 0)
    row = {
        "delivery_id": delivery_id(arrival.root, delivered),
        "fleet": delivered.fleet,
        "kind": delivered.kind,
        "state": state,
        "source": delivered.source,
        "member": delivered.member,
        "sha256": delivered.sha256,
        "received_at": arrival.received_at,
        "simulated": delivered.simulated,
        "run_id": arrival.run_id,
        "duplicate_of": None,
        "reason": None,
        **counts,
        **values,
    }
    return pl.DataFrame(
        [row], schema_overrides=dict.fromkeys(("duplicate_of", "reason"), pl.String)
    )


def reject(
    delivered: Delivered, quarantine: pl.DataFrame | None, fault: Fault, arrival: Arrival
) -> Bronze:
    """One quarantine row for the whole file, and those of its lines that could be told apart."""
    whole = {"line": [None], "reason": [fault.reason.value], "detail": [fault.detail]}
    frames = [pl.DataFrame(whole, schema_overrides={"line": pl.Int64})]
    lines = 0
    if quarantine is not None and quarantine.height:
        lines = quarantine.height
        frames.append(quarantine)
    row = delivery_row(delivered, arrival, state="rejected", rows=lines, quarantined=lines)
    owned = pl.lit(row["delivery_id"][0]).alias("delivery_id")
    reason = pl.lit(f"{fault.reason.value}: {fault.detail}")
    return bronze(
        {
            QUARANTINE: pl.concat(frames, how="diagonal").with_columns(owned),
            DELIVERIES: row.with_columns(reason=reason),
        }
    )


def delivered_until(readings: pl.DataFrame, quarantine: pl.DataFrame) -> pl.DataFrame:
    """``engine`` and its highest delivered ``cycle``, lines in quarantine included.

    A line in quarantine counts where its engine and cycle could be read, for engines with at
    least one good line: a shifted line must not invent an engine.
    """
    good = readings.select(KEY)
    parts = [good]
    if set(KEY) <= set(quarantine.columns):
        bad = quarantine.select(KEY).drop_nulls()
        parts.append(bad.join(good.select("engine").unique(), on="engine", how="semi"))
    return pl.concat(parts).group_by("engine").agg(pl.col("cycle").max()).sort("engine")
