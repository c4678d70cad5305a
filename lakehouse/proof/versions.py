"""Table versions looked at anew: every file there, and hashing to what was noted.

Each file and each version is looked at once, however many predictions stand on it.
"""

from collections.abc import Callable, Iterable, Mapping

import narwhals as nw
import polars as pl
from polars.exceptions import PanicException

from lakehouse.artifacts import file_sha256
from lakehouse.commits import BrokenLogError, DataFile, DeltaLog
from lakehouse.content import Content
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.proof.chain import Fault, Finding, Verdict, broken, sound, unknown
from lakehouse.records import table_artifact
from lakehouse.retention import let_go
from lakehouse.tables import FILES, SNAPSHOTS, TABLES

Noted = tuple[int, str]
"""Row count and content hash, as somebody wrote them down."""


class Versions:
    """The tables of one lake while they are looked at.

    Attributes:
        books: whether the book-keeping (the files' hashes, the snapshots) is what was written.
    """

    def __init__(self, lake: Lake, metadata: Metadata) -> None:
        self._lake, self._metadata = lake, metadata
        self._engine = LocalEngine()
        self._logs: dict[str, DeltaLog] = {}
        self._found: dict[tuple[str, int], Finding] = {}
        self._files: dict[tuple[str, str], tuple[Fault, ...]] = {}
        self._contents: dict[tuple[str, str], Content] = {}
        self._commits: dict[str, dict[int, Fault]] = {}
        self._newest: dict[str, frozenset[str]] = {}
        self._gone: dict[str, Callable[[int], bool]] = {}
        # Before the list has been looked at no file has a hash, that of the list included.
        self._hashes: Mapping[tuple[str, str], str] = {}
        self.books = self._list_hashes() + self._newest_of(SNAPSHOTS.name)

    def log(self, table: str) -> DeltaLog:
        """The log of a table, listed once."""
        return self._logs.setdefault(table, DeltaLog(self._lake.path(table)))

    def note(self, table: str, version: int) -> Mapping[str, object]:
        """What the commit that wrote the rows of a version noted; what only moved them wrote none.

        Empty where the log no longer tells, or never did.
        """
        try:
            commits = self.log(table).commits(until=version)
        except BrokenLogError:
            return {}
        notes = (commit.entry.metadata for commit in reversed(commits))
        return next((note for note in notes if note.get("run_id") and note.get("inputs")), {})

    def check(self, table: str, version: int) -> Finding:
        """Whether a version can be read and is what was written."""
        if (table, version) not in self._found:
            self._found[table, version] = self._checked(table, version)
        return self._found[table, version]

    def _list_hashes(self) -> Finding:
        finding = self._newest_of(FILES.name)
        if finding.verdict is Verdict.GREEN:
            rows = self._lake.scan(FILES.name).collect("polars")
            self._hashes = {
                (table, path): digest
                for table, path, digest in rows.select("table", "path", "sha256").iter_rows()
            }
            # Its own files but the newest are in the list, too.
            for known in (self._found, self._files, self._commits):
                known.clear()
            finding = self._newest_of(FILES.name)
        return finding

    def _newest_of(self, table: str) -> Finding:
        # By the files of the log: no reader need understand them.
        log = self.log(table)
        newest = max([*log.commit_files(), *log.checkpoints()], default=None)
        return unknown(f"there is no {table} yet") if newest is None else self.check(table, newest)

    def _checked(self, table: str, version: int) -> Finding:
        where, log = f"{table}@{version}", self.log(table)
        try:
            files = tuple(log.at(version).files.values())
        except BrokenLogError as error:
            return _untold(where, log, version, error)
        gone = [file for file in files if not (log.path / file.file).is_file()]
        faults = tuple(fault for file in files for fault in self._file(table, file))
        lost = gone if gone and not self._let_go(table, version) else self._lost(table, gone)
        faults += tuple(Fault(f"lake/{table}/{file.file}", "it is missing") for file in lost)
        faults += self._changed(table, version)
        if faults:
            return Finding(faults)
        noted = self._noted(table, version)
        if isinstance(noted, Fault):
            return Finding((noted,))
        if gone:
            return unknown(_let_go_words(where, len(gone), len(files), noted))
        return self._counted(table, version, files, noted)

    def _file(self, table: str, file: DataFile) -> tuple[Fault, ...]:
        """What is wrong with one file that is there."""
        key = table, file.path
        if key not in self._files:
            self._files[key] = self._fault(table, file)
        return self._files[key]

    def _fault(self, table: str, file: DataFile) -> tuple[Fault, ...]:
        where, at = f"lake/{table}/{file.file}", self.log(table).path / file.file
        expected = self._hashes.get((table, file.path))
        if not at.is_file():
            return ()
        if expected is None and at.stat().st_size != file.bytes:
            return (Fault(where, f"{at.stat().st_size:,} bytes, the log says {file.bytes:,}"),)
        if expected is not None and file_sha256(at) != expected:
            return (Fault(where, "its sha256 is not the one that was noted when it came"),)
        return ()

    def _changed(self, table: str, version: int) -> tuple[Fault, ...]:
        """Commits up to a version that do not hash to what was noted."""
        if table not in self._commits:
            log, detail = self.log(table), "its sha256 is not the one that was noted when it came"
            self._commits[table] = {
                number: Fault(f"{table}@{number}", detail)
                for number, file in log.commit_files().items()
                if (expected := self._hashes.get((table, file.relative_to(log.path).as_posix())))
                and file_sha256(file) != expected
            }
        return tuple(fault for number, fault in self._commits[table].items() if number <= version)

    def _lost(self, table: str, gone: Iterable[DataFile]) -> list[DataFile]:
        """Those that the newest version needs too."""
        return [file for file in gone if file.path in self._needed(table)]

    def _needed(self, table: str) -> frozenset[str]:
        """Files of the newest version, which nobody may let go."""
        if table not in self._newest:
            log = self.log(table)
            newest = max([*log.commit_files(), *log.checkpoints()], default=-1)
            try:
                self._newest[table] = frozenset(log.at(newest).files)
            except BrokenLogError:
                self._newest[table] = frozenset()
        return self._newest[table]

    def _let_go(self, table: str, version: int) -> bool:
        """Whether maintenance says that it did not keep a version."""
        if table not in self._gone:
            try:
                self._gone[table] = let_go(self.log(table).commits())
            except BrokenLogError:
                self._gone[table] = let_go(())
        return self._gone[table](version)

    def _noted(self, table: str, version: int) -> Noted | Fault | None:
        """What its commit and ML Metadata say that a version holds; a fault where they differ."""
        commits = self.log(table).commits(version - 1, version)
        told = [_told(commit.entry.metadata) for commit in commits]
        kind = table_artifact(table, version, Content()).type
        recorded = self._metadata.artifact(kind, f"{table}@{version}")
        if recorded is not None:
            told.append(_told(recorded.properties))
        known = [each for each in told if each is not None]
        if len(set(known)) > 1:
            words = " and ".join(f"{rows:,} rows, {digest[:12]}…" for rows, digest in known)
            return Fault(f"{table}@{version}", f"its commit and ML Metadata differ: {words}")
        return known[0] if known else None

    def _counted(
        self, table: str, version: int, files: tuple[DataFile, ...], noted: Noted | None
    ) -> Finding:
        where, total = f"{table}@{version}", Content()
        for file in files:
            try:
                total += self._content(table, file)
            # A file that polars cannot read ends in a panic, which is no Exception.
            except (Exception, PanicException) as error:
                return broken(f"lake/{table}/{file.file}", f"it cannot be read: {error}"[:300])
        counted = f"{total.rows:,} rows, content {total.sha256[:12]}…"
        if noted is None:
            return unknown(f"{where}: nobody noted what it held; it holds {counted}")
        if noted != (total.rows, total.sha256):
            told = f"{noted[0]:,} rows, content {noted[1][:12]}…"
            return broken(where, f"noted were {told}, it holds {counted}")
        hashed = sum((table, file.path) in self._hashes for file in files)
        kept = f"{hashed} of {len(files)} files hash as noted; " if hashed else ""
        return sound(f"{where}: {kept}it holds what was noted: {counted}")

    def _content(self, table: str, file: DataFile) -> Content:
        """Of one file's rows: those of a version sum up to its own."""
        key = table, file.path
        if key not in self._contents:
            at = self.log(table).path / file.file
            stored = pl.read_parquet(at, hive_partitioning=False)
            parts = [pl.lit(value).alias(name) for name, value in file.partitions.items()]
            rows = nw.from_native(stored.with_columns(parts).lazy())
            conformed = self._engine.conform(rows, TABLES[table])
            self._contents[key] = self._engine.content(conformed)
        return self._contents[key]


def _told(values: Mapping[str, object]) -> Noted | None:
    if "content_sha256" not in values:
        return None
    return int(str(values["row_count"])), str(values["content_sha256"])


def _untold(where: str, log: DeltaLog, version: int, error: BrokenLogError) -> Finding:
    """Why the log does not tell of a version: it expired, or something is wrong with it."""
    found = log.commit_files()
    if found and version < min(found):
        return unknown(f"{where}: its log entry has expired, so nothing of it can be read")
    return broken(f"{where.partition('@')[0]}@{error.version}", f"its log is broken: {error}")


def _let_go_words(where: str, gone: int, files: int, noted: Noted | None) -> str:
    told = "" if noted is None else f"; noted were {noted[0]:,} rows, content {noted[1][:12]}…"
    return f"{where}: maintenance let {gone} of its {files} files go{told}"
