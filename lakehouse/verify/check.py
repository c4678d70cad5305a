"""All checks of a home, in an order that holds while runs go on: what is written last comes first.

A step is written to Delta, then to ML Metadata, then to the run records; asking in the opposite
order, whatever one of them tells of is in the others already.
"""

import contextlib
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException

from lakehouse.audit import AuditLog
from lakehouse.commits import Committed, DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.pins import Pin, model_pins
from lakehouse.retention import let_go
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.snapshots import Snapshot, pin
from lakehouse.sqlite_copy import copy_database
from lakehouse.tables import FILES, SNAPSHOTS, TABLES
from lakehouse.verify.checkpoints import checkpoint_findings
from lakehouse.verify.files import (
    commit_hash_findings,
    content_findings,
    file_findings,
    hash_findings,
    unnoted_findings,
    unreadable_findings,
)
from lakehouse.verify.finding import Finding
from lakehouse.verify.folders import folder_findings, recorded_findings, serving_findings
from lakehouse.verify.logs import count_findings, log_findings
from lakehouse.verify.records import (
    Runs,
    artifact_findings,
    commit_findings,
    read_runs,
    snapshot_findings,
    step_findings,
)


def verify(
    settings: Settings, deep: bool = False, told: Callable[[float, str], None] | None = None
) -> tuple[Finding, ...]:
    """Everything in a home that is not as it was left; empty when it is whole.

    Args:
        settings: name the home; runs may go on in it.
        deep: also hash every row of the versions that must be readable.
        told: is told before each table which share of them is done, and which is next; what it
            raises ends the verification.
    """
    with tempfile.TemporaryDirectory() as folder:
        check = _Check(settings, Path(folder), told or (lambda _share, _what: None))
        found = set(check.findings(deep))
    # That a commit has changed says less than what is wrong with it.
    said = {finding.where for finding in found if finding.what != "changed_commit"}
    return tuple(
        sorted(each for each in found if each.what != "changed_commit" or each.where not in said)
    )


class _Check:
    """One verification: what several checks need is read once."""

    def __init__(
        self, settings: Settings, folder: Path, told: Callable[[float, str], None]
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._told = told
        self._lake = Lake(settings.lake, LocalEngine())
        self._commits: dict[str, dict[int, Committed]] = {}
        # What must be readable beside the newest version, and what files hash to, by table.
        self._pins: tuple[Pin, ...] = ()
        self._snapshot = Snapshot()
        self._hashes: dict[str, dict[str, str]] = {}
        self._taken: dict[str, int] = {}  # run to its snapshot

    def findings(self, deep: bool) -> Iterator[Finding]:
        """What every check finds."""
        runs = yield from self._runs()
        metadata = yield from self._metadata()
        if metadata is not None:
            with contextlib.suppress(ValueError, TypeError):  # a broken pointer is told below
                self._pins = model_pins(metadata, self._settings.serving)
        # Book-keeping first, hashes before all: it says what is to be expected of the others.
        ordered = sorted(TABLES, key=lambda name: (TABLES[name].is_data, name != FILES.name))
        for number, name in enumerate(ordered):
            self._told(number / len(ordered), f"verifies {name}")
            yield from self._table(name, deep)
        if runs is not None:
            yield from self._book_keeping(runs)
        if metadata is not None:
            yield from artifact_findings(metadata, self._commits)
            yield from recorded_findings(self._settings, metadata)
        if metadata is not None and runs is not None:
            yield from step_findings(runs, metadata)
            store = RunStore(self._settings)
            yield from commit_findings(runs, store, metadata, self._commits)
        yield from folder_findings(self._settings, metadata)
        yield from serving_findings(self._settings, self._snapshot.live)
        yield from _audit(self._settings)

    def _runs(self) -> Generator[Finding, None, Runs | None]:
        if self._settings.users.is_file():
            yield from self._store(self._settings.users)
        problems = self._store(self._settings.runs)
        yield from problems
        return None if problems else read_runs(RunStore(self._settings))

    def _metadata(self) -> Generator[Finding, None, Metadata | None]:
        problems = self._store(self._settings.metadata)
        yield from problems
        if problems:
            return None
        copy = Metadata(self._folder / self._settings.metadata.name)
        try:
            copy.artifacts("Model")
        except Exception as error:
            yield Finding("store", self._settings.metadata.name, f"it does not open: {error}")
            return None
        return copy

    def _store(self, file: Path) -> tuple[Finding, ...]:
        """What is wrong with a database; a copy of it is left in this check's folder."""
        if not file.is_file():
            return (Finding("store", file.name, "it is missing"),)
        problems = copy_database(file, self._folder / file.name)
        return tuple(Finding("store", file.name, problem) for problem in problems)

    def _table(self, name: str, deep: bool) -> Iterator[Finding]:
        log = DeltaLog(self._lake.path(name))
        if name == FILES.name:
            self._hashes = self._noted()
        hashes = self._hashes.get(name, {})
        changed = list(commit_hash_findings(name, log, hashes))
        yield from changed
        problems = list(log_findings(name, log, self._snapshot.versions.get(name)))
        if not problems:
            problems = list(checkpoint_findings(name, log, hashes, sound=not changed))
        whole = not problems and bool(log.commit_files())
        problems += hash_findings(name, log, hashes)
        if whole:
            problems += self._content(name, log)
            problems += () if changed else self._unreadable(name)
        if whole and not problems and not TABLES[name].is_data:
            # Of the newest of these files nothing notes the hash, and everything rests on them.
            newest = max(self._commits[name])
            problems += list(unreadable_findings(name, log, newest)) or list(
                content_findings(self._lake, name, [newest])
            )
        yield from problems
        if not whole or problems:
            self._hashes = {} if name == FILES.name else self._hashes
            return
        if deep:
            yield from content_findings(self._lake, name, self._proven(name))
        if name == SNAPSHOTS.name:
            self._snapshot = pin(self._lake).snapshot
            rows = self._rows(name).sort("seq")
            self._taken = dict(rows.select("run_id", "seq").iter_rows())

    def _book_keeping(self, runs: Runs) -> Iterator[Finding]:
        """That the tables which tell of all others know what was done."""
        took = {run.run_id for run in runs.succeeded.values() if run.took_snapshot}
        for name in (SNAPSHOTS.name, FILES.name) if took else ():
            if not DeltaLog(self._lake.path(name)).exists:
                yield Finding("missing_table", f"lake/{name}", "runs wrote to it; it is gone")
        if self._taken:
            yield from snapshot_findings(runs, self._taken)
        # A stream notes hashes once a minute; the other runs before they take their snapshot.
        noted = max((self._taken[run] for run in took & self._taken.keys()), default=None)
        if noted is not None and self._hashes:
            versions = pin(self._lake, noted).snapshot.versions
            yield from unnoted_findings(self._settings.lake, versions, self._hashes)

    def _content(self, name: str, log: DeltaLog) -> Iterator[Finding]:
        self._commits[name] = {commit.version: commit for commit in log.commits()}
        yield from file_findings(name, log, self._needed(name), self._hashes.get(name, {}))
        yield from count_findings(name, log)

    def _unreadable(self, name: str) -> Iterator[Finding]:
        try:
            self._lake.scan(name)
        except Exception as error:
            detail = f"no reader understands the table: {str(error).partition(chr(10))[0]}"
            yield Finding("unreadable_commit", f"{name}@{max(self._commits[name])}", detail)

    def _proven(self, name: str) -> set[int]:
        """Versions that something rests on: the newest, the snapshot's, the models'."""
        commits = self._commits[name]
        wanted = {max(commits), self._snapshot.versions.get(name, max(commits))}
        return (wanted | {p.version for p in self._pins if p.table == name}) & commits.keys()

    def _needed(self, name: str) -> set[int]:
        """Versions that must be readable: what something rests on, and what nobody let go."""
        gone = let_go(self._commits[name].values())
        return self._proven(name) | {v for v in self._commits[name] if not gone(v)}

    def _noted(self) -> dict[str, dict[str, str]]:
        """What ops/files tells; nothing where it cannot be read, which its own checks say."""
        found: dict[str, dict[str, str]] = {}
        try:
            rows = self._rows(FILES.name).select("table", "path", "sha256")
        except (Exception, PanicException):
            return found
        for table, path, digest in rows.iter_rows():
            found.setdefault(table, {})[path] = digest
        return found

    def _rows(self, name: str) -> pl.DataFrame:
        rows: pl.DataFrame = self._lake.scan(name).collect("polars").to_native()
        return rows


def _audit(settings: Settings) -> Iterator[Finding]:
    verdict = AuditLog(settings.audit).verify()
    if not verdict.ok:
        yield Finding("audit", f"audit/audit.jsonl#{verdict.first_bad}", verdict.detail)
