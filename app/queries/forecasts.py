"""Everything that was ever said of one engine: issued then, or worked out later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

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
    """

    cycle: NDArray[np.int64]
    probability: Floats
    start: Floats
    end: Floats
    models: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.cycle)

    def held(self, failed_at: int) -> NDArray[np.bool_]:
        """Which windows contained the failure; an open one holds from where it opens."""
        return (self.start <= failed_at) & (np.isnan(self.end) | (failed_at <= self.end))


@dataclass(frozen=True)
class Issued:
    """The row of ``gold/predictions`` that the engine's newest forecast stands on."""

    cycle: int
    model_id: str
    run_id: str
    features_version: int | None
    coverage: float | None
    predicted_at: datetime | None


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What was said of one engine.

    Attributes:
        issued: said when that cycle was the engine's newest.
        backfill: worked out later by the live model, from the rows up to that cycle only.
        in_training: this engine taught the model that worked them out.
        newest: the newest issued one with its provenance, None before a model was live.
    """

    issued: Said
    backfill: Said
    in_training: bool
    newest: Issued | None


def forecasts(pinned: Pinned, fleet: str, engine: str) -> Forecasts:
    """All forecasts of one engine at the pinned versions."""
    more = ("run_id", "features_version", "coverage", "predicted_at")
    issued = _rows(pinned, PREDICTIONS, fleet, engine, more).sort("cycle", "predicted_at")
    backfill = _rows(pinned, BACKFILL, fleet, engine, ("in_training",)).sort("cycle")
    taught = bool(backfill["in_training"].any()) if backfill.height else False
    return Forecasts(_said(issued), _said(backfill), taught, _newest(issued))


def _rows(
    pinned: Pinned, table: str, fleet: str, engine: str, more: tuple[str, ...]
) -> pl.DataFrame:
    one = (nw.col("fleet") == fleet, nw.col("engine") == engine)
    rows = pinned.scan(table).filter(*one).select(*COLUMNS, *more).collect("polars")
    frame: pl.DataFrame = rows.to_native()
    return frame


def _said(frame: pl.DataFrame) -> Said:
    def numbers(name: str) -> Any:
        return frame[name].cast(pl.Float64).to_numpy()

    return Said(
        frame["cycle"].to_numpy(),
        numbers("probability"),
        numbers("window_from"),
        numbers("window_to"),
        tuple(frame["model_id"]),
    )


def _newest(frame: pl.DataFrame) -> Issued | None:
    if frame.is_empty():
        return None
    row = frame.row(-1, named=True)
    names = ("cycle", "model_id", "run_id", "features_version", "coverage", "predicted_at")
    return Issued(**{name: row[name] for name in names})
