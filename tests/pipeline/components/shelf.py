"""Bronze in memory, and made-up deliveries for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from lakehouse.engines.local import no_rows
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.tables import DELIVERIES, FAILURES, QUARANTINE, READINGS, TRUTH
from pipeline.components.bronze import Arrival, Bronze, Known
from pipeline.components.example_gen import repeated, take_in
from pipeline.sources.delivered import Delivered
from pipeline.sources.records import QUARANTINE as BAD_LINES
from pipeline.sources.records import Parsed

START = datetime(2026, 11, 1, tzinfo=UTC)
Row = tuple[str, int, float]


def empty(table: Any) -> pl.DataFrame:
    return no_rows(table)


def delivered(name: str = "a.csv", kind: str = "in_service", sha256: str = "") -> Delivered:
    return Delivered(name, "", "F", kind, sha256 or name, "separated")


def parsed(rows: Sequence[Row], bad: Sequence[tuple[int, str | None, int | None]] = ()) -> Parsed:
    """Records of (engine, cycle, value); bad lines of (line, engine, cycle)."""
    skipped = {line for line, _, _ in bad}
    lines = [line for line in range(1, len(rows) + len(bad) + 1) if line not in skipped]
    records = pl.DataFrame(
        {
            "line": lines,
            "engine": [engine for engine, _, _ in rows],
            "cycle": [cycle for _, cycle, _ in rows],
            **{name: [value for _, _, value in rows] for name in PROFILE.signal_names},
        },
        schema_overrides={"line": pl.Int64, "cycle": pl.Int64, "engine": pl.String},
    ).with_columns(extra=pl.lit(None, pl.String))
    quarantine = [(line, "raw", "not_a_number", "", engine, cycle) for line, engine, cycle in bad]
    return Parsed(records, pl.DataFrame(quarantine, schema=BAD_LINES, orient="row"))


def truth(values: Sequence[int], engines: Sequence[str | None] | None = None) -> Parsed:
    named = list(engines) if engines else [None] * len(values)
    columns = {"line": list(range(1, len(values) + 1)), "engine": named, "remaining": list(values)}
    types = {"line": pl.Int64, "engine": pl.String, "remaining": pl.Int64}
    return Parsed(pl.DataFrame(columns, schema=types), pl.DataFrame(schema=BAD_LINES))


class Shelf:
    """Bronze in memory: takes deliveries in as the step does."""

    def __init__(self) -> None:
        self.tables = {
            table.name: empty(table)
            for table in (READINGS, QUARANTINE, FAILURES, TRUTH, DELIVERIES)
        }
        # What the reader could still tell of a bad line, which the contract may not keep yet.
        self.bad = pl.DataFrame(schema={**BAD_LINES, "delivery_id": pl.String})
        self.count = 0

    def take(self, given: Delivered, content: Parsed, run: str = "") -> Bronze:
        self.count += 1
        run = run or f"run-{self.count}"
        arrival = Arrival(run, run, START + timedelta(minutes=self.count), "accepted")
        deliveries = self.tables[DELIVERIES.name]
        again = repeated(given, deliveries, arrival)
        bronze = again or take_in(given, content, self.known(), arrival)
        owned = pl.lit(bronze.delivery["delivery_id"][0]).alias("delivery_id")
        self.bad = pl.concat([self.bad, content.quarantine.with_columns(owned)])
        for name, rows in bronze.tables.items():
            self.tables[name] = pl.concat([self.tables[name], rows], how="diagonal_relaxed")
        return bronze

    def known(self) -> Known:
        return Known(self.tables[DELIVERIES.name], self.tables[READINGS.name], self.bad)


def row(bronze: Bronze) -> dict[str, Any]:
    return bronze.delivery.row(0, named=True)


def counts(bronze: Bronze) -> tuple[int, ...]:
    names = ("rows", "accepted", "quarantined", "duplicates", "conflicts")
    return tuple(row(bronze)[name] for name in names)
