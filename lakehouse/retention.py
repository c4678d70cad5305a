"""What may be let go of old versions, and what a published model's proof still needs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lakehouse.commits import BrokenLogError, Committed, DeltaLog
from lakehouse.history import table_history
from lakehouse.lake import Lake
from lakehouse.pins import Pin, by_table
from lakehouse.snapshots import pin
from lakehouse.tables import DELIVERIES, ENGINE_STATUS, SILVER, TABLES


@dataclass(frozen=True)
class Kept:
    """A version that is old enough to go but that models learned from."""

    table: str
    version: int
    models: tuple[str, ...]


@dataclass(frozen=True)
class Lost:
    """A version that a model learned from and that can no longer be read.

    Attributes:
        model_id: the model that can no longer be proven.
        fleet: its fleet.
        table: the table.
        version: the version.
        detail: what is missing.
    """

    model_id: str
    fleet: str
    table: str
    version: int
    detail: str


def lost(lake: Lake, pins: Iterable[Pin]) -> tuple[Lost, ...]:
    """The models whose data can no longer be read, by table and version."""
    pins = tuple(pins)
    # One log a table, so that it is listed once however many models learned from it.
    logs = {table: DeltaLog(lake.path(table)) for table in {entry.table for entry in pins}}
    details: dict[tuple[str, int], str] = {}
    found = []
    for entry in pins:
        at = entry.table, entry.version
        if at not in details:
            details[at] = missing(logs[entry.table], entry.version)
        if details[at]:
            found.append(Lost(entry.model_id, entry.fleet, *at, details[at]))
    return tuple(found)


def let_go(commits: Iterable[Committed]) -> Callable[[int], bool]:
    """Tells of a version whether maintenance says that it let files of it go.

    It says so in the note of its commits. Older ones noted what they kept instead; one without a
    note kept the newest only.
    """
    vacuums = [commit for commit in commits if "VACUUM" in commit.entry.operation]
    gone = {v for commit in vacuums for v in _noted(commit.entry.metadata, "let_go")}
    older = [
        (commit.version, frozenset(_noted(commit.entry.metadata, "kept")))
        for commit in vacuums
        if "let_go" not in commit.entry.metadata
    ]
    return lambda version: (
        version in gone or any(at > version and version not in kept for at, kept in older)
    )


def _noted(note: Mapping[str, object], name: str) -> Iterable[int]:
    versions = note.get(name)
    return versions if isinstance(versions, list) else ()


def kept(lake: Lake, pins: Iterable[Pin], days: int, now: datetime) -> tuple[Kept, ...]:
    """The versions that only their pins keep from being let go."""
    pins = tuple(pins)
    found = []
    for table in sorted({entry.table for entry in pins}):
        models = by_table(pins, table)
        for facts in table_history(lake, table, days=days):
            due = facts.kept_until is not None and facts.kept_until <= now
            if facts.version in models and due and facts.readable:
                found.append(Kept(table, facts.version, models[facts.version]))
    return tuple(found)


FOREVER = frozenset({DELIVERIES.name})
"""Tables of which every version stays: by what people had decided then, old rows are proven."""


def needed(lake: Lake, pins: Iterable[Pin]) -> dict[str, set[int]]:
    """Versions of each table that must stay.

    The newest, the newest snapshot's, the pinned, and those of silver up to which inference has
    caught up with a fleet: from there it looks for what is new, however long the fleet was idle.
    """
    found = {name: {version} for name, version in lake.versions().items()}
    if SILVER.name in found:
        status = lake.scan(ENGINE_STATUS.name).select("silver_version").unique()
        found[SILVER.name] |= set(status.drop_nulls().collect("polars")["silver_version"].to_list())
    for name, version in pin(lake).snapshot.versions.items():
        found[name].add(version)
    for entry in pins:
        found.setdefault(entry.table, set()).add(entry.version)
    return {name: versions & _told(lake, name) for name, versions in found.items()}


def refused_transforms(
    lake: Lake, name: str, keep: Iterable[str], judged: Mapping[str, datetime], due: datetime
) -> tuple[str, ...]:
    """Transforms whose rows a table partitioned by them holds for nobody.

    Args:
        lake: holds it.
        name: a table partitioned by transform_id.
        keep: transforms that are in use.
        judged: transform to when its model was judged; one that never was is left alone.
        due: only those that were judged before that go.
    """
    version = lake.version(name)
    if version is None or "transform_id" not in TABLES[name].partitions:
        return ()
    files = DeltaLog(lake.path(name)).at(version).files.values()
    there = {str(file.partitions["transform_id"]) for file in files}
    old = {transform for transform, time in judged.items() if time <= due}
    return tuple(sorted((there - set(keep)) & old))


def _told(lake: Lake, name: str) -> set[int]:
    """Versions that the log still tells of."""
    log = DeltaLog(lake.path(name))
    return set(log.commit_files()) | set(log.checkpoints())


def missing(log: DeltaLog, version: int) -> str:
    """Why a version of a table cannot be read, empty when it can."""
    try:
        files = log.at(version).files.values()
    except BrokenLogError as error:
        return str(error)
    gone = [file.path for file in files if not (log.path / file.file).is_file()]
    return f"{len(gone)} of {len(files)} data files are gone" if gone else ""
