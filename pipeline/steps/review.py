"""Decisions of people about data: a delivery let in or kept out, a limit set."""

from hashlib import sha256

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.quality import DECISIONS, LIMITS, NORMALS
from lakehouse.requests import LimitRequest, ReviewRequest
from lakehouse.tables import DELIVERIES
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy


class ReviewError(ValueError):
    """A decision that cannot be taken; the message says why."""


def review(request: ReviewRequest, step: Step) -> Summary:
    """Write down what becomes of a delivery; silver follows in the next step.

    Raises:
        ReviewError: there is no such delivery, or it is in a state that leaves nothing to decide.
    """
    mine = nw.col("delivery_id") == request.delivery_id
    rows = collect(step.read(DELIVERIES.name).filter(mine))
    if rows.is_empty():
        raise ReviewError(f"there is no delivery {request.delivery_id}")
    row = rows.row(0, named=True)
    before, after = DECISIONS[request.decision]
    # A retry finds what its first attempt decided; what follows from it is still to do.
    done = step.home.lake.did(DELIVERIES.name, step.commit(request.delivery_id))
    if row["state"] not in before and not done:
        raise ReviewError(
            f"{request.delivery_id} is {row['state']}: only what is {' or '.join(before)} can be"
            f" {after}"
        )
    if row["kind"] == "truth":
        raise ReviewError(f"{request.delivery_id} holds no flights, so there is nothing to decide")
    decided = rows.with_columns(
        state=pl.lit(after), reason=pl.lit(f"{step.run.who}: {request.reason}")
    )
    step.merge(DELIVERIES.name, lazy(decided), part=request.delivery_id)
    # They may have been worked out from the very records that are no longer believed.
    forget_normals(step, row["fleet"], request.delivery_id)
    step.note(f"{request.delivery_id}: {after}: {request.reason}")
    told = {"delivery_id": request.delivery_id, "fleet": row["fleet"], "kind": row["kind"]}
    return told | {"before": row["state"], "after": after}


def forget_normals(step: Step, fleet: str, part: str) -> None:
    """Let what is normal for a fleet be worked out anew, from what silver says next time."""
    none = step.home.lake.empty(NORMALS.name)
    step.replace(NORMALS.name, none, {"fleet": [fleet]}, part=part)


def set_limit(request: LimitRequest, step: Step) -> Summary:
    """Write a limit down; the newest of a sensor and regime holds.

    Raises:
        ReviewError: the profile has no such sensor.
    """
    if request.sensor not in step.home.profile.signal_names:
        known = ", ".join(step.home.profile.signal_names)
        raise ReviewError(f"there is no sensor {request.sensor!r}. Known: {known}")
    limit_id = f"l-{sha256(step.origin.encode()).hexdigest()[:12]}"
    row = {
        "limit_id": limit_id,
        "fleet": request.fleet,
        "regime": request.regime,
        "sensor": request.sensor,
        "low": request.low,
        "high": request.high,
        "author": step.run.who,
        "reason": request.reason,
        "valid_from": now(),
    }
    types = {"regime": pl.String, "low": pl.Float64, "high": pl.Float64}
    step.append(LIMITS.name, lazy(pl.DataFrame([row], schema_overrides=types)))
    step.note(f"{request.fleet}/{request.sensor}: limit {limit_id}")
    return {"limit_id": limit_id, "fleet": request.fleet}
