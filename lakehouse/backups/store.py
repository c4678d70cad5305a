"""Where a backup lies: a folder, or a tar archive; both hold the same names."""

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol
from uuid import uuid4

INDEX = "BACKUP.json"
_BLOCK = 1 << 20
_ARCHIVES = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz"}


class BackupError(RuntimeError):
    """A backup cannot be taken or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Stored:
    """A file of a backup."""

    bytes: int
    sha256: str


class Sink(Protocol):
    """What a backup is written to."""

    def add(self, name: str, source: Path) -> Stored:
        """Take in a file, as long as it is now."""

    def text(self, name: str, text: str) -> None:
        """Take in a small text."""


@contextmanager
def open_sink(target: Path) -> Iterator[Sink]:
    """What ``target`` becomes once the block has ended well; nothing is left when it has not.

    Args:
        target: ends with .tar, .tar.gz or .tgz for an archive, else it is a folder.

    Raises:
        BackupError: there is something already.
    """
    if target.exists():
        raise BackupError(f"{target} is there already: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        if target.suffix in _ARCHIVES:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                with _archive(file, target) as archive:
                    yield _Archive(archive)
                file.flush()
                os.fsync(file.fileno())
        else:
            aside.mkdir(mode=0o700)
            yield _Folder(aside)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True) if aside.is_dir() else aside.unlink(True)


def _archive(file: IO[bytes], target: Path) -> tarfile.TarFile:
    if _ARCHIVES[target.suffix] == "w":
        return tarfile.open(fileobj=file, mode="w")
    return tarfile.open(fileobj=file, mode="w:gz", compresslevel=1)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, source: Path) -> Stored:
        with source.open("rb") as file, new_file(self._folder / name) as copy:
            stored = copied(file, copy, os.fstat(file.fileno()).st_size)
            os.fsync(copy.fileno())
        return stored

    def text(self, name: str, text: str) -> None:
        with new_file(self._folder / name) as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


class _Archive:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, source: Path) -> Stored:
        with source.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
            reader = _Hashing(file)
            self._archive.addfile(info, reader)
        return Stored(info.size, reader.digest.hexdigest())

    def text(self, name: str, text: str) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(text.encode()), 0o600
        self._archive.addfile(info, io.BytesIO(text.encode()))


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def new_file(path: Path) -> IO[bytes]:
    """A new file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def copied(source: IO[bytes], target: IO[bytes], size: int) -> Stored:
    """Copy the first ``size`` bytes and hash them.

    Raises:
        BackupError: there are fewer.
    """
    digest, left = sha256(), size
    while left and (block := source.read(min(_BLOCK, left))):
        digest.update(block)
        target.write(block)
        left -= len(block)
    if left:
        raise BackupError(f"{getattr(source, 'name', 'a file')} became shorter while it was read")
    target.flush()
    return Stored(size, digest.hexdigest())
