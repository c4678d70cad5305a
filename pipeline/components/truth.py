"""Truth deliveries: each remaining number to its engine of the in-service delivery."""

import polars as pl

from lakehouse.tables import DELIVERIES, QUARANTINE, TRUTH
from pipeline.components.bronze import (
    Arrival,
    Bronze,
    Known,
    bronze,
    delivered_until,
    delivery_row,
    reject,
)
from pipeline.sources import nasa
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import Fault, Reason
from pipeline.sources.records import Parsed


def in_service_of(delivered: Delivered, deliveries: pl.DataFrame) -> str | None:
    """The in-service delivery that a truth file belongs to: by NASA's names, else the newest."""
    candidates = deliveries.filter(
        (pl.col("fleet") == delivered.fleet)
        & (pl.col("kind") == "in_service")
        & pl.col("state").is_in(["received", "accepted", "blocked"])
    ).sort("received_at", "delivery_id")
    if candidates.is_empty():
        return None
    own = _file_name(delivered.source, delivered.member)
    paired = [
        nasa.belongs(own, _file_name(row["source"], row["member"]))
        for row in candidates.iter_rows(named=True)
    ]
    if any(paired):
        candidates = candidates.filter(pl.Series(paired))
    found: str = candidates["delivery_id"][-1]
    return found


def take_truth(delivered: Delivered, parsed: Parsed, known: Known, arrival: Arrival) -> Bronze:
    of = in_service_of(delivered, known.deliveries)
    if of is None:
        detail = f"fleet {delivered.fleet} has no in-service delivery that it could belong to"
        return reject(delivered, None, Fault(Reason.TRUTH_ALONE, detail), arrival)
    mine = pl.col("delivery_id") == of
    last = delivered_until(known.readings.filter(mine), known.quarantine.filter(mine))
    if last.height != parsed.records.height + parsed.quarantine.height:
        detail = (
            f"{parsed.records.height + parsed.quarantine.height:,} lines for the "
            f"{last.height:,} engines of {of}"
        )
        return reject(delivered, None, Fault(Reason.TRUTH_LENGTH, detail), arrival)
    return _bind(delivered, parsed, last.with_columns(of_delivery_id=pl.lit(of)), arrival)


def _bind(delivered: Delivered, parsed: Parsed, last: pl.DataFrame, arrival: Arrival) -> Bronze:
    records, unknown = _to_engines(parsed, last)
    quarantine = pl.concat([parsed.quarantine, unknown])
    if records.is_empty():
        fault = Fault(Reason.NO_USABLE_LINE, "no line names an engine of the in-service delivery")
        return reject(delivered, quarantine, fault, arrival)
    counts = {
        "rows": records.height + quarantine.height,
        "accepted": records.height,
        "quarantined": quarantine.height,
    }
    row = delivery_row(delivered, arrival, state=arrival.state, **counts)
    owned = pl.lit(row["delivery_id"][0]).alias("delivery_id")
    truth = records.with_columns(owned, fleet=pl.lit(delivered.fleet))
    return bronze({TRUTH: truth, QUARANTINE: quarantine.with_columns(owned), DELIVERIES: row})


def _to_engines(parsed: Parsed, last: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each remaining number with its engine, and the lines whose engine is unknown or repeated."""
    records = parsed.records
    if records["engine"].null_count():
        # The i-th line is the i-th engine; a line in quarantine keeps its place.
        in_order = last.sort(pl.col("engine").str.len_chars(), "engine")
        lines = pl.concat([records["line"], parsed.quarantine["line"]]).sort()
        placed = in_order.with_columns(lines.alias("line"))
        return records.drop("engine").join(placed, on="line"), parsed.quarantine.clear()
    known = records.join(last, on="engine")
    good = known.sort("line").unique("engine", keep="first", maintain_order=True)
    bad = records.join(good, on="line", how="anti")
    repeats = pl.col("engine").is_in(good["engine"].to_list())
    reason = pl.when(repeats).then(pl.lit(Reason.REPEATED_ENGINE.value))
    return good, bad.select(
        "line",
        raw=pl.format("engine={}, remaining={}", "engine", "remaining"),
        reason=reason.otherwise(pl.lit(Reason.UNKNOWN_ENGINE.value)),
        detail=pl.format("engine {} once, as in the in-service delivery, expected", "engine"),
        engine=pl.col("engine"),
        cycle=pl.lit(None, pl.Int64),
    )


def _file_name(source: str, member: str) -> str:
    return (member or source).replace("\\", "/").rpartition("/")[2]
