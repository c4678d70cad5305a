"""Commits of a Delta log, read as the JSON that they are; both engines write the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.engines import LogEntry


def actions(path: Path, version: int) -> list[dict[str, Any]]:
    """The actions of one commit."""
    commit = path / "_delta_log" / f"{version:020d}.json"
    return [json.loads(line) for line in commit.read_text().splitlines() if line]


def oldest(path: Path) -> int:
    """The oldest commit that has not expired."""
    names = (file.stem for file in (path / "_delta_log").glob("*.json"))
    return min((int(name) for name in names if name.isdecimal()), default=0)


def entry(path: Path, version: int) -> LogEntry:
    """One commit as its ``commitInfo`` tells it."""
    found = actions(path, version)
    info: dict[str, Any] = next((a["commitInfo"] for a in found if "commitInfo" in a), {})
    return told(version, info)


def told(version: int, info: Mapping[str, Any]) -> LogEntry:
    """A commit as its ``commitInfo`` tells it; a note that is not ours is none."""
    try:
        metadata = json.loads(info.get("userMetadata") or "{}")
    except json.JSONDecodeError:
        metadata = {}
    return LogEntry(
        version=version,
        time=int(info.get("timestamp", 0)),
        operation=str(info.get("operation", "")),
        metrics=info.get("operationMetrics", {}),
        metadata=metadata if isinstance(metadata, dict) else {},
    )
