"""The bytes of one file or archive member, taken out of its gzip or zip within limits."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.sources.faults import LIMITS, Limits, Reason, UnreadableError

_CHUNK = 1 << 20


def members(path: Path, limits: Limits = LIMITS) -> list[str]:
    """Names of the files in a zip; those of a zip inside it follow its name and a slash.

    Raises:
        UnreadableError: broken, encrypted, too many entries, or a name that leads out of it.
    """
    with _open_zip(path.open("rb"), limits) as outer:
        names: list[str] = []
        for name in _files(outer):
            if _is_zip(name):
                with _inner_zip(outer, name, limits) as inner:
                    names += [f"{name}/{nested}" for nested in _files(inner)]
            else:
                names.append(name)
        return names


def content(path: Path, member: str = "", limits: Limits = LIMITS) -> bytes:
    """What one file holds: of a zip the named member, of ``.gz`` what was compressed.

    Raises:
        UnreadableError: broken or truncated, or over a limit.
    """
    return b"".join(chunks(path, member, limits))


def digest(path: Path, member: str = "", limits: Limits = LIMITS) -> str:
    """sha256 of :func:`content`, so that a file and its gzip are the same delivery.

    Raises:
        UnreadableError: broken or truncated, or over a limit.
    """
    hashed = hashlib.sha256()
    for chunk in chunks(path, member, limits):
        hashed.update(chunk)
    return hashed.hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file as it lies there: the identity of one that cannot be unpacked."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256(content: bytes) -> str:
    """sha256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def chunks(path: Path, member: str = "", limits: Limits = LIMITS) -> Iterator[bytes]:
    """:func:`content` in pieces; nothing beyond a limit is ever unpacked."""
    if not member:
        with path.open("rb") as stream:
            yield from _unpacked(stream, path.name, path.stat().st_size, limits)
        return
    with _open_zip(path.open("rb"), limits) as archive:
        yield from _member_chunks(archive, member, limits)


def _member_chunks(archive: zipfile.ZipFile, member: str, limits: Limits) -> Iterator[bytes]:
    for name in _files(archive):
        if name == member:
            info = archive.getinfo(name)
            with _reading(member), archive.open(info) as stream:
                plain = _bounded(stream, info.compress_size, limits)
                if not name.endswith(".gz"):
                    yield from plain
                    return
                packed = b"".join(plain)
                yield from _unpacked(io.BytesIO(packed), name, len(packed), limits)
            return
        if _is_zip(name) and member.startswith(f"{name}/"):
            with _inner_zip(archive, name, limits) as inner:
                yield from _member_chunks(inner, member.removeprefix(f"{name}/"), limits)
            return
    raise UnreadableError(Reason.BROKEN_ARCHIVE, f"the archive holds no {member!r}")


def _unpacked(stream: IO[bytes], name: str, size: int, limits: Limits) -> Iterator[bytes]:
    if not name.endswith(".gz"):
        yield from _bounded(stream, size, limits)
        return
    with _reading(name), gzip.open(stream) as plain:
        yield from _bounded(plain, size, limits)


def _bounded(stream: IO[bytes] | gzip.GzipFile, packed: int, limits: Limits) -> Iterator[bytes]:
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limits.member_bytes:
            raise UnreadableError(
                Reason.TOO_LARGE, f"more than {limits.member_bytes:,} bytes are not read"
            )
        if size > limits.ratio_from and size > limits.ratio * packed:
            raise UnreadableError(
                Reason.TOO_LARGE,
                f"{packed:,} bytes unpack to more than {limits.ratio} times as much",
            )
        yield chunk


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Every way in which a compressed stream breaks, as one fault."""
    try:
        yield
    except EOFError:
        raise UnreadableError(
            Reason.BROKEN_ARCHIVE, f"{name!r} ends before its compressed data does"
        ) from None
    except (zipfile.BadZipFile, OSError, zlib.error, RuntimeError, NotImplementedError) as error:
        raise UnreadableError(Reason.BROKEN_ARCHIVE, f"{name!r}: {error}") from None


@contextmanager
def _open_zip(stream: IO[bytes], limits: Limits) -> Iterator[zipfile.ZipFile]:
    with stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UnreadableError(Reason.BROKEN_ARCHIVE, str(error)) from None
        with archive:
            _check_names(archive, limits)
            yield archive


@contextmanager
def _inner_zip(outer: zipfile.ZipFile, name: str, limits: Limits) -> Iterator[zipfile.ZipFile]:
    info = outer.getinfo(name)
    with _reading(name), outer.open(info) as stream:
        packed = b"".join(_bounded(stream, info.compress_size, limits))
    with _open_zip(io.BytesIO(packed), limits) as inner:
        if any(_is_zip(nested) for nested in _files(inner)):
            raise UnreadableError(Reason.UNSAFE_ARCHIVE, f"{name!r} holds a zip in a zip in a zip")
        yield inner


def _check_names(archive: zipfile.ZipFile, limits: Limits) -> None:
    names = archive.namelist()
    if len(names) > limits.members:
        raise UnreadableError(
            Reason.TOO_LARGE, f"{len(names):,} entries, at most {limits.members:,} are read"
        )
    if len(set(names)) < len(names):
        raise UnreadableError(Reason.UNSAFE_ARCHIVE, "two entries have the same name")
    for name in names:
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise UnreadableError(
                Reason.UNSAFE_ARCHIVE, f"the entry {name[:200]!r} leads out of the archive"
            )


def _files(archive: zipfile.ZipFile) -> list[str]:
    return [info.filename for info in archive.infolist() if not info.is_dir()]


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")
