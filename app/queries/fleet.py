"""Read models of the fleet page: engines ranked by where their failure window opens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache, cached

from app.queries import anomalies, deliveries
from app.queries.anomalies import Count
from app.queries.deliveries import Blocked
from app.queries.states import IN_SERVICE, State, is_stale, shown, state_of
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned

STATUS = "gold/engine_status"
ROWS = 100
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class EngineRow:
    """One engine as the fleet page lists it; cycles are on the engine's own axis.

    Attributes:
        state: act, watch, stale, normal, unscored or failed.
        cycle: its newest cycle.
        window_to: None while the window is open (or while there is none).
        coverage: nominal coverage of the window.
        said_at: the cycle at which the window was said.
        trend: probability over its life, in percent.
        found: what was found in its data, None for nothing.
    """

    engine: str
    state: State
    cycle: int
    probability: float | None
    window_from: int | None
    window_to: int | None
    coverage: float | None
    said_at: int | None
    rul: float | None
    model_id: str | None
    data_status: str
    predicted_at: datetime | None
    failed_at: int | None
    received_at: datetime | None
    run_id: str | None
    cycles_seen: int
    trend: tuple[float, ...]
    why: str
    simulated: bool
    found: Count | None = None

    @property
    def opens(self) -> int | None:
        """Cycles from now until the window opens, 0 once it has."""
        return None if self.window_from is None else max(self.window_from - self.cycle, 0)

    @property
    def closes(self) -> int | None:
        """Cycles from now until the window closes, below 0 once it has; None while open."""
        return None if self.window_to is None else self.window_to - self.cycle


@dataclass(frozen=True)
class Ask:
    """What of a fleet is asked for.

    Attributes:
        state: one state, or empty for every engine in service.
        text: part of the engine's name.
        page: from 1.
    """

    fleet: str
    state: str = ""
    text: str = ""
    page: int = 1


@dataclass(frozen=True)
class FleetPage:
    """One page of a fleet and what stands over it.

    Attributes:
        rows: at most :data:`ROWS` engines, the one whose window opens first on top.
        found: engines that match, on all pages.
        counts: engines by state.
        next_engine: the engine whose window opens first.
        stale: the newest delivery is older than the profile's deadline.
        blocked: deliveries of the fleet that wait for a decision, None for none.
    """

    ask: Ask
    rows: tuple[EngineRow, ...] = ()
    found: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    next_engine: EngineRow | None = None
    received_at: datetime | None = None
    scored_at: datetime | None = None
    model_id: str | None = None
    stale: bool = False
    simulated: bool = False
    blocked: Blocked | None = None

    @property
    def in_service(self) -> int:
        """Engines that have not failed."""
        return sum(self.counts.get(state, 0) for state in IN_SERVICE)

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.found // ROWS))


@dataclass(frozen=True)
class Ranking:
    """All engines of one fleet in the order of the fleet page."""

    frame: pl.DataFrame
    place: Mapping[str, int]
    counts: Mapping[str, int]


def fleets(pinned: Pinned) -> tuple[str, ...]:
    """Names of the fleets, sorted."""
    return _fleets(pinned, pinned.version(STATUS))


@cached(LRUCache(8), key=lambda pinned, version: (pinned.lake, version), lock=RLock())
def _fleets(pinned: Pinned, _version: int | None) -> tuple[str, ...]:
    found = pinned.scan(STATUS).select("fleet").unique().sort("fleet").collect("polars")
    return tuple(str(name) for name in found["fleet"].to_list())


@cached(
    LRUCache(8),
    key=lambda pinned, profile, fleet: (pinned.lake, pinned.version(STATUS), profile.name, fleet),
    lock=RLock(),
)
def ranking(pinned: Pinned, profile: Profile, fleet: str) -> Ranking:
    """The fleet's engines, the one whose window opens first on top, the failed ones last."""
    gone = nw.col("state") == "failed"
    # What is left of a failed engine's window opens nothing any more.
    opens, closes = (
        nw.when(~gone).then(nw.col(end) - nw.col("cycle")) for end in ("window_from", "window_to")
    )
    frame = (
        pinned.scan(STATUS)
        .filter(nw.col("fleet") == fleet)
        .with_columns(shown=state_of(profile), opens=opens, closes=closes, gone=gone)
        .sort("gone", "opens", "closes", "engine", nulls_last=True)
        .collect("polars")
        .to_native()
    )
    place = {str(name): row for row, name in enumerate(frame["engine"])}
    counts = {str(state): int(n) for state, n in frame["shown"].value_counts().iter_rows()}
    return Ranking(frame, place, counts)


def fleet_page(pinned: Pinned, profile: Profile, ask: Ask, at: datetime) -> FleetPage:
    """One page of engines and the fleet's counts, with "stale" worked out for ``at``."""
    ranked = ranking(pinned, profile, ask.fleet)
    if ranked.frame.is_empty():
        return FleetPage(ask)
    received = _latest(ranked, "last_received_at")
    stale = is_stale(profile, received, at)
    found = _matching(ranked.frame, ask, stale)
    start = (min(max(ask.page, 1), max(1, -(-found.height // ROWS))) - 1) * ROWS
    first = ranked.frame.head(1).rows(named=True)[0]
    rows = [_row(row, stale) for row in found.slice(start, ROWS).iter_rows(named=True)]
    return FleetPage(
        ask,
        rows=_with_found(pinned, ask.fleet, rows),
        found=found.height,
        counts=_counts(ranked.counts, stale),
        next_engine=None if first["opens"] is None or first["gone"] else _row(first, stale),
        received_at=received,
        scored_at=_latest(ranked, "predicted_at"),
        model_id=pinned.snapshot.live.get(ask.fleet),
        stale=stale,
        simulated=bool(ranked.frame["simulated"].any()),
        blocked=deliveries.blocked(pinned, ask.fleet),
    )


def _with_found(pinned: Pinned, fleet: str, rows: list[EngineRow]) -> tuple[EngineRow, ...]:
    counts = anomalies.by_engine(pinned, fleet)
    return tuple(
        replace(row, found=counts[row.engine]) if row.engine in counts else row for row in rows
    )


def engine_row(
    pinned: Pinned, profile: Profile, fleet: str, engine: str, at: datetime
) -> EngineRow | None:
    """Where one engine stands; None when the fleet has no such engine."""
    ranked = ranking(pinned, profile, fleet)
    place = ranked.place.get(engine)
    if place is None:
        return None
    stale = is_stale(profile, _latest(ranked, "last_received_at"), at)
    return _row(ranked.frame.row(place, named=True), stale)


def neighbours(
    pinned: Pinned, profile: Profile, fleet: str, engine: str
) -> tuple[str | None, str | None]:
    """The engines before and after one, in the order of the fleet page."""
    ranked = ranking(pinned, profile, fleet)
    place = ranked.place.get(engine)
    if place is None:
        return None, None
    names = ranked.frame["engine"]
    before = str(names[place - 1]) if place > 0 else None
    after = str(names[place + 1]) if place + 1 < len(names) else None
    return before, after


def _latest(ranked: Ranking, column: str) -> datetime | None:
    found: Any = ranked.frame[column].max()
    return found if isinstance(found, datetime) else None


def _matching(frame: pl.DataFrame, ask: Ask, stale: bool) -> pl.DataFrame:
    state: Any = pl.col("shown")
    if stale:
        state = state.replace("normal", "stale")
    chosen = (state == ask.state) if ask.state else (pl.col("shown") != "failed")
    if ask.text:
        lower = pl.col("engine").str.to_lowercase()
        chosen = chosen & lower.str.contains(ask.text.lower(), literal=True)
    return frame.filter(chosen)


def _counts(counts: Mapping[str, int], stale: bool) -> Mapping[str, int]:
    if not stale:
        return counts
    return {("stale" if state == "normal" else state): n for state, n in counts.items()}


def _row(row: Mapping[str, Any], stale: bool) -> EngineRow:
    return EngineRow(
        engine=row["engine"],
        state=shown(row["shown"], stale),
        cycle=row["cycle"],
        probability=row["probability"],
        window_from=row["window_from"],
        window_to=row["window_to"],
        coverage=row["coverage"],
        said_at=row["said_at"],
        rul=row["rul"],
        model_id=row["model_id"],
        data_status=row["data_status"] or "ok",
        predicted_at=row["predicted_at"],
        failed_at=row["failed_at"],
        received_at=row["last_received_at"],
        run_id=row["run_id"],
        cycles_seen=row["cycles_seen"] or row["cycle"],
        trend=tuple(float(number) for number in _NUMBER.findall(row["trend"] or "")),
        why=row["why"] or "",
        simulated=bool(row["simulated"]),
    )
