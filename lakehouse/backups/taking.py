"""Taking a backup while runs go on.

The order makes it consistent. A run's step is written to Delta, then to ML Metadata, then to the
run records, so the run records are copied first and Delta last: whatever one of them tells of is in
those after it. What is ahead belongs to a run that has not ended; a worker that finds it adopts it.
How far streams have read is copied before all of them, for a batch that comes twice is recognised
and one that is left out is not. Tables end before the first commit of a run that the copied run
records do not know.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lakehouse import VERSION
from lakehouse.audit import AuditLog
from lakehouse.backups.store import INDEX, BackupError, Sink, Stored, open_sink
from lakehouse.clock import iso, now
from lakehouse.commits import DataFile, DeltaLog
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.sqlite_copy import copy_database
from lakehouse.tables import TABLES

FORMAT = 1
TRIES = 5
# Copied in ways of their own, or of this process and this machine only.
_APART = frozenset({"lake", "artifacts", "serving", "audit", "logs", "worker.json", "writer.lock"})


@dataclass
class Backup:
    """What a backup holds.

    Attributes:
        time: when it was begun, ISO 8601.
        versions: table to its newest version in the backup.
        files: name to size and sha256.
        format: of the backup.
        code_version: the Stillwater that took it.
    """

    time: str
    versions: dict[str, int] = field(default_factory=dict)
    files: dict[str, Stored] = field(default_factory=dict)
    format: int = FORMAT
    code_version: str = VERSION

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(stored.bytes for stored in self.files.values())


def back_up(settings: Settings, target: Path) -> Backup:
    """Copy a whole home into a new folder or archive; runs may go on.

    Args:
        settings: name the home.
        target: a folder, or an archive by the ending .tar, .tar.gz or .tgz; must not be there yet.

    Raises:
        BackupError: there is something at ``target``, a database is damaged, or files were let go
            by maintenance meanwhile.
    """
    if target.resolve().is_relative_to(settings.home.resolve()):
        raise BackupError(f"{target} is inside of the home: a backup must not copy itself")
    backup = Backup(iso(now()))
    with tempfile.TemporaryDirectory() as folder, open_sink(target) as sink:
        try:
            for name, source in _Taking(settings, Path(folder)).files(backup):
                backup.files[name] = sink.add(name, source)
        except FileNotFoundError as error:
            detail = "maintenance ran meanwhile? take the backup again"
            raise BackupError(f"{error.filename} is gone: {detail}") from error
        _write_index(sink, backup)
    return backup


def _write_index(sink: Sink, backup: Backup) -> None:
    sink.text(INDEX, json.dumps(asdict(backup), indent=1, sort_keys=True))


class _Taking:
    """One backup: names its files in the order in which they must be copied."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def files(self, backup: Backup) -> Iterator[tuple[str, Path]]:
        """Name in the backup and where it lies, each to be copied before the next is asked for."""
        home = self._settings.home
        yield from self._others()
        known = self._databases()
        for file in (self._settings.runs, self._settings.users, self._settings.metadata):
            if (self._folder / file.name).is_file():
                yield file.name, self._folder / file.name
        for folder in (self._settings.serving, self._settings.artifacts):
            for file in _whole_files(folder):
                yield file.relative_to(home).as_posix(), file
        # Book-keeping first: it tells of files and versions of the others.
        for name in sorted(TABLES, key=lambda name: TABLES[name].is_data):
            yield from self._table(name, known, backup)
        yield from self._audit()

    def _others(self) -> Iterator[tuple[str, Path]]:
        home = self._settings.home
        for entry in sorted(home.iterdir()):
            if entry.name not in _APART and ".sqlite" not in entry.name:
                for file in _whole_files(entry):
                    yield file.relative_to(home).as_posix(), file
        for file in _whole_files(self._settings.journals):
            yield file.relative_to(home).as_posix(), file

    def _databases(self) -> frozenset[str]:
        """Copy them; returns the runs that the copy knows."""
        if self._settings.users.is_file():
            self._copy(self._settings.users)
        runs = RunStore(self._settings)
        known = runs.ids()
        for _ in range(TRIES):
            # Run records, then ML Metadata; a run that came between would be in one of them only.
            self._copy(self._settings.runs)
            self._copy(self._settings.metadata)
            after = runs.ids()
            if after == known:
                return known
            known = after
        raise BackupError("new runs kept coming while the databases were copied: try again")

    def _copy(self, file: Path) -> None:
        target = self._folder / file.name
        target.unlink(missing_ok=True)
        problems = copy_database(file, target)
        if problems:
            raise BackupError(f"{file.name}: {problems[0]}: run `stillwater verify`")

    def _table(
        self, name: str, known: frozenset[str], backup: Backup
    ) -> Iterator[tuple[str, Path]]:
        log = DeltaLog(self._settings.lake / name)
        files: dict[str, DataFile] = {}
        last = -1
        for commit, state in log.walk():
            run_id = commit.entry.metadata.get("run_id")
            if run_id and run_id not in known:
                break
            files.update(state.files if last < 0 else {c.file.path: c.file for c in commit.added})
            last = commit.version
        if last < 0:
            return
        backup.versions[name] = last
        there = (log.path / file.file for file in files.values())
        entries = [file for version, file in log.commit_files().items() if version <= last]
        entries += [
            f for version, parts in log.checkpoints().items() if version <= last for f in parts
        ]
        for file in (*(file for file in there if file.is_file()), *entries):
            yield file.relative_to(self._settings.home).as_posix(), file

    def _audit(self) -> Iterator[tuple[str, Path]]:
        copy = self._folder / "audit"
        copy.mkdir()
        with AuditLog(self._settings.audit).held():
            for file in _whole_files(self._settings.audit):
                shutil.copyfile(file, copy / file.name)
        for file in _whole_files(copy):
            yield f"{self._settings.audit.name}/{file.name}", file


def _whole_files(entry: Path) -> list[Path]:
    """An entry's files, without drafts (their names begin with a dot)."""
    if not entry.is_dir():
        return [entry] if entry.is_file() and not entry.name.startswith(".") else []
    return [file for child in sorted(entry.iterdir()) if not child.name.startswith(".")
            for file in _whole_files(child)]  # fmt: skip
