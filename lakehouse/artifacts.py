"""Published folders: written aside, hashed, renamed into place; seen whole or not at all."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from lakehouse.failpoints import failpoint

MANIFEST = "MANIFEST.json"
PROMOTION = "promotion.json"
"""How a model came to be live: by which way, in whose place and why."""
OUT_OF_FOLD = "out_of_fold.parquet"
"""What the learners that had not seen an engine said of each of its flights, and in which fold."""


class BrokenArtifactError(RuntimeError):
    """A published folder is not what its manifest says; the message names the file."""


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class ExchangedArtifactError(BrokenArtifactError):
    """A published folder agrees with its manifest, but both are not what was recorded."""


def publish(target: Path, fill: Callable[[Path], None]) -> dict[str, str]:
    """Let ``fill`` write files into a new folder and publish it as ``target``.

    A folder that is there already with a sound manifest is kept: the same work, done again.

    Returns:
        File name to sha256, as the manifest says.
    """
    if (target / MANIFEST).is_file():
        return check(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.parent / f".{target.name}.{uuid4().hex}"
    aside.mkdir()
    fill(aside)
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    manifest = {path.relative_to(aside).as_posix(): file_sha256(path) for path in files}
    (aside / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    for path in (*files, aside / MANIFEST, aside):
        _fsync(path)
    failpoint("publish.before_rename")
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
    _fsync(target.parent)
    return manifest


def check(folder: Path, recorded: str = "") -> dict[str, str]:
    """The manifest of a published folder, its files hashed again.

    Args:
        folder: the folder.
        recorded: sha256 of what it holds, as the metadata store knows it; empty where it does not.

    Raises:
        BrokenArtifactError: the manifest or a file is missing, or one of them has changed.
        ExchangedArtifactError: both agree, but are not what was recorded.
    """
    try:
        manifest = _as_listed(folder)
    except BrokenArtifactError:
        if recorded and _holds(folder, recorded):
            detail = "the files are those that were published, this list of them is not"
            raise BrokenArtifactError(f"{folder / MANIFEST}: {detail}") from None
        raise
    if recorded and manifest_sha256(manifest) != recorded:
        detail = "files and manifest agree, but are not what was recorded"
        raise ExchangedArtifactError(f"{folder}: {detail}")
    return manifest


def _as_listed(folder: Path) -> dict[str, str]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BrokenArtifactError(f"{folder / MANIFEST}: it cannot be read") from error
    if not isinstance(manifest, dict):
        raise BrokenArtifactError(f"{folder / MANIFEST}: it lists no files")
    for name, expected in manifest.items():
        file = folder / name
        if not file.is_file():
            raise BrokenArtifactError(f"{file}: missing")
        if file_sha256(file) != expected:
            raise BrokenArtifactError(f"{file}: its sha256 is not the one that was published")
    return manifest


def manifest_sha256(manifest: Mapping[str, str]) -> str:
    """The sha256 that names what a folder holds: of its files, by name."""
    digest = sha256()
    for name, of_file in sorted(manifest.items()):
        digest.update(name.encode() + b"\0" + bytes.fromhex(of_file))
    return digest.hexdigest()


def _holds(folder: Path, recorded: str) -> bool:
    """Whether a folder's files are those of a recorded sha256, whatever its manifest says."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    found = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    return manifest_sha256(found) == recorded


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file: readers see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    aside.write_text(text)
    _fsync(aside)
    aside.replace(path)
    _fsync(path.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
