"""Which tables of a snapshot can no longer be read: maintenance let their versions go."""

from collections.abc import Iterable

from lakehouse.commits import BrokenLogError, DeltaLog
from lakehouse.snapshots import Pinned


def let_go(pinned: Pinned, tables: Iterable[str] | None = None) -> tuple[str, ...]:
    """Tables, all or some, of which a file is gone at the snapshot, as ``silver/readings v3``."""
    versions = pinned.snapshot.versions
    named = sorted(versions if tables is None else set(tables) & versions.keys())
    return tuple(
        f"{name} v{versions[name]}" for name in named if not _is_there(pinned, name, versions[name])
    )


def _is_there(pinned: Pinned, name: str, version: int) -> bool:
    log = DeltaLog(pinned.lake.path(name))
    try:
        files = log.at(version).files.values()
    except BrokenLogError:
        return False
    return all((log.path / file.file).is_file() for file in files)
