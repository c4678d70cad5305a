"""Rows of a metadata store, read by a process of its own with SQLite alone.

ML Metadata links its own SQLite, so a process that uses it must never open the same file with
Python's (see :mod:`lakehouse.sqlite_copy`). ``python -m lakehouse.lineage.reading FILE SINCE`` is
the other process: it reads what was written since, in one transaction, and never writes. Why not
through ML Metadata's own library: docs/decisions/0007-reading-lineage.md.
"""

import contextlib
import json
import sqlite3
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

SCHEMA_VERSION = 10
"""The schema that the installed ML Metadata writes."""
SECONDS = 120
BUSY_MS = 2_000
Row = list[Any]
_VALUE = """coalesce(CAST(p.string_value AS TEXT), p.int_value, p.double_value, p.bool_value,
    CASE WHEN p.proto_value IS NOT NULL OR p.byte_value IS NOT NULL THEN '(binary)' END)"""
_ARTIFACTS = f"""
SELECT a.id, t.name, a.type_id, a.name, a.uri, a.state, a.create_time_since_epoch,
    a.last_update_time_since_epoch,
    (SELECT json_group_object(p.name, {_VALUE}) FROM ArtifactProperty p WHERE p.artifact_id = a.id)
FROM Artifact a LEFT JOIN Type t ON t.id = a.type_id
WHERE a.id > :artifact OR a.last_update_time_since_epoch >= :updated ORDER BY a.id"""  # noqa: S608
_EXECUTIONS = f"""
SELECT e.id, t.name, e.type_id, e.name, e.last_known_state, e.create_time_since_epoch,
    e.last_update_time_since_epoch,
    (SELECT json_group_object(p.name, {_VALUE}) FROM ExecutionProperty p
     WHERE p.execution_id = e.id)
FROM Execution e LEFT JOIN Type t ON t.id = e.type_id
WHERE e.id > :execution OR e.last_update_time_since_epoch >= :updated ORDER BY e.id"""  # noqa: S608
_EVENTS = """
SELECT v.id, v.artifact_id, v.execution_id, v.type,
    (SELECT p.step_key FROM EventPath p
     WHERE p.event_id = v.id AND p.step_key IS NOT NULL LIMIT 1)
FROM Event v WHERE v.id > :event ORDER BY v.id"""
_CONTEXTS = """
SELECT s.id, s.execution_id, t.name, c.name
FROM Association s JOIN Context c ON c.id = s.context_id LEFT JOIN Type t ON t.id = c.type_id
WHERE s.id > :context ORDER BY s.id"""
_QUERIES = {
    "artifacts": _ARTIFACTS, "executions": _EXECUTIONS, "events": _EVENTS, "contexts": _CONTEXTS,
    "types": "SELECT type_kind, name FROM Type ORDER BY id",
    "context_count": "SELECT count(*) FROM Context",
}  # fmt: skip


class StoreError(RuntimeError):
    """A store that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Since:
    """How far a store was read: the highest number of each kind, and the newest change."""

    artifact: int = 0
    execution: int = 0
    event: int = 0
    context: int = 0
    updated: int = 0


@dataclass(frozen=True)
class Rows:
    """What was written since: rows as the queries of this file have them."""

    artifacts: list[Row]
    executions: list[Row]
    events: list[Row]
    contexts: list[Row]
    types: list[Row]
    context_count: int

    def until(self, since: Since) -> Since:
        """How far the store is read with these rows."""
        changed = [*(row[7] or 0 for row in self.artifacts), *(r[6] or 0 for r in self.executions)]
        return Since(
            max((row[0] for row in self.artifacts), default=since.artifact),
            max((row[0] for row in self.executions), default=since.execution),
            max((row[0] for row in self.events), default=since.event),
            max((row[0] for row in self.contexts), default=since.context),
            max(changed, default=since.updated),
        )


def read_rows(file: Path, since: Since) -> Rows:
    """What was written to a store of today's schema since it was last read.

    Raises:
        StoreError: the file is busy, or is no store of that schema.
    """
    found = asked("lakehouse.lineage.reading", str(file), json.dumps(asdict(since)))
    return Rows(**found)


def asked(module: str, *words: str) -> Any:
    """What ``python -m module`` says, as JSON.

    Raises:
        StoreError: with the last line of what it complained of.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"it did not answer within {SECONDS} seconds") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreError(lines[-1] if lines else f"its reader ended with {done.returncode}")
    return orjson.loads(done.stdout)


def schema_version(file: sqlite3.Connection) -> int:
    """The schema version of an opened database, 0 for a store older than that number.

    Raises:
        StoreError: it is no metadata store.
    """
    names = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = {"Artifact", "Execution", "Event", "Type"} - names
    if missing:
        raise StoreError(
            f"it is no ML Metadata store: it has no table {', '.join(sorted(missing))}"
        )
    if "MLMDEnv" not in names:
        return 0
    row = file.execute("SELECT max(schema_version) FROM MLMDEnv").fetchone()
    return int(row[0] or 0)


def _read(file: Path, since: dict[str, int]) -> dict[str, Any]:
    # Writable, as a crashed writer's journal must be rolled back; but nothing is written.
    address = f"{file.absolute().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as store:
        store.text_factory = lambda raw: raw.decode("utf-8", "replace")
        store.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        store.execute("PRAGMA query_only=1")
        store.execute("BEGIN")
        version = schema_version(store)
        if version != SCHEMA_VERSION:
            raise StoreError(f"its schema is version {version}, not {SCHEMA_VERSION}")
        found: dict[str, Any] = {
            name: store.execute(query, since).fetchall() for name, query in _QUERIES.items()
        }
    return found | {"context_count": found["context_count"][0][0]}


def main() -> None:
    """Read the file that the command line names, and print it."""
    try:
        found = _read(Path(sys.argv[1]), json.loads(sys.argv[2]))
    except (sqlite3.Error, StoreError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(orjson.dumps(found))


if __name__ == "__main__":
    main()
