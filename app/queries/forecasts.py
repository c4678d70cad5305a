"""Everything that was ever said of one engine: issued then, or worked out later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.queries.fleet import EngineRow
from lakehouse.corrections import outdated_by
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned

PREDICTIONS = "gold/predictions"
BACKFILL = "gold/backfill"
COLUMNS = ("cycle", "probability", "window_from", "window_to", "model_id")
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Said:
    """Forecasts of one engine, oldest cycle first.

    Attributes:
        cycle: the cycle at which each was said.
        probability: that the engine was within its last cycles.
        start: first cycle of the window.
        end: last cycle of the window, NaN while it is open.
        models: the model of each.
        outdated: of each the decisions of people by which its rows are no more; none: it stands.
    """

    cycle: NDArray[np.int64]
    probability: Floats
    start: Floats
    end: Floats
    models: tuple[str, ...]
    outdated: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.cycle)

    @property
    def is_outdated(self) -> NDArray[np.bool_]:
        """Which were made from rows that were corrected since."""
        marks = [bool(by) for by in self.outdated] or [False] * len(self)
        return np.array(marks, dtype=np.bool_)

    def held(self, failed_at: int) -> NDArray[np.bool_]:
        """Which windows contained the failure; an open one holds from where it opens."""
        return (self.start <= failed_at) & (np.isnan(self.end) | (failed_at <= self.end))


@dataclass(frozen=True)
class Issued:
    """The row of ``gold/predictions`` that stands for the engine now.

    ``outdated_by`` names the decisions since by which its rows are no more.
    """

    cycle: int
    model_id: str
    run_id: str
    features_version: int | None
    coverage: float | None
    predicted_at: datetime | None
    outdated_by: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What was said of one engine.

    Attributes:
        issued: said when that cycle was the engine's newest.
        backfill: worked out later by the live model, from the rows up to that cycle only.
        in_training: this engine taught the model that worked them out.
        newest: the issued one that stands now, None before a model was live.
    """

    issued: Said
    backfill: Said
    in_training: bool
    newest: Issued | None


def forecasts(pinned: Pinned, profile: Profile, fleet: str, row: EngineRow) -> Forecasts:
    """All forecasts of one engine at the pinned versions."""
    engine = (fleet, row.engine)
    more = ("run_id", "features_version", "coverage", "predicted_at", "input_digest")
    issued = _rows(pinned, PREDICTIONS, engine, more).sort("cycle", "predicted_at")
    backfill = _rows(pinned, BACKFILL, engine, ("in_training",)).sort("cycle")
    taught = bool(backfill["in_training"].any()) if backfill.height else False
    outdated = tuple(outdated_by(pinned, profile, engine, issued))
    newest = _newest(issued, outdated, row)
    return Forecasts(_said(issued, outdated), _said(backfill), taught, newest)


def _rows(
    pinned: Pinned, table: str, engine: tuple[str, str], more: tuple[str, ...]
) -> pl.DataFrame:
    one = (nw.col("fleet") == engine[0], nw.col("engine") == engine[1])
    rows = pinned.scan(table).filter(*one).select(*COLUMNS, *more).collect("polars")
    frame: pl.DataFrame = rows.to_native()
    return frame


def _said(frame: pl.DataFrame, outdated: tuple[tuple[str, ...], ...] = ()) -> Said:
    def numbers(name: str) -> Any:
        return frame[name].cast(pl.Float64).to_numpy()

    return Said(
        frame["cycle"].to_numpy(),
        numbers("probability"),
        numbers("window_from"),
        numbers("window_to"),
        tuple(frame["model_id"]),
        outdated,
    )


def _newest(
    issued: pl.DataFrame, outdated: tuple[tuple[str, ...], ...], row: EngineRow
) -> Issued | None:
    """What the engine's status stands on: not always what was issued last."""
    names = ("cycle", "model_id", "run_id", "features_version", "coverage", "predicted_at")
    told = (row.said_at, row.model_id, row.run_id, row.predicted_at)
    for one, by in zip(issued.iter_rows(named=True), outdated, strict=True):
        if (one["cycle"], one["model_id"], one["run_id"], one["predicted_at"]) == told:
            return Issued(**{name: one[name] for name in names}, outdated_by=by)
    return None
