"""The lake: read, append, replace, merge, history and restore by table name and version.

A write is named by the piece of work it does, so that the same work done again writes nothing
(delta-rs records the transaction, this file enforces it). Every commit says which run, step, person
and input versions it came from, and what the table's content then was.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw

from lakehouse import VERSION
from lakehouse.content import Content
from lakehouse.contract import Table
from lakehouse.engines import Added, Engine, LogEntry, Where, Write
from lakehouse.tables import TABLES


@dataclass(frozen=True)
class Commit:
    """Who writes, for which run and step, from which inputs.

    Attributes:
        root: the root run, which a retry or fork keeps; it names the work.
        run_id: the run that does it now.
        node: the component.
        who: the person or command that asked for the run.
        inputs: table to version that was read.
        part: tells several writes of one node to one table apart.
    """

    root: str
    run_id: str
    node: str
    who: str
    inputs: Mapping[str, int] = field(default_factory=dict)
    part: str = "all"

    def work(self, table: str) -> str:
        """Name of this piece of work on ``table``, the transaction's application id."""
        return f"{self.root}/{self.node}/{table}/{self.part}"


class Lake:
    """All tables under one folder, through one engine."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self._root = root
        self._engine = engine
        self._writing = threading.RLock()

    def path(self, name: str) -> Path:
        """Folder of a table of the contracts.

        Raises:
            KeyError: there is no such table.
        """
        return self._root / TABLES[name].name

    def version(self, name: str) -> int | None:
        """The newest version of a table, or None while it does not exist."""
        return self._engine.version(self.path(name))

    def versions(self) -> dict[str, int]:
        """The newest version of every table that exists."""
        found = {name: self.version(name) for name in TABLES}
        return {name: version for name, version in found.items() if version is not None}

    def scan(self, name: str, version: int | None = None) -> nw.LazyFrame[Any]:
        """Rows of a table at a version (default: the newest); none while it does not exist."""
        if version is None:
            version = self.version(name)
        if version is None:
            return self._engine.empty(TABLES[name])
        return self._engine.scan(self.path(name), version)

    def empty(self, name: str) -> nw.LazyFrame[Any]:
        """No rows of a table: what a page shows before the first run."""
        return self._engine.empty(TABLES[name])

    def append(self, name: str, frame: nw.LazyFrame[Any], commit: Commit) -> int | None:
        """Add rows; returns the version that holds them, None when there was nothing to write."""

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> _Plan:
            added = self._engine.content(rows)
            return _Plan(before, Content(), added, lambda n: self._engine.append(path, rows, n))

        return self._commit(name, frame, commit, write)

    def replace(
        self, name: str, frame: nw.LazyFrame[Any], where: Where, commit: Commit
    ) -> int | None:
        """Put ``frame`` in the place of the rows that match ``where``, in one commit."""

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> _Plan:
            old = self.scan(name)
            for column, values in where.items():
                old = old.filter(nw.col(column).is_in(sorted(values)))
            gone, added = self._engine.content(old), self._engine.content(rows)
            return _Plan(
                before, gone, added, lambda note: self._engine.replace(path, rows, where, note)
            )

        return self._commit(name, frame, commit, write)

    def merge(self, name: str, frame: nw.LazyFrame[Any], commit: Commit) -> int | None:
        """Update the rows whose key is there, insert the others, in one commit."""
        key = TABLES[name].key

        def write(path: Path, rows: nw.LazyFrame[Any], before: Content) -> _Plan:
            old = self.scan(name).join(rows.select(*key), on=list(key), how="semi")
            gone, added = self._engine.content(old), self._engine.content(rows)
            return _Plan(
                before, gone, added, lambda note: self._engine.merge(path, rows, key, note)
            )

        return self._commit(name, frame, commit, write)

    def restore(self, name: str, version: int, commit: Commit) -> int | None:
        """Make the content of an older version the newest one."""
        after = self.content(name, version)

        def write(path: Path, _rows: nw.LazyFrame[Any], before: Content) -> _Plan:
            return _Plan(
                before, before, after, lambda note: self._engine.restore(path, version, note)
            )

        return self._commit(name, self.empty(name), commit, write)

    def compact(self, name: str, commit: Commit) -> bool:
        """Rewrite many small files as few sorted ones; the content stays what it was."""
        path = self.path(name)
        version = self.version(name)
        if version is None:
            return False
        with self._writing:
            content = self.content(name, version)
            same = _Plan(content, Content(), Content(), lambda _: None)
            return self._engine.compact(path, TABLES[name], _note(name, commit, same))

    def history(
        self, name: str, version: int | None = None, limit: int | None = None
    ) -> list[LogEntry]:
        """Commits of a table, newest first, up to ``version``."""
        exists = self.version(name) is not None
        return self._engine.log(self.path(name), version, limit) if exists else []

    def content(self, name: str, version: int) -> Content:
        """Content of a version: as its commit wrote it down, else worked out from the rows."""
        noted = self._engine.log(self.path(name), version, 1)[0].metadata
        if "content_sha256" in noted:
            return Content.parse(int(noted["row_count"]), str(noted["content_sha256"]))
        return self.recount(name, version)

    def recount(self, name: str, version: int) -> Content:
        """Content of a version worked out from its rows, whatever its commit says."""
        return self._engine.content(self.scan(name, version))

    def added(self, name: str, after: int, until: int) -> list[Added]:
        """Files that the commits in (after, until] added to a table, oldest first."""
        return self._engine.added(self.path(name), after, until)

    def _commit(
        self,
        name: str,
        frame: nw.LazyFrame[Any],
        commit: Commit,
        write: "Callable[[Path, nw.LazyFrame[Any], Content], _Plan]",
    ) -> int | None:
        table, path = TABLES[name], self.path(name)
        with self._writing:
            self._create(table, path)
            if self._engine.done(path, commit.work(name)):
                return self._version_of(path, commit.work(name))
            rows = self._engine.conform(frame, table)
            newest = self.version(name) or 0
            plan = write(path, rows, self.content(name, newest))
            if not plan.gone.rows and not plan.added.rows:
                return None
            plan.write(_note(name, commit, plan))
            return self.version(name)

    def _create(self, table: Table, path: Path) -> None:
        if self._engine.version(path) is None:
            note = {"node": "create", "code_version": VERSION, "row_count": 0}
            note["content_sha256"] = Content().sha256
            self._engine.create(path, table, Write("create", json.dumps(note)))

    def _version_of(self, path: Path, work: str) -> int:
        for entry in self._engine.log(path):
            if entry.metadata.get("work") == work:
                return entry.version
        # The log kept the transaction but the commit that held it has expired.
        return self._engine.log(path, limit=1)[0].version


@dataclass(frozen=True)
class _Plan:
    """A write about to be done: the content before, what goes, what comes, and how."""

    before: Content
    gone: Content
    added: Content
    write: Callable[[Write], None]

    @property
    def after(self) -> Content:
        return self.before - self.gone + self.added


def _note(name: str, commit: Commit, plan: _Plan) -> Write:
    note = {
        "run_id": commit.run_id,
        "node": commit.node,
        "who": commit.who,
        "inputs": dict(commit.inputs),
        "code_version": VERSION,
        "work": commit.work(name),
        "rows_added": plan.added.rows,
        "rows_removed": plan.gone.rows,
        "row_count": plan.after.rows,
        "content_sha256": plan.after.sha256,
    }
    return Write(commit.work(name), json.dumps(note, sort_keys=True))
