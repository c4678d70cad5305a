"""Putting a backup back: into an empty home, every file hashed on its way."""

import gzip
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from uuid import uuid4

from lakehouse.backups.store import INDEX, BackupError, Stored, copied, new_file
from lakehouse.backups.taking import FORMAT, Backup
from lakehouse.settings import Settings

# What reading a torn archive, or one with a flipped byte, raises.
_DAMAGED = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


def restore(source: Path, settings: Settings) -> Backup:
    """Put a backup back as the home; seen whole or not at all.

    Args:
        source: the folder or archive.
        settings: name the home, which must be empty or not there.

    Raises:
        BackupError: the home is not empty, or the backup is damaged; the message names the file.
    """
    home = settings.home
    if home.exists() and any(home.iterdir()):
        raise BackupError(f"{home} is not empty: restore into a new home")
    home.parent.mkdir(parents=True, exist_ok=True)
    aside = home.with_name(f".{home.name}.{uuid4().hex}")
    aside.mkdir(mode=0o700)
    try:
        backup = _unpacked(source, aside)
        if home.exists():
            home.rmdir()
        aside.rename(home)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return backup


def _unpacked(source: Path, folder: Path) -> Backup:
    written: dict[str, Stored] = {}
    index = ""
    try:
        for name, size, file in _entries(source):
            if name == INDEX:
                index = file.read().decode()
            else:
                with new_file(folder / name) as target:
                    written[name] = copied(file, target, size)
        backup = _parsed(index)
    except (*_DAMAGED, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{source} is no whole backup: {error}") from error
    for name in sorted(backup.files.keys() | written.keys()):
        if backup.files.get(name) != written.get(name):
            raise BackupError(f"{source}: {name} is not what was backed up")
    return backup


def _parsed(index: str) -> Backup:
    if not index:
        raise ValueError(f"it has no {INDEX}")
    told = json.loads(index)
    if told["format"] != FORMAT:
        raise ValueError(f"it is of format {told['format']}, this Stillwater reads {FORMAT}")
    files = {name: Stored(**stored) for name, stored in told.pop("files").items()}
    return Backup(files=files, **told)


def _entries(source: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size and content of every file of a backup."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    yield path.relative_to(source).as_posix(), path.stat().st_size, file
        return
    with _archive(source) as archive:
        for member in archive:
            at = PurePosixPath(member.name)
            if not member.isreg() or at.is_absolute() or ".." in at.parts:
                raise ValueError(f"{member.name!r} is no plain file inside of it")
            content = archive.extractfile(member)
            if content is not None:
                yield at.as_posix(), member.size, content


@contextmanager
def _archive(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source) as archive:
            yield archive
    except FileNotFoundError as error:
        raise BackupError(f"{source}: there is no such file") from error
