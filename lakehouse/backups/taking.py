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
from datetime import datetime
from pathlib import Path

from lakehouse import VERSION
from lakehouse.audit import AuditLog
from lakehouse.backups.store import INDEX, BackupError, Sink, Stored, open_sink
from lakehouse.clock import iso, moment, now
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


@dataclass(frozen=True)
class _Part:
    """What is copied of one table.

    Attributes:
        log: its log.
        last: the newest version that is copied, -1 for none.
        data: data files of the versions that are.
        cut: a commit of a run that the copied records do not know comes after it.
    """

    log: DeltaLog
    last: int
    data: tuple[DataFile, ...]
    cut: bool

    def files(self) -> Iterator[Path]:
        """Data first, then the log that tells of it; without what maintenance let go.

        Raises:
            BackupError: a file of the newest version is gone.
        """
        needed = frozenset(self.log.at(self.last).files)
        for file in self.data:
            path = self.log.path / file.file
            if path.is_file():
                yield path
            elif file.path in needed:
                raise BackupError(f"{path} is missing: run `stillwater verify`")
        checkpoints = ((v, f) for v, parts in self.log.checkpoints().items() for f in parts)
        for version, entry in (*self.log.commit_files().items(), *checkpoints):
            if version <= self.last:
                yield entry


def _part(path: Path, known: frozenset[str], begun: datetime) -> _Part:
    """A table up to the first commit of a run that is not known.

    Raises:
        BackupError: the run records should know that run: its commit is older than the backup.
    """
    log, last, cut = DeltaLog(path), -1, False
    files: dict[str, DataFile] = {}
    for commit, state in log.walk():
        run_id = commit.entry.metadata.get("run_id")
        if run_id and run_id not in known:
            if moment(commit.entry.time) < begun:
                where = f"{path.parent.name}/{path.name}@{commit.version}"
                raise BackupError(
                    f"the run records do not know {run_id}, which wrote {where}: "
                    "run `stillwater verify`"
                )
            cut = True
            break
        files.update(state.files if last < 0 else {c.file.path: c.file for c in commit.added})
        last = commit.version
    return _Part(log, last, tuple(files.values()), cut)


class _Taking:
    """One backup: names its files in the order in which they must be copied."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._begun = now()

    def files(self, backup: Backup) -> Iterator[tuple[str, Path]]:
        """Name in the backup and where it lies, each to be copied before the next is asked for."""
        home = self._settings.home
        yield from self._others()
        parts = self._parts()
        for file in _whole_files(self._folder):
            yield file.relative_to(self._folder).as_posix(), file
        for file in _whole_files(self._settings.artifacts):
            yield file.relative_to(home).as_posix(), file
        for name, part in parts.items():
            backup.versions[name] = part.last
            for file in part.files():
                yield file.relative_to(home).as_posix(), file
        yield from self._audit()

    def _parts(self) -> dict[str, "_Part"]:
        """What is copied of each table, once the databases know every run that wrote to one.

        Else the book-keeping could name versions that are cut off.
        """
        for _ in range(TRIES):
            known = self._databases()
            parts = {name: _part(self._settings.lake / name, known, self._begun) for name in TABLES}
            if not any(part.cut for part in parts.values()):
                break
        # Book-keeping first: it tells of files and versions of the others.
        ordered = sorted(TABLES, key=lambda name: TABLES[name].is_data)
        return {name: parts[name] for name in ordered if parts[name].last >= 0}

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
            self._copy_pointers()
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

    def _copy_pointers(self) -> None:
        target = self._folder / self._settings.serving.name
        shutil.rmtree(target, ignore_errors=True)
        for file in _whole_files(self._settings.serving):
            place = target / file.relative_to(self._settings.serving)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)

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
