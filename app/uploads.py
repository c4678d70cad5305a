"""Uploaded files: kept under a name of ours until a run takes them in.

``<uploads>/<sha256 of the content>/<cleaned name>``: nothing that a visitor sends is ever a path.
"""

import os
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

_CHUNK = 1024 * 1024
_LONGEST_NAME = 120
_ID = re.compile(r"([0-9a-f]{64})/([A-Za-z0-9_][A-Za-z0-9._-]*)")


class UploadError(ValueError):
    """An upload that is refused; the message says why and what to do."""


class UploadTooLargeError(UploadError):
    """More bytes than one upload may have."""


@dataclass(frozen=True)
class Upload:
    """One uploaded file.

    Attributes:
        upload_id: what the dashboard calls it from now on.
        name: its own name, cleaned.
        bytes: its size.
    """

    upload_id: str
    name: str
    bytes: int


def clean_name(name: str) -> str:
    """The last part of a name a visitor sent, with nothing in it that a file system minds."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", last).lstrip(".-")
    stem, dot, suffix = plain.partition(".")
    suffix = (dot + suffix)[-40:]
    return (stem[: _LONGEST_NAME - len(suffix)] + suffix).lstrip(".-") or "upload"


def save(folder: Path, name: str, content: IO[bytes], limit: int) -> Upload:
    """Keep what ``content`` holds.

    Args:
        folder: where uploads are kept.
        name: the name that the visitor's file had.
        content: its bytes.
        limit: most bytes that are taken.

    Raises:
        UploadError: it is empty.
        UploadTooLargeError: it is larger than ``limit``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as draft:
        part = Path(draft.name)
        try:
            size, digest = _copy(content, draft, limit)
            target = folder / digest / clean_name(name)
            target.parent.mkdir(exist_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return Upload(f"{digest}/{target.name}", target.name, size)


def find(folder: Path, upload_id: str) -> Path:
    """The file of an upload.

    Raises:
        UploadError: there is no such upload.
    """
    match = _ID.fullmatch(upload_id)
    file = folder / match[1] / match[2] if match else None
    if file is None or file.is_symlink() or not file.is_file():
        raise UploadError("that upload is not here any more: upload the file again")
    return file


def _copy(content: IO[bytes], draft: IO[bytes], limit: int) -> tuple[int, str]:
    size, digest = 0, sha256()
    while chunk := content.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise UploadTooLargeError(too_large(limit))
        digest.update(chunk)
        draft.write(chunk)
    if not size:
        raise UploadError("the file is empty")
    draft.flush()
    os.fsync(draft.fileno())
    return size, digest.hexdigest()


def too_large(limit: int) -> str:
    """What to tell about a file over the limit."""
    return (
        f"larger than {limit // 2**20} MiB, the most that can be uploaded: "
        "put the file into the landing folder instead"
    )
