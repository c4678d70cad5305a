"""Whether data files are there, of the right size, and hash to what was noted when they came."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException

from lakehouse.artifacts import file_sha256
from lakehouse.commits import BrokenLogError, DataFile, DeltaLog
from lakehouse.lake import Lake
from lakehouse.retention import let_go
from lakehouse.tables import FILES
from lakehouse.verify.finding import Finding

Hashes = Mapping[str, str]
CHANGED = "its sha256 is not the one that was noted when it was written"


def file_findings(
    name: str, log: DeltaLog, versions: Iterable[int], hashes: Hashes
) -> Iterator[Finding]:
    """Files that are missing from versions that must be readable, and files that have changed.

    Args:
        name: the table.
        log: its log, which is whole.
        versions: those that must be readable; of others, files may have been let go.
        hashes: path to the sha256 that was noted.
    """
    wanted = frozenset(versions)
    needed: dict[str, tuple[DataFile, int]] = {}
    for commit, state in log.walk():
        if commit.version in wanted:
            for path, file in state.files.items():
                needed[path] = (file, commit.version)
    missing: list[tuple[str, int]] = []
    for path, (file, version) in needed.items():
        at = log.path / file.file
        if not at.is_file():
            missing.append((path, version))
        elif path not in hashes and at.stat().st_size != file.bytes:
            detail = f"{at.stat().st_size:,} bytes; the log says {file.bytes:,}"
            yield Finding("changed_file", f"lake/{name}/{path}", detail)
    # Maintenance may have run while all this was read.
    before, now = let_go(log.commits()), let_go(DeltaLog(log.path).commits() if missing else ())
    for path, version in missing:
        if before(version) or not now(version):
            yield Finding("missing_file", f"lake/{name}/{path}", f"version {version} needs it")


def unreadable_findings(name: str, log: DeltaLog, version: int) -> Iterator[Finding]:
    """Files of one version that cannot be read: of tables whose newest files nothing notes."""
    for path, file in log.at(version).files.items():
        try:
            pl.read_parquet(log.path / file.file)
        # A file that polars cannot read ends in a panic, which is no Exception.
        except (Exception, PanicException) as error:
            detail = f"it cannot be read: {error}"[:500]
            yield Finding("changed_file", f"lake/{name}/{path}", detail)


def unnoted_findings(
    lake: Path, versions: Mapping[str, int], hashes: Mapping[str, Hashes]
) -> Iterator[Finding]:
    """Files of a snapshot whose hash was never noted, or no longer is.

    Args:
        lake: the folder of all tables.
        versions: of the snapshot, which was taken after the hashes had been noted.
        hashes: table to path to the sha256 that was noted.
    """
    missing = []
    for name, version in versions.items():
        with contextlib.suppress(BrokenLogError):  # told already
            files = DeltaLog(lake / name).at(version).files
            missing += [f"{name}/{path}" for path in files.keys() - hashes.get(name, {}).keys()]
    if missing:
        detail = f"it has no hash of {len(missing):,} files of the newest snapshot: {min(missing)}"
        yield Finding("disagreement", FILES.name, detail)


def hash_findings(name: str, log: DeltaLog, hashes: Hashes) -> Iterator[Finding]:
    """Files that are there but do not hash to what was noted; the log need not be whole."""
    for path, expected in hashes.items():
        if path.startswith("_delta_log/"):
            continue
        at = log.path / DataFile(path, 0).file
        try:
            found = file_sha256(at)
        except FileNotFoundError:  # let go, or told as missing
            continue
        if found != expected:
            yield Finding("changed_file", f"lake/{name}/{path}", CHANGED)


def commit_hash_findings(name: str, log: DeltaLog, hashes: Hashes) -> Iterator[Finding]:
    """Commits that are there but do not hash to what was noted."""
    for version, file in log.commit_files().items():
        if is_changed(log, file, hashes):
            yield Finding("changed_commit", f"{name}@{version}", CHANGED)


def is_changed(log: DeltaLog, file: Path, hashes: Hashes) -> bool:
    """Whether a file of a log does not hash to what was noted; False where nothing was."""
    expected = hashes.get(file.relative_to(log.path).as_posix())
    return expected is not None and file_sha256(file) != expected


def content_findings(lake: Lake, name: str, versions: Iterable[int]) -> Iterator[Finding]:
    """Versions whose rows do not hash to what their commit noted; reads every row."""
    for version in sorted(versions):
        where = f"{name}@{version}"
        try:
            noted, counted = lake.content(name, version), lake.recount(name, version)
        # A file that polars cannot read ends in a panic, which is no Exception.
        except (Exception, PanicException) as error:
            yield Finding("content", where, f"its rows cannot be read: {error}"[:500])
            continue
        if noted != counted:
            detail = f"noted {noted.rows:,} rows, {noted.sha256[:12]}…; "
            detail += f"counted {counted.rows:,} rows, {counted.sha256[:12]}…"
            yield Finding("content", where, detail)
