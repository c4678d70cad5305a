"""What a person can decide about data, and in words why not: deliveries, schemas, limits."""

from threading import RLock

import narwhals as nw
from cachetools import LRUCache, cached

from app.queries import deliveries, limits, schemas
from lakehouse.profiles import Profile
from lakehouse.quality import DECISIONS, NORMALS
from lakehouse.requests import LimitRequest
from lakehouse.snapshots import Pinned
from lakehouse.validation.series.flights import regime_name


def decisions(state: str, kind: str) -> tuple[str, ...]:
    """What can be decided about a delivery in a state: accept, quarantine, both or neither."""
    if kind == "truth":
        return ()
    return tuple(name for name, (before, _after) in DECISIONS.items() if state in before)


def no_review(pinned: Pinned, delivery_id: str, decision: str) -> str:
    """Why a delivery cannot be reviewed so; empty when it can."""
    found = deliveries.one(pinned, delivery_id)
    if found is None:
        return f"There is no delivery {delivery_id}."
    if decision in decisions(found.state, found.kind):
        return ""
    if found.kind == "truth":
        return f"{delivery_id} holds no flights, so there is nothing to decide."
    before, after = DECISIONS[decision]
    return f"{delivery_id} is {found.state}: only what is {' or '.join(before)} can become {after}."


def no_decision(pinned: Pinned, schema_id: str, decision: str) -> str:
    """Why a schema cannot be decided on so; empty when it can."""
    found = schemas.one(pinned, schema_id)
    if found is None:
        return f"There is no schema {schema_id}."
    if found.holds:
        return f"{schema_id} holds already: accept another one to replace it."
    if decision == "reject" and found.last.state == "rejected":
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
    held = limits.held(pinned, limit.fleet, limit.sensor)
    lifts = limit.low is None and limit.high is None
    if lifts and limit.regime not in [each.regime for each in held]:
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
