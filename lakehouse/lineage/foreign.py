"""Any ML Metadata store, of whatever program and time: read from a migrated copy, never touched.

The bytes of the file, and of a journal or a write-ahead log beside it, are copied into a folder of
our own; there the copy is recovered, brought to today's schema by ML Metadata itself where it is
older, read, and thrown away. ``python -m lakehouse.lineage.foreign COPY`` does the first two in a
process of its own.
"""

import contextlib
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import orjson

from lakehouse.lineage.reading import (
    SCHEMA_VERSION,
    Since,
    StoreError,
    asked,
    read_rows,
    schema_version,
)
from lakehouse.lineage.store import Stamp, Store, stamp_of, store_of

_BESIDE = ("-wal", "-journal")
_MAGIC = b"SQLite format 3\0"


def open_store(file: Path) -> Store:
    """All that a store holds; the file and its folder stay as they are, whatever is in them.

    Raises:
        StoreError: it is no such store, damaged, of a newer schema, or it changed meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="stillwater-store-") as folder:
        copy = Path(folder) / "store.sqlite"
        before = stamps_of(file)
        # A journal lies beside the file itself, not beside a link to it.
        _copy(file.resolve(), copy)
        try:
            asked("lakehouse.lineage.foreign", str(copy))
            rows = read_rows(copy, Since())
        except StoreError as error:
            raise StoreError(f"{file.name} cannot be opened: {error}") from error
    if stamps_of(file) != before:
        raise StoreError(f"{file.name} was written while it was read: try again")
    return store_of(rows, before[0])


def stamps_of(file: Path) -> tuple[Stamp, ...]:
    """What changes when a store, its journal or its write-ahead log is written or replaced."""
    real = file.resolve()
    return tuple(stamp_of(real.with_name(real.name + end)) for end in ("", *_BESIDE))


def _copy(file: Path, copy: Path) -> None:
    if file.exists() and not (file.is_file() or file.is_dir()):  # a pipe would be waited for
        raise StoreError(f"{file.name} is no file")
    try:
        with file.open("rb") as opened:
            if opened.read(len(_MAGIC)) != _MAGIC:
                raise StoreError(f"{file.name} is no SQLite database")
        for end in ("", *_BESIDE):
            beside = file.with_name(file.name + end)
            if beside.is_file():
                shutil.copyfile(beside, copy.with_name(copy.name + end))
    except OSError as error:
        raise StoreError(f"{file.name} cannot be read: {error.strerror or error}") from error


def _prepare(copy: Path) -> int:
    """Recover the copy, check it, and migrate it; returns the version that it had."""
    with contextlib.closing(sqlite3.connect(copy)) as store:
        store.execute("PRAGMA trusted_schema=0")
        version = schema_version(store)
        # Whatever mode its writer chose: the copy has to be one file.
        store.execute("PRAGMA journal_mode=DELETE")
        damage = [row[0] for row in store.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
    if damage:
        raise StoreError(f"it is damaged: {damage[0]}")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"its schema is version {version}; the ML Metadata here knows up to {SCHEMA_VERSION}. "
            "Open it with a newer Stillwater"
        )
    if version < SCHEMA_VERSION:
        _migrate(copy, version)
    return version


def _migrate(copy: Path, version: int) -> None:
    from lakehouse.metadata import upgrade

    try:
        upgrade(copy)
    except Exception as error:
        raise StoreError(f"its schema {version} cannot be migrated: {error}") from error


def main() -> None:
    """Prepare the copy that the command line names."""
    try:
        version = _prepare(Path(sys.argv[1]))
    except (sqlite3.Error, StoreError) as error:
        sys.exit(" ".join(str(error).split()))
    sys.stdout.buffer.write(orjson.dumps({"version": version}))


if __name__ == "__main__":
    main()
