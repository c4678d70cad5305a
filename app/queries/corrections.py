"""What people said of an engine's rows, and what a value reads now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import narwhals as nw
import polars as pl

from lakehouse.corrections import RESTORED, of_engine, refusal, standing
from lakehouse.profiles import Profile
from lakehouse.requests import CorrectRequest
from lakehouse.snapshots import Pinned

Standing = Literal["holds", "taken back", "replaced", "said"]


@dataclass(frozen=True)
class Word:
    """One value that was corrected, or one flight (``column`` None)."""

    cycle: int
    column: str | None
    old: float | None
    new: float | None
    holds: bool


@dataclass(frozen=True)
class Correction:
    """One decision of a person about rows of an engine.

    Attributes:
        action: correct, withdraw, retract or restore.
        words: what it is about, by cycle.
        retracts: the correction that it takes back.
        standing: whether it holds, was taken back, or was replaced by a newer one; ``said`` for
            retractions and restores, which hold for good.
    """

    correction_id: str
    action: str
    words: tuple[Word, ...]
    retracts: str | None
    who: str
    reason: str
    at: datetime
    run_id: str
    standing: Standing

    @property
    def can_be_taken_back(self) -> bool:
        """Whether a retraction would change anything."""
        return self.standing in ("holds", "replaced")


@dataclass(frozen=True)
class Reading:
    """What silver says of one value.

    Attributes:
        value: None where it is unusable.
        corrected: it is a person's value.
    """

    cycle: int
    column: str
    value: float | None
    corrected: bool


def corrections(pinned: Pinned, fleet: str, engine: str) -> tuple[Correction, ...]:
    """Every decision about one engine's rows, the newest first."""
    rows = of_engine(pinned, fleet, engine)
    if rows.is_empty():
        return ()
    names = ["correction_id", "cycle", "column"]
    held = standing(rows).select(*names, holds=pl.lit(True))
    told = rows.join(held, on=names, how="left", nulls_equal=True, maintain_order="left")
    told = told.with_columns(pl.col("holds").fill_null(False))
    back = set(rows["retracts"].drop_nulls())
    parts = told.partition_by("correction_id", maintain_order=True)
    return tuple(_correction(part, back) for part in reversed(parts))


def reading(pinned: Pinned, place: tuple[str, str, int], column: str) -> Reading | None:
    """What silver says of a column (a signal of the profile) at fleet, engine and cycle.

    None when there is no such flight.
    """
    fleet, engine, cycle = place
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine, nw.col("cycle") == cycle)
    rows = pinned.scan(RESTORED).filter(*mine).select(column, "flags").collect("polars")
    found = rows.rows(named=True)
    if not found:
        return None
    corrected = f"corrected:{column}" in (found[0]["flags"] or "").split(",")
    return Reading(cycle, column, found[0][column], corrected)


def no_correction(pinned: Pinned, profile: Profile, request: CorrectRequest) -> str:
    """Why rows cannot be corrected so; empty when they can."""
    mine = (nw.col("fleet") == request.fleet, nw.col("engine") == request.engine)
    flights = pinned.scan(RESTORED).filter(*mine).collect("polars").to_native()
    said = of_engine(pinned, request.fleet, request.engine)
    return refusal(request, flights, said, profile)


def _correction(rows: pl.DataFrame, back: set[str]) -> Correction:
    first = rows.row(0, named=True)
    words = tuple(
        Word(row["cycle"], row["column"], row["old_value"], row["new_value"], row["holds"])
        for row in rows.iter_rows(named=True)
    )
    return Correction(
        correction_id=first["correction_id"],
        action=first["action"],
        words=words,
        retracts=first["retracts"],
        who=first["who"] or "",
        reason=first["reason"] or "",
        at=first["corrected_at"],
        run_id=first["run_id"] or "",
        standing=_standing(first, words, back),
    )


def _standing(first: Mapping[str, Any], words: tuple[Word, ...], back: set[str]) -> Standing:
    if first["action"] not in ("correct", "withdraw"):
        return "said"
    if first["correction_id"] in back:
        return "taken back"
    return "holds" if any(word.holds for word in words) else "replaced"
