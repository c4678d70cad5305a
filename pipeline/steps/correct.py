"""Correct: a person's word about rows of one engine, written down; silver follows in Clean."""

from hashlib import sha256
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.corrections import refusal
from lakehouse.engines.local import no_rows
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import CorrectRequest
from lakehouse.tables import SILVER
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy
from pipeline.steps.review import forget_normals


class CorrectionError(ValueError):
    """A correction that cannot be made; the message says why."""


def correct(request: CorrectRequest, step: Step) -> Summary:
    """Write a correction, a withdrawal or a retraction down.

    Raises:
        CorrectionError: there is no such row or correction, or it is not as the person saw it.
    """
    mine = (nw.col("fleet") == request.fleet, nw.col("engine") == request.engine)
    said = collect(step.read(CORRECTIONS.name).filter(*mine))
    flights = collect(step.look_up(SILVER.name).filter(*mine)).sort("cycle")
    name = correction_id(step)
    # A retry finds what its first attempt wrote; what follows from it is still to do.
    if not step.home.lake.did(CORRECTIONS.name, step.commit("all")):
        why = refusal(request, flights, said, step.home.profile)
        if why:
            raise CorrectionError(why)
    stamp = {"correction_id": name, "action": request.action} | _about(request)
    asked = [stamp | row for row in _rows(request, flights, said)]
    rows = write_down(step, name, request.reason, asked)
    # What is normal may have been worked out from rows that are no longer believed.
    forget_normals(step, request.fleet, name)
    step.note(f"{request.fleet}/{request.engine}: {request.action} {name}: {request.reason}")
    first, last = rows["cycle"].min(), rows["cycle"].max()
    told = {"correction_id": name, "action": request.action, "rows": rows.height}
    return told | _about(request) | {"first_cycle": first, "last_cycle": last}


def correction_id(step: Step) -> str:
    """Name of the decision of a run: the same for every attempt."""
    return f"c-{sha256(step.origin.encode()).hexdigest()[:12]}"


def write_down(step: Step, name: str, reason: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Add rows to bronze/corrections under one person's name.

    Returns:
        What stands there of the decision ``name``.
    """
    stamp = {"who": step.run.who, "reason": reason, "corrected_at": now()}
    stamp |= {"run_id": step.run.run_id}
    frame = pl.DataFrame([stamp | row for row in rows], schema=no_rows(CORRECTIONS).schema)
    step.append(CORRECTIONS.name, lazy(frame))
    mine = nw.col("correction_id") == name
    return collect(step.read(CORRECTIONS.name).filter(mine))


def _about(request: CorrectRequest) -> dict[str, Any]:
    return {"fleet": request.fleet, "engine": request.engine}


def _rows(
    request: CorrectRequest, flights: pl.DataFrame, said: pl.DataFrame
) -> list[dict[str, Any]]:
    """A row for each value, flight, or correction that is taken back."""
    if request.action == "correct":
        return [
            {"cycle": request.cycle, "column": name, "old_value": c.old, "new_value": c.new}
            for name, c in request.changes.items()
        ]
    if request.action == "withdraw":
        inside = flights["cycle"].is_between(request.cycle, request.until)
        return [{"cycle": cycle} for cycle in flights["cycle"].filter(inside)]
    back = said.filter(pl.col("correction_id") == request.retracts).select("cycle", "column")
    return [row | {"retracts": request.retracts} for row in back.iter_rows(named=True)]
