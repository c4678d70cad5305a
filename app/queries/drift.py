"""Drift: what came in, held against exactly the data that the live model learnt from."""

from dataclasses import dataclass, field
from hashlib import sha256
from threading import RLock
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache, cached

from app.queries import statistics
from app.queries.schemas import in_force, schemas
from app.queries.statistics import Published
from app.queries.taught import Taught, taught_by
from app.services import Services
from lakehouse.artifacts import BrokenArtifactError
from lakehouse.snapshots import Pinned
from lakehouse.validation.comparison import Compared, compare, limits
from lakehouse.validation.files import published_statistics, read_schema
from lakehouse.validation.in_memory import statistics_in_memory

SILVER = "silver/readings"
FEATURES = "gold/features"
STATUS = "gold/engine_status"
# Blocks of engines that lie together in the files, so that a few parts of them are read.
BLOCKS = 4
MOST_FLIGHTS = 8_000
# The model has no threshold of its own: where the schema says nothing, this is worth a look.
LOOK = 0.3


@dataclass(frozen=True)
class Drifted:
    """Columns held against what the live model learnt from.

    Attributes:
        columns: training left, what came right.
        allowed: the largest distance that is allowed each column.
        flights: how many flights of what came were looked at.
        problem: why there is no comparison, empty when there is one.
    """

    columns: tuple[Compared, ...] = ()
    allowed: dict[str, float] = field(default_factory=dict)
    flights: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Arrived:
    """Flights that came after the live model's data: how many, of which engines, from where on.

    Attributes:
        engines: engine to the last cycle that the model's data had of it.
        flights: how many there are.
    """

    engines: dict[str, int]
    flights: int


def live_model(services: Services, pinned: Pinned, fleet: str) -> Taught | None:
    """What the model that was live at the snapshot learnt from; None without model or record."""
    name = pinned.snapshot.live.get(fleet)
    return taught_by(services, name) if name else None


def candidates(services: Services, pinned: Pinned, fleet: str) -> tuple[Published, ...]:
    """Deliveries to hold against the training data, newest first, those in service first."""
    mine = [d for d in statistics.deliveries(services.settings, pinned) if d.fleet == fleet]
    return tuple(sorted(mine, key=lambda each: each.kind != "in_service"))


def raw_drift(pinned: Pinned, model: Taught, delivery: Published | None) -> Drifted:
    """Settings and sensors of a delivery against the flights that taught the model."""
    if model.flights is None:
        return Drifted(problem="no_training")
    if delivery is None:
        return Drifted(problem="no_delivery")
    both = statistics.pair(_as_published(model), delivery)
    columns = tuple(each for each in both.columns if each.name not in ("engine", "cycle"))
    allowed = _allowed(pinned, model.fleet)
    return Drifted(columns, allowed, delivery.rows or 0, both.problem)


def feature_drift(pinned: Pinned, model: Taught) -> Drifted:
    """The model's inputs: those of flights that came since against those that taught it."""
    if model.features is None:
        return Drifted(problem="no_training")
    came = arrived(pinned, model.fleet, model.silver_version)
    if not came.flights:
        return Drifted(problem="nothing_new")
    try:
        columns, flights = _features(pinned, model)
    except (BrokenArtifactError, ValueError, OSError, StopIteration) as error:
        return Drifted(problem=f"These statistics cannot be read: {error}")
    return Drifted(columns, {each.name: LOOK for each in columns}, flights)


@cached(
    LRUCache(32),
    key=lambda pinned, fleet, silver: (pinned.lake, pinned.version(STATUS), fleet, silver),
    lock=RLock(),
)
def arrived(pinned: Pinned, fleet: str, silver_version: int) -> Arrived:
    """Flights beyond the last one of each engine in a version of silver."""
    mine = nw.col("fleet") == fleet
    before = pinned.lake.scan(SILVER, silver_version).filter(mine)
    known = before.group_by("engine").agg(nw.col("cycle").max().alias("last"))
    now = pinned.scan(STATUS).filter(mine).select("engine", "cycle")
    both = now.join(known, on="engine", how="left").with_columns(nw.col("last").fill_null(0))
    rows = both.filter(nw.col("cycle") > nw.col("last")).sort("engine").collect("polars")
    found: pl.DataFrame = rows.to_native()
    last = dict(found.select("engine", "last").iter_rows())
    return Arrived(last, int((found["cycle"] - found["last"]).sum()))


@cached(
    LRUCache(16),
    key=lambda pinned, model: (
        pinned.lake,
        pinned.version(FEATURES),
        pinned.version(STATUS),
        model,
    ),
    lock=RLock(),
)
def _features(pinned: Pinned, model: Taught) -> tuple[tuple[Compared, ...], int]:
    assert model.features is not None  # noqa: S101  (asked for by feature_drift alone)
    training = published_statistics(model.features.folder)
    came = arrived(pinned, model.fleet, model.silver_version)
    names = [each.name for each in compare(training, training)]
    rows = _sample(pinned, model, came, names)
    return compare(training, statistics_in_memory(rows.select(names))), rows.height


def _sample(pinned: Pinned, model: Taught, came: Arrived, names: list[str]) -> pl.DataFrame:
    """Features of a few blocks of neighbouring engines, each block from its own place."""
    lazy = pinned.scan(FEATURES)
    there = [name for name in names if name in lazy.collect_schema().names()]
    mine = (nw.col("transform_id") == model.transform_id, nw.col("fleet") == model.fleet)
    since = pl.DataFrame({"engine": list(came.engines), "last": list(came.engines.values())})
    parts = [
        _read(lazy.filter(*mine).select("engine", "cycle", *there), first, last)
        for first, last in _blocks(came)
    ]
    rows = pl.concat(parts).join(since, on="engine").filter(pl.col("cycle") > pl.col("last"))
    lost = [pl.lit(None, pl.Float32).alias(name) for name in names if name not in there]
    return rows.with_columns(*lost)


def _read(rows: nw.LazyFrame[Any], first: str, last: str) -> pl.DataFrame:
    inside = (nw.col("engine") >= first, nw.col("engine") <= last)
    found: pl.DataFrame = rows.filter(*inside).collect("polars").to_native()
    return found


def _blocks(came: Arrived) -> list[tuple[str, str]]:
    """First and last engine of each block; all engines in one where they are few."""
    engines = list(came.engines)
    if came.flights <= MOST_FLIGHTS:
        return [(engines[0], engines[-1])]
    size = max(1, round(MOST_FLIGHTS / came.flights * len(engines) / BLOCKS))
    room = len(engines) // BLOCKS
    seed = int(sha256("/".join(engines[:8]).encode()).hexdigest()[:8], 16)
    starts = [block * room + seed % max(1, room - size + 1) for block in range(BLOCKS)]
    return [(engines[at], engines[min(at + size, len(engines)) - 1]) for at in starts]


def _allowed(pinned: Pinned, fleet: str) -> dict[str, float]:
    held = in_force(schemas(pinned, fleet))
    return {} if held is None else dict(limits(read_schema(held.text), "skew"))


def _as_published(model: Taught) -> Published | None:
    if model.flights is None:
        return None
    told = model.flights
    return Published(
        model.transform_id, model.fleet, "training", model.model_id, None, told.rows, told.folder
    )
