"""What a person can decide about data, and in words why not: deliveries, schemas, limits."""

from collections.abc import Mapping
from threading import RLock
from typing import Any

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.profiles import Profile
from lakehouse.quality import DECISIONS, LIMITS, NORMALS, SCHEMAS
from lakehouse.requests import LimitRequest
from lakehouse.snapshots import Pinned
from lakehouse.validation.series.flights import regime_name

DELIVERIES = "bronze/deliveries"


def delivery(pinned: Pinned, delivery_id: str) -> Mapping[str, Any] | None:
    """State, kind and reason of a delivery, None when there is none."""
    mine = nw.col("delivery_id") == delivery_id
    rows = pinned.scan(DELIVERIES).filter(mine).select("state", "kind", "reason")
    found = rows.collect("polars").rows(named=True)
    return found[0] if found else None


def decisions(state: str, kind: str) -> tuple[str, ...]:
    """What can be decided about a delivery in a state: accept, quarantine, both or neither."""
    if kind == "truth":
        return ()
    return tuple(name for name, (before, _after) in DECISIONS.items() if state in before)


def no_review(found: Mapping[str, Any] | None, delivery_id: str, decision: str) -> str:
    """Why a delivery cannot be reviewed so; empty when it can."""
    if found is None:
        return f"There is no delivery {delivery_id}."
    state, kind = found["state"], found["kind"]
    if decision in decisions(state, kind):
        return ""
    if kind == "truth":
        return f"{delivery_id} holds no flights, so there is nothing to decide."
    before, after = DECISIONS[decision]
    return f"{delivery_id} is {state}: only what is {' or '.join(before)} can become {after}."


def schema_states(pinned: Pinned, schema_id: str) -> tuple[str, ...]:
    """What a schema was, oldest first, and ``holds`` last if it is its fleet's now."""
    rows = pinned.scan(SCHEMAS.name).select("schema_id", "fleet", "state", "at").sort("at")
    every = rows.collect("polars").rows(named=True)
    mine = [row for row in every if row["schema_id"] == schema_id]
    fleets = {row["fleet"] for row in mine}
    accepted = [row for row in every if row["state"] == "accepted" and row["fleet"] in fleets]
    holds = bool(accepted) and accepted[-1]["schema_id"] == schema_id
    return (*(str(row["state"]) for row in mine), *(("holds",) if holds else ()))


def no_decision(states: tuple[str, ...], schema_id: str, decision: str) -> str:
    """Why a schema cannot be decided on so; empty when it can."""
    if not states:
        return f"There is no schema {schema_id}."
    if states[-1] == "holds":
        return f"{schema_id} holds already: accept another one to replace it."
    if decision == "reject" and states[-1] == "rejected":
        return f"{schema_id} is rejected already."
    return ""


def no_limit(pinned: Pinned, profile: Profile, limit: LimitRequest) -> str:
    """Why a limit cannot be set so; empty when it can."""
    if limit.sensor not in profile.signal_names:
        return f"There is no sensor {limit.sensor!r}. Known: {', '.join(profile.signal_names)}."
    known = regimes(pinned, profile, limit.fleet)
    if limit.regime is not None and limit.regime not in known:
        names = ", ".join(known) or "none so far"
        return f"{limit.fleet} does not fly in a regime {limit.regime!r}. Known: {names}."
    if limit.low is None and limit.high is None and not _limited(pinned, limit):
        return "Give a lowest or a highest value: there is no limit here that could be lifted."
    return ""


@cached(
    LRUCache(64),
    key=lambda pinned, profile, fleet: (
        pinned.lake,
        pinned.version(NORMALS.name),
        profile.name,
        fleet,
    ),
    lock=RLock(),
)
def regimes(pinned: Pinned, profile: Profile, fleet: str) -> tuple[str, ...]:
    """Names of the regimes that a fleet flies in; one that never leaves its only one has none."""
    rows = pinned.scan(NORMALS.name).filter(nw.col("fleet") == fleet).select("regime").unique()
    numbers = sorted(rows.collect("polars")["regime"].to_list())
    return tuple(regime_name(int(number), profile) for number in numbers)


def _limited(pinned: Pinned, limit: LimitRequest) -> bool:
    """Whether a limit of that sensor and regime is in force."""
    mine = (nw.col("fleet") == limit.fleet, nw.col("sensor") == limit.sensor)
    rows = pinned.lake.scan(LIMITS.name).filter(*mine).sort("valid_from").collect("polars")
    same = [row for row in rows.rows(named=True) if row["regime"] == limit.regime]
    return bool(same) and (same[-1]["low"] is not None or same[-1]["high"] is not None)
