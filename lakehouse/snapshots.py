"""Snapshots: which versions of all tables belong together, so that a page is never torn."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.lake import Lake
from lakehouse.tables import SNAPSHOTS, TABLES
from lakehouse.writes import Commit


@dataclass(frozen=True)
class Snapshot:
    """The versions that belong together.

    Attributes:
        seq: number of the snapshot; 0 is the empty lake before the first run.
        time: when it was taken, None for the empty lake.
        run_id: the run that ended with it.
        versions: table to version; a table that is not there did not exist.
        live: fleet to the model that was live.
    """

    seq: int = 0
    time: datetime | None = None
    run_id: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pinned:
    """The lake as it was at one snapshot; what every page reads."""

    lake: Lake
    snapshot: Snapshot

    def scan(self, name: str) -> nw.LazyFrame[Any]:
        """Rows of a table at the snapshot's version; none if it did not exist then."""
        version = self.snapshot.versions.get(name)
        return self.lake.empty(name) if version is None else self.lake.scan(name, version)

    def version(self, name: str) -> int | None:
        """The pinned version of a table."""
        return self.snapshot.versions.get(name)


def pin(lake: Lake, seq: int | None = None) -> Pinned:
    """The lake at snapshot ``seq`` (default: the newest; the empty lake while there is none).

    Raises:
        LookupError: there is no snapshot of that number.
    """
    rows = lake.scan(SNAPSHOTS.name)
    newest = rows if seq is None else rows.filter(nw.col("seq") == seq)
    found = _rows(newest.sort("seq", descending=True).head(1))
    if not found and seq:
        raise LookupError(f"there is no snapshot {seq}")
    return Pinned(lake, _snapshot(found[0]) if found else Snapshot())


def at(lake: Lake, time: datetime) -> Snapshot:
    """The newest snapshot that was there at a moment: what pages showed then.

    Raises:
        LookupError: there was none yet; says when the first one was taken.
    """
    rows = lake.scan(SNAPSHOTS.name)
    before = _rows(rows.filter(nw.col("time") <= time).sort("seq", descending=True).head(1))
    if before:
        return _snapshot(before[0])
    first = _rows(rows.sort("seq").head(1))
    since = f"the first is of {first[0]['time']:%Y-%m-%d %H:%M:%S} UTC" if first else "none at all"
    raise LookupError(f"there was no snapshot yet at {time:%Y-%m-%d %H:%M:%S} UTC: {since}")


def shown_first(lake: Lake, time: datetime) -> Snapshot | None:
    """The first snapshot since a moment: the one that first showed what was written then."""
    since = lake.scan(SNAPSHOTS.name).filter(nw.col("time") >= time)
    found = _rows(since.sort("seq").head(1))
    return _snapshot(found[0]) if found else None


def take(
    lake: Lake,
    live: Mapping[str, str],
    commit: Commit,
    newest: Mapping[str, int] | None = None,
) -> Snapshot:
    """Write down the newest version of every data table as the next snapshot.

    The same piece of work done again takes no second snapshot.

    Args:
        lake: holds the tables.
        live: fleet to the model that serves it.
        commit: who takes it.
        newest: the versions to name, where others may be written meanwhile; default: those of now.
    """
    before = pin(lake).snapshot
    found = lake.versions() if newest is None else newest
    versions = {name: v for name, v in found.items() if TABLES[name].is_data}
    row = {
        "seq": [before.seq + 1],
        "time": [now()],
        "run_id": [commit.run_id],
        "versions": [json.dumps(versions, sort_keys=True)],
        "live": [json.dumps(dict(live), sort_keys=True)],
    }
    lake.append(SNAPSHOTS.name, nw.from_native(pl.LazyFrame(row)), commit)
    return pin(lake).snapshot


def _rows(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    return frame.collect("polars").rows(named=True)


def _snapshot(row: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        seq=int(row["seq"]),
        time=row["time"],
        run_id=str(row["run_id"]),
        versions=json.loads(row["versions"]),
        live=json.loads(row["live"]),
    )
