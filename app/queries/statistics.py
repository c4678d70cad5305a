"""The statistics that runs have published, and any two of them side by side."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock

import narwhals as nw
from cachetools import LRUCache, cached

from app.queries.deliveries import file_name
from app.queries.taught import Statistics, Taught, taught
from app.services import Services
from lakehouse.artifacts import BrokenArtifactError
from lakehouse.clock import moment
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned
from lakehouse.validation.comparison import Compared, compare
from lakehouse.validation.files import published_statistics

DELIVERIES = "bronze/deliveries"
SILVER = "silver/readings"
MOST_DELIVERIES = 200
KINDS = {
    "history": "history",
    "in_service": "in service",
    "training": "training flights",
    "features": "training features",
}


@dataclass(frozen=True)
class Published:
    """Statistics that a run has published.

    Attributes:
        name: name of the artifact.
        fleet: the fleet.
        kind: a key of :data:`KINDS`.
        source: the delivered file, or the models that learnt from it.
        time: when it arrived or was published.
        rows: flights that it tells of, None where that was not written down.
        folder: where it lies.
        silver_version: version of silver/readings that it is of, None for a delivery.
    """

    name: str
    fleet: str
    kind: str
    source: str
    time: datetime | None
    rows: int | None
    folder: Path
    silver_version: int | None = None


@dataclass(frozen=True)
class Pair:
    """Two statistics, column by column; ``problem`` says why there is no comparison."""

    columns: tuple[Compared, ...] = ()
    problem: str = ""


def published(services: Services, pinned: Pinned) -> tuple[Published, ...]:
    """All there are at a snapshot: what models learnt from, then deliveries, newest first."""
    until = pinned.snapshot.time
    known = [each for each in taught(services) if until is None or each.time <= _stamp(until)]
    models: dict[str, list[Taught]] = {}
    for each in known:
        models.setdefault(each.transform_id, []).append(each)
    found = [entry for same in models.values() for entry in _training(same)]
    return (*found, *deliveries(services.settings, pinned))


@cached(
    LRUCache(16),
    key=lambda settings, pinned: (settings.home, pinned.lake, pinned.version(DELIVERIES)),
    lock=RLock(),
)
def deliveries(settings: Settings, pinned: Pinned) -> tuple[Published, ...]:
    """The newest deliveries whose statistics were published, newest first."""
    names = ("delivery_id", "fleet", "kind", "source", "member", "received_at", "accepted")
    of = (nw.col("kind") != "truth", nw.col("accepted") > 0)
    rows = pinned.scan(DELIVERIES).filter(*of).sort("received_at", descending=True)
    newest = rows.head(MOST_DELIVERIES).select(*names).collect("polars").rows(named=True)
    folder = settings.artifacts / "StatisticsGen"
    return tuple(
        Published(
            row["delivery_id"], row["fleet"], row["kind"], file_name(row["source"], row["member"]),
            row["received_at"], row["accepted"], folder / row["delivery_id"],
        )
        for row in newest
        if (folder / row["delivery_id"]).is_dir()
    )  # fmt: skip


def find(every: tuple[Published, ...], name: str) -> Published | None:
    """The one of that name; ``silver/readings@3`` names what was learnt from that version."""
    table, at, version = name.rpartition("@")
    if at and table == SILVER and version.isdecimal():
        wanted = int(version)
        return next((each for each in every if each.silver_version == wanted), None)
    return next((each for each in every if each.name == name), None)


def offered(every: tuple[Published, ...], fleet: str = "") -> tuple[str, str]:
    """What to put side by side first: what the newest model learnt from, and what came last."""
    fleet = fleet or (every[0].fleet if every else "")
    mine = [each for each in every if each.fleet == fleet and each.kind != "features"]
    learnt = [each for each in mine if each.kind == "training"]
    came = [each for each in mine if each.kind != "training"]
    serving = [each for each in came if each.kind == "in_service"] or came
    pair = [*learnt[:1], *serving[:1]] if learnt else came[1::-1]
    names = [each.name for each in pair] + ["", ""]
    return names[0], names[1]


def pair(left: Published | None, right: Published | None) -> Pair:
    """Both column by column."""
    if left is None or right is None:
        return Pair()
    try:
        return Pair(_compared(left.folder, right.folder))
    except (BrokenArtifactError, ValueError, OSError, StopIteration) as error:
        return Pair(problem=f"These statistics cannot be read: {error}")


# What is published never changes, so its folder is the key.
@cached(LRUCache(32), lock=RLock())
def _compared(left: Path, right: Path) -> tuple[Compared, ...]:
    return compare(published_statistics(left), published_statistics(right))


def _training(same: list[Taught]) -> list[Published]:
    """Flights and features of the models that one transform has."""
    first, names = same[-1], ", ".join(each.model_id for each in same)
    kinds = (("training", "", first.flights), ("features", ".features", first.features))
    return [_taught(first, kind, names, (suffix, told)) for kind, suffix, told in kinds if told]


def _taught(first: Taught, kind: str, models: str, where: tuple[str, Statistics]) -> Published:
    suffix, told = where
    time = moment(first.time)
    name = f"{first.transform_id}{suffix}"
    version = first.silver_version
    return Published(name, first.fleet, kind, models, time, told.rows, told.folder, version)


def _stamp(time: datetime) -> float:
    return time.timestamp() * 1000
