"""Report: a person's word about one engine, written down beside what was delivered."""

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.requests import ReportRequest
from lakehouse.tables import FAILURES, SILVER
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy

ORIGINS = {
    "failure": "reported",
    "overhaul": "overhaul",
    "removal": "removal",
    "retract": "retracted",
}


class ReportError(ValueError):
    """A report that cannot be true; the message says why."""


def report(request: ReportRequest, step: Step) -> Summary:
    """Write the report down.

    Raises:
        ReportError: there is no such engine, or it has flown since.
    """
    mine = (nw.col("fleet") == request.fleet, nw.col("engine") == request.engine)
    newest = collect(step.read(SILVER.name).filter(*mine).select(nw.col("cycle").max()))
    last = newest["cycle"][0]
    if last is None:
        raise ReportError(f"there is no engine {request.fleet}/{request.engine}")
    if request.origin == "failure" and request.cycle < last:
        raise ReportError(
            f"{request.fleet}/{request.engine} flew cycle {last}: "
            f"it cannot have failed at {request.cycle}"
        )
    most = last + step.home.profile.horizon_cycles
    if request.cycle > most:
        raise ReportError(
            f"{request.fleet}/{request.engine} was last heard at cycle {last}: deliver what it "
            f"flew since, or name a cycle up to {most}"
        )
    row = {
        "fleet": request.fleet,
        "engine": request.engine,
        "cycle": request.cycle,
        "reported_at": now(),
        "origin": ORIGINS[request.origin],
        "who": step.run.who,
        "reason": request.reason,
        "run_id": step.run.run_id,
    }
    step.append(FAILURES.name, lazy(pl.DataFrame([row])))
    step.note(f"{request.fleet}/{request.engine}: {request.origin} at cycle {request.cycle}")
    return {"origin": ORIGINS[request.origin], "cycle": request.cycle}
