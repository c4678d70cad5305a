"""The lake: read, append, replace, merge, history and restore by table name and version.

A write is named by the piece of work it does, so that the same work done again writes nothing
(delta-rs records the transaction, this file enforces it). Every commit says which run, step, person
and input versions it came from, and what the table's content then was.
"""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse import VERSION
from lakehouse.content import Content
from lakehouse.contract import Table
from lakehouse.engines import Added, ByGroup, Engine, LogEntry, Where, Write
from lakehouse.tables import TABLES
from lakehouse.writes import NOTHING, Commit, Plan


class Lake:
    """All tables under one folder, through one engine.

    Attributes:
        engine: what reads and writes large tables.
    """

    def __init__(self, root: Path, engine: Engine) -> None:
        self.engine = engine
        self._root = root
        self._writing = threading.RLock()

    def path(self, name: str) -> Path:
        """Folder of a table of the contracts.

        Raises:
            KeyError: there is no such table.
        """
        return self._root / TABLES[name].name

    def version(self, name: str) -> int | None:
        """The newest version of a table, or None while it does not exist."""
        return self.engine.version(self.path(name))

    def versions(self) -> dict[str, int]:
        """The newest version of every table that exists."""
        found = {name: self.version(name) for name in TABLES}
        return {name: version for name, version in found.items() if version is not None}

    def scan(self, name: str, version: int | None = None) -> nw.LazyFrame[Any]:
        """Rows of a table at a version (default: the newest); none while it does not exist."""
        if version is None:
            version = self.version(name)
        if version is None:
            return self.empty(name)
        return self._of(name).scan(self.path(name), version)

    def look_up(self, name: str, version: int | None) -> nw.LazyFrame[Any]:
        """Rows through this process, for those of a few machines; none at version None."""
        near = self.engine.near
        if version is None:
            return near.empty(TABLES[name])
        return near.scan(self.path(name), version)

    def empty(self, name: str) -> nw.LazyFrame[Any]:
        """No rows of a table: what a page shows before the first run."""
        return self._of(name).empty(TABLES[name])

    def frame(self, rows: pl.DataFrame) -> nw.LazyFrame[Any]:
        """A few rows of this process as a frame that joins with those of large tables."""
        return self.engine.frame(rows)

    def held(self, frame: nw.LazyFrame[Any]) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """A frame of large tables worked out once, however often it is used in the block."""
        return self.engine.held(frame)

    def by_unit(self, frame: nw.LazyFrame[Any], function: ByGroup) -> nw.LazyFrame[Any]:
        """What ``function`` makes of whole machines' rows, in the order of their cycles.

        Args:
            frame: fleet, engine, cycle and further columns, of a large table.
            function: each machine must come out the same whichever others it is given with.
        """
        return self.engine.map_groups(frame, ("fleet", "engine"), "cycle", function)

    def by_age(self, frame: nw.LazyFrame[Any], function: ByGroup) -> nw.LazyFrame[Any]:
        """What ``function`` makes of whole fleets' rows of the same cycle.

        Args:
            frame: fleet, engine, cycle and further columns, of a large table.
            function: each age must come out the same whichever others it is given with.
        """
        return self.engine.map_groups(frame, ("fleet", "cycle"), "engine", function)

    def job(self, name: str, cancelled: Callable[[], bool]) -> AbstractContextManager[None]:
        """A block whose work on large tables is ended as soon as ``cancelled`` says so."""
        return self.engine.job(name, cancelled)

    def append(self, name: str, frame: nw.LazyFrame[Any], commit: Commit) -> int | None:
        """Add rows; returns the version that holds them, None when there was nothing to write."""

        engine = self._of(name)

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> Plan:
            added = engine.content(rows)
            return Plan(
                before, Content(), added, lambda note: engine.append(path, TABLES[name], rows, note)
            )

        return self._commit(name, frame, commit, write)

    def replace(
        self, name: str, frame: nw.LazyFrame[Any], where: Where, commit: Commit
    ) -> int | None:
        """Put ``frame`` in the place of the rows that match ``where``, in one commit."""

        engine = self._of(name)

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> Plan:
            table, old = TABLES[name], self.scan(name)
            for column, values in where.items():
                old = old.filter(nw.col(column).is_in(sorted(values)))
            gone = engine.content(old) if before.rows else before
            added = engine.content(rows)
            if not gone.rows:
                return Plan(before, gone, added, partial(engine.append, path, table, rows))
            overlap = engine.overlap(old, rows, table.key)
            put = partial(engine.replace, path, table, rows, where)
            return Plan(before, gone, added, put, overlap)

        return self._commit(name, frame, commit, write)

    def merge(self, name: str, frame: nw.LazyFrame[Any], commit: Commit) -> int | None:
        """Update the rows whose key is there, insert the others, in one commit."""
        key, engine = TABLES[name].key, self._of(name)

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> Plan:
            old = engine.matching(self.scan(name), rows, key)
            gone, added = engine.content(old), engine.content(rows)
            overlap = engine.overlap(old, rows, key) if gone.rows else NOTHING
            put = partial(engine.merge, path, rows, key)
            return Plan(before, gone, added, put, overlap)

        return self._commit(name, frame, commit, write)

    def restore(self, name: str, version: int, commit: Commit) -> int | None:
        """Make the content of an older version the newest one."""
        after, engine = self.content(name, version), self._of(name)

        def write(path: Path, _rows: nw.LazyFrame[Any], before: Content) -> Plan:
            now, then = self.scan(name), self.scan(name, version)
            overlap = engine.overlap(now, then, TABLES[name].key)
            return Plan(before, before, after, partial(engine.restore, path, version), overlap)

        return self._commit(name, self.empty(name), commit, write)

    def compact(self, name: str, commit: Commit) -> bool:
        """Rewrite many small files as few sorted ones; the content stays what it was."""
        path = self.path(name)
        with self._writing:
            version = self.version(name)
            if version is None:
                return False
            content = self.content(name, version)
            same = Plan(content, Content(), Content(), lambda _: None)
            return self._of(name).compact(path, TABLES[name], same.told(name, commit))

    def alone(self) -> AbstractContextManager[bool]:
        """A block in which nothing else of this process writes to the lake."""
        return self._writing

    def history(
        self, name: str, version: int | None = None, limit: int | None = None
    ) -> list[LogEntry]:
        """Commits of a table, newest first, up to ``version``."""
        exists = self.version(name) is not None
        return self.engine.log(self.path(name), version, limit) if exists else []

    def content(self, name: str, version: int) -> Content:
        """Content of a version: as its commit wrote it down, else worked out from the rows."""
        noted = self.engine.log(self.path(name), version, 1)[0].metadata
        if "content_sha256" in noted:
            return Content.parse(int(noted["row_count"]), str(noted["content_sha256"]))
        return self.recount(name, version)

    def recount(self, name: str, version: int) -> Content:
        """Content of a version worked out from its rows, whatever its commit says."""
        return self._of(name).content(self.scan(name, version))

    def did(self, name: str, commit: Commit) -> bool:
        """Whether this piece of work was done on a table before."""
        path = self.path(name)
        known = Write(commit.work(name), "", commit.batch)
        return self.engine.version(path) is not None and self.engine.done(path, known)

    def digest(self, frame: nw.LazyFrame[Any]) -> Content:
        """Row count and hash of any rows of large tables."""
        return self.engine.content(frame)

    def added(self, name: str, after: int, until: int) -> list[Added]:
        """Files that the commits in (after, until] added to a table, oldest first."""
        return self.engine.added(self.path(name), after, until)

    def _commit(
        self,
        name: str,
        frame: nw.LazyFrame[Any],
        commit: Commit,
        write: Callable[[Path, nw.LazyFrame[Any], Content], Plan],
    ) -> int | None:
        table, path, engine = TABLES[name], self.path(name), self._of(name)
        known = Write(commit.work(name), "", commit.batch)
        with self._writing:
            self._create(table, path)
            if self.engine.done(path, known):
                return self._version_of(path, known)
            with engine.held(engine.conform(frame, table)) as rows:
                plan = write(path, rows, self.content(name, self.version(name) or 0))
                if not plan.gone.rows and not plan.added.rows:
                    return None
                plan.write(plan.told(name, commit))
            return self.version(name)

    def _of(self, name: str) -> Engine:
        return self.engine.of(TABLES[name])

    def _create(self, table: Table, path: Path) -> None:
        if self.engine.version(path) is None:
            note = {"node": "create", "code_version": VERSION, "row_count": 0}
            note["content_sha256"] = Content().sha256
            self.engine.create(path, table, Write("create", json.dumps(note)))

    def _version_of(self, path: Path, write: Write) -> int:
        for entry in self.engine.log(path):
            noted = entry.metadata
            if (noted.get("work"), noted.get("batch", 0)) == (write.work, write.number):
                return entry.version
        # The log kept the transaction but the commit that held it has expired.
        return self.engine.log(path, limit=1)[0].version
