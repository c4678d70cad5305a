"""ExampleGen: one parsed delivery and what bronze holds already into the rows to write."""

import polars as pl

from lakehouse.tables import DELIVERIES, FAILURES, QUARANTINE, READINGS
from pipeline.components.bronze import (
    KEY,
    SAME_FILE,
    STANDS,
    Arrival,
    Bronze,
    Known,
    bronze,
    delivered_until,
    delivery_id,
    delivery_row,
    reject,
)
from pipeline.components.truth import take_truth
from pipeline.sources.delivered import Delivered
from pipeline.sources.records import Parsed


def repeated(delivered: Delivered, deliveries: pl.DataFrame, arrival: Arrival) -> Bronze | None:
    """The record of a file that is in bronze already, None when it is new.

    The same file is the same fleet, kind and sha256 among the accepted and blocked deliveries, or
    earlier in the same run. A file that could not be read is never the same as another.
    """
    if delivered.fault is not None:
        return None
    own = delivery_id(arrival.root, delivered)
    same_run = (pl.col("state") == "received") & pl.col("run_id").is_in(
        [arrival.root, arrival.run_id]
    )
    same_file = [pl.col(name) == getattr(delivered, name) for name in SAME_FILE]
    first = deliveries.filter(*same_file, pl.col("delivery_id") != own, STANDS | same_run).sort(
        "received_at"
    )
    if first.is_empty():
        return None
    of = first["delivery_id"][0]
    row = delivery_row(delivered, arrival, state="duplicate", duplicate_of=of)
    return bronze({DELIVERIES: row.with_columns(reason=pl.lit(f"the same content as {of}"))})


def take_in(delivered: Delivered, parsed: Parsed, known: Known, arrival: Arrival) -> Bronze:
    """The rows of a new delivery; a rejected one brings nothing but its quarantine."""
    if parsed.rejected is not None:
        return reject(delivered, parsed.quarantine, parsed.rejected, arrival)
    if delivered.kind == "truth":
        return take_truth(delivered, parsed, known, arrival)
    return _take_readings(delivered, parsed, known, arrival)


def _take_readings(delivered: Delivered, parsed: Parsed, known: Known, arrival: Arrival) -> Bronze:
    rows = parsed.records
    # An earlier attempt of this run may have written its rows already.
    own = pl.col("delivery_id") == delivery_id(arrival.root, delivered)
    before = known.readings.filter(pl.col("fleet") == delivered.fleet, ~own)
    again = _seen_before(rows, before)
    counts = {
        "rows": rows.height + parsed.quarantine.height,
        "accepted": rows.height,
        "quarantined": parsed.quarantine.height,
        "duplicates": int(again["same"].sum()),
        "conflicts": int((~again["same"]).sum()),
    }
    row = delivery_row(delivered, arrival, state=arrival.state, **counts)
    owned = pl.lit(row["delivery_id"][0]).alias("delivery_id")
    readings = rows.with_columns(owned, fleet=pl.lit(delivered.fleet))
    tables = {
        READINGS: readings,
        QUARANTINE: parsed.quarantine.with_columns(owned),
        DELIVERIES: row,
    }
    if delivered.kind == "history":
        tables[FAILURES] = _failures(delivered, parsed, arrival)
    return bronze(tables, tuple(parsed.unknown_columns))


def _seen_before(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Engine, cycle and ``same`` of each record whose key an earlier record has already."""
    signals = [name for name in rows.columns if name not in ("line", "extra", *KEY)]
    columns = [*KEY, *signals]
    before = known.select(columns)
    if before.is_empty() and not rows.select(KEY).is_duplicated().any():
        return pl.DataFrame(schema={"engine": pl.String, "cycle": pl.Int64, "same": pl.Boolean})
    both = pl.concat([before, rows.sort("line").select(columns)]).with_row_index("_row")
    first = both.unique(KEY, keep="first", maintain_order=True)
    later = both.filter(pl.col("_row") >= before.height).join(first, on=KEY, suffix="_first")
    return later.filter(pl.col("_row") != pl.col("_row_first")).select(
        *KEY,
        same=pl.all_horizontal(
            pl.col(name).eq_missing(pl.col(f"{name}_first")) for name in signals
        ),
    )


def _failures(delivered: Delivered, parsed: Parsed, arrival: Arrival) -> pl.DataFrame:
    """The last delivered cycle of each engine of a history, quarantined lines included."""
    return delivered_until(parsed.records, parsed.quarantine).with_columns(
        fleet=pl.lit(delivered.fleet),
        reported_at=pl.lit(arrival.received_at).cast(pl.Datetime("us", "UTC")),
        origin=pl.lit("history"),
        delivery_id=pl.lit(delivery_id(arrival.root, delivered)),
        who=pl.lit(None, pl.String),
        reason=pl.lit("the record ends with the failure"),
        run_id=pl.lit(arrival.run_id),
    )
