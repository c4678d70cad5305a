"""The states of an engine in words, worked out on reading and never stored."""

from datetime import datetime
from typing import Any, Literal

import narwhals as nw

from lakehouse.profiles import Profile

State = Literal["act", "watch", "stale", "normal", "unscored", "failed"]
IN_SERVICE: tuple[State, ...] = ("act", "watch", "stale", "normal", "unscored")
STATES: tuple[State, ...] = (*IN_SERVICE, "failed")


def state_of(profile: Profile) -> nw.Expr:
    """Expression over ``gold/engine_status``: act, watch, normal, unscored or failed.

    Stale is left out: it depends on the clock, see :func:`is_stale`.
    """
    opens = nw.col("window_from") - nw.col("cycle")
    state = (
        nw.when(nw.col("model_id").is_null()).then(nw.lit("unscored")).otherwise(nw.lit("normal"))
    )
    state = nw.when(opens <= profile.watch_cycles).then(nw.lit("watch")).otherwise(state)
    act = nw.col("probability") >= profile.act_probability
    state = nw.when(act).then(nw.lit("act")).otherwise(state)
    return nw.when(nw.col("state") == "failed").then(nw.lit("failed")).otherwise(state)


def is_stale(profile: Profile, received: datetime | None, at: datetime) -> bool:
    """Whether a fleet's newest delivery is older than the profile's deadline."""
    return received is not None and at - received > profile.stale_after


def shown(state: Any, stale: bool) -> State:
    """The state to show: old data hides a "normal", never an alarm or a failure."""
    found: State = state
    return "stale" if stale and found == "normal" else found
