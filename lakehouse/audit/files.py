"""Entries of the audit log as a file for others: JSON lines to prove, CSV to read."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

import polars as pl

from lakehouse.audit.entries import COLUMNS, Entry, readable
from lakehouse.row_files import csv_head, csv_rows

Format = Literal["jsonl", "csv"]
_SCHEMA = {
    name: pl.Int64 if name == "seq" else pl.String
    for name in ("seq", "time", *(name for name in COLUMNS if name not in ("seq", "time")))
}
_BATCH = 5_000


def chunks(entries: Iterable[Entry], form: Format) -> Iterator[bytes]:
    """The file, some entries at a time.

    JSON lines are those of the log, byte for byte. In CSV, ``before`` and ``after`` are JSON, and
    what a spreadsheet would take for a formula is guarded.
    """
    if form == "csv":
        yield csv_head(pl.Schema(_SCHEMA))
    rest = iter(entries)
    while batch := list(islice(rest, _BATCH)):
        lines = (entry.line() for entry in batch)
        yield csv_rows(_frame(batch)) if form == "csv" else b"".join(lines)


def _frame(entries: list[Entry]) -> pl.DataFrame:
    return pl.DataFrame([_row(entry) for entry in entries], schema=_SCHEMA)


def _row(entry: Entry) -> dict[str, str | int | None]:
    told = {name: _text(getattr(entry, name)) for name in ("before", "after")}
    return {**vars(entry), **told}


def _text(value: object) -> str | None:
    if value is None:
        return None
    return readable(json.dumps(value, ensure_ascii=False, sort_keys=True))
