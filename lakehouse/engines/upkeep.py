"""Upkeep of one Delta table, below either engine: checkpoint, vacuum, expiry of log entries."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable

from lakehouse.commits import DataFile, DeltaLog


def checkpoint(path: Path) -> None:
    """Write the newest version's state beside the log, so that opening it reads fewer commits.

    One that is there already stays as it is: what it hashes to may have been noted.
    """
    table = DeltaTable(path)
    if table.version() not in DeltaLog(path).checkpoints():
        table.create_checkpoint()


def vacuum(path: Path, keep: Collection[int], days: int, note: Mapping[str, Any]) -> dict[str, int]:
    """Delete files that no kept version needs and that were replaced more than ``days`` ago.

    Args:
        path: the table's folder.
        keep: versions that must stay readable beside the newest.
        days: files that were replaced later than that stay, whoever needs them.
        note: what the two commits say of what was done, beside the versions that can no longer be
            read for it (``let_go``); there are none where nothing was done.

    Returns:
        File, inside the table's folder, to its bytes.
    """
    table = DeltaTable(path)
    versions = sorted({*keep, table.version()})
    listed = table.vacuum(
        days * 24, dry_run=True, enforce_retention_duration=False, keep_versions=versions
    )
    # Delta lists what it once removed, whether it is still there or not.
    files = {DataFile(name, 0).file: path / DataFile(name, 0).file for name in listed}
    found = {name: file.stat().st_size for name, file in files.items() if file.is_file()}
    if found:
        said = json.dumps({**note, "let_go": _needing(path, found)}, sort_keys=True)
        table.vacuum(
            days * 24,
            dry_run=False,
            enforce_retention_duration=False,
            keep_versions=versions,
            commit_properties=CommitProperties(custom_metadata={"userMetadata": said}),
        )
    return found


def _needing(path: Path, files: Collection[str]) -> list[int]:
    """Versions that need one of these files."""
    return [
        commit.version
        for commit, state in DeltaLog(path).walk()
        if any(file.file in files for file in state.files.values())
    ]


def expire_log(path: Path, oldest: int, before: int) -> int:
    """Delete log entries behind the newest checkpoint that no needed version lies before.

    Args:
        path: the table's folder.
        oldest: the oldest version that must stay readable.
        before: milliseconds since 1970; later commits stay.

    Returns:
        How many commits were let go.
    """
    log = DeltaLog(path)
    times = {commit.version: commit.entry.time for commit in log.commits()}
    bases = [v for v in log.checkpoints() if v <= oldest and times.get(v, before) < before]
    if not bases:
        return 0
    base = max(bases)
    # Checkpoints last, so that whatever is left of the log can be read at any moment.
    gone = [file for version, file in log.commit_files().items() if version < base]
    for file in (*gone, *(f for v, files in log.checkpoints().items() if v < base for f in files)):
        file.unlink()
    return len(gone)
