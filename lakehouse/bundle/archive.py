"""The file of a bundle: a ZIP whose bytes follow from its content, sealed from end to end.

Two bundles of the same content are the same file: names in order, no times, one way of packing. The
archive's comment holds the sha256 of every byte before it, so that a byte that changed outside of
the files in it (a header, a padding) is found as well.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MANIFEST = "manifest.json"
FORMAT = "stillwater-evidence-1"
SEAL = b"sha256:"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 20


class Archive:
    """A bundle that is being written, file by file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._zip = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=6)
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, content: Iterable[bytes]) -> None:
        """Add a file; what it holds may come in parts."""
        digest, size = sha256(), 0
        with self._zip.open(_info(name), "w", force_zip64=True) as target:
            for chunk in content:
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def close(self, about: Mapping[str, Any]) -> None:
        """Add the manifest, which says ``about`` what it is, and seal the whole."""
        told = {**about, "format": FORMAT, "files": self.files}
        text = json.dumps({**told, "digest": digest_of(told)}, indent=1, sort_keys=True)
        with self._zip.open(_info(MANIFEST), "w") as target:
            target.write(text.encode())
        self._zip.comment = SEAL + b"0" * 64
        self._zip.close()
        end = self._file.seek(0, 2) - 64
        seal = seal_of(self._file, end)
        self._file.seek(end)
        self._file.write(seal.encode())


def digest_of(told: Mapping[str, Any]) -> str:
    """sha256 of what a manifest says, its own digest left out."""
    values = {name: value for name, value in told.items() if name != "digest"}
    return sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal_of(file: IO[bytes], end: int) -> str:
    """sha256 of all bytes before ``end``."""
    file.seek(0)
    digest, left = sha256(), end
    while left and (block := file.read(min(left, _BLOCK))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, _EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info
