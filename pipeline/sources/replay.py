"""A batch file as a stream: its flights in the order of flying, as lines that read back alike."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import polars as pl

from pipeline.sources.records import Parsed

_KEPT = ("engine", "cycle", "extra")
_NOT_SIGNALS = ("line", "tick", "order", *_KEPT)
# JSON has no such numbers; as text the reader takes them for what they are.
_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@dataclass(frozen=True)
class Flight:
    """One record: the engine that flew, and the line of JSON that says how."""

    engine: str
    line: str


@dataclass(frozen=True)
class Schedule:
    """Flights by tick: tick t, from 1, holds the t-th flight of every engine that still flies.

    Attributes:
        flights: the records, by tick, engine, and their order in the file.
        ends: how many records the ticks up to each one hold, from "tick 0" on.
        skipped: lines in quarantine, which cannot be replayed.
    """

    flights: pl.DataFrame
    ends: tuple[int, ...]
    skipped: int

    @property
    def ticks(self) -> int:
        """The number of the last tick, the most flights that an engine has."""
        return len(self.ends) - 1

    def between(self, first: int, last: int) -> list[Flight]:
        """The flights of some ticks, both ends included."""
        start, end = (self.ends[min(tick, self.ticks)] for tick in (first - 1, last))
        rows = self.flights[start:end]
        return [Flight(row["engine"], _line(row)) for row in rows.iter_rows(named=True)]


def schedule(parts: Sequence[Parsed]) -> Schedule:
    """Put the records of one or more files of a fleet into the order of flying.

    An engine's flights are counted by its cycles, from its first one on: a cycle that is missing
    takes no tick, and records that say the same cycle again come in the same tick, in the order
    of the files. So the stream brings the earliest one first, as the batch load does.
    """
    skipped = sum(part.quarantine.height for part in parts)
    records = [part.records for part in parts if part.records.height]
    if not records:
        return Schedule(pl.DataFrame(), (0,), skipped)
    flights = (
        pl.concat(records)
        .with_row_index("order")
        .with_columns(pl.col("cycle").rank("dense").over("engine").alias("tick"))
        .sort("tick", "engine", "order")
    )
    sizes = flights.group_by("tick", maintain_order=True).len()["len"].to_list()
    return Schedule(flights, tuple(accumulate(sizes, initial=0)), skipped)


def _line(row: dict[str, Any]) -> str:
    """A record as JSON whose numbers are the same bits when they are read again."""
    extra = json.loads(row["extra"]) if row["extra"] else {}
    signals = {name: _plain(row[name]) for name in row if name not in _NOT_SIGNALS}
    return json.dumps({"engine": row["engine"], "cycle": row["cycle"], **signals, **extra})


def _plain(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else _WORDS[str(value)]
