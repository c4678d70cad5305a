"""Whether a bundle is what was made: needs nothing but the file.

Nothing is unpacked, and nothing of it is believed before it was measured: names are only compared,
and of no file is more read than the manifest says that it holds.
"""

import json
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any
from zipfile import ZipFile, ZipInfo

from lakehouse.artifacts import file_sha256
from lakehouse.bundle.archive import FORMAT, MANIFEST, SEAL, digest_of, seal_of
from lakehouse.verify.finding import Finding

MOST_BYTES = 16 * 2**30
MOST_MANIFEST = 64 * 2**20
MOST_FILES = 200_000
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Checked:
    """What was found.

    Attributes:
        findings: what is wrong, by file: ``changed``, ``missing``, ``extra``, ``unsafe_name``,
            ``twice``, ``too_large`` or ``unreadable``; empty when it is what was made.
        sha256: of the bundle itself, which the audit log of its home has noted.
        about: kind and name of what it proves, empty where that cannot be read.
        files: how many files it says that it holds.
    """

    findings: tuple[Finding, ...]
    sha256: str = ""
    about: Mapping[str, str] | None = None
    files: int = 0

    @property
    def ok(self) -> bool:
        """Whether it is what was made."""
        return not self.findings


def check_bundle(file: Path) -> Checked:
    """Every file of a bundle, and the bundle itself, against what its manifest says.

    Raises:
        FileNotFoundError: there is no such file.
    """
    digest = file_sha256(file)
    try:
        with file.open("rb") as raw, ZipFile(raw) as archive:
            return _Check(archive, raw, file.name).run(digest)
    except Exception as error:  # whatever a torn or hostile archive makes its reader raise
        problem = Finding("unreadable", file.name, f"it is no whole ZIP archive: {error}")
        return Checked((problem,), digest)


class _Check:
    """One check of an open archive."""

    def __init__(self, archive: ZipFile, raw: IO[bytes], name: str) -> None:
        self._archive = archive
        self._raw = raw
        self._name = name

    def run(self, digest: str) -> Checked:
        """All findings."""
        entries = self._archive.infolist()
        if len(entries) > MOST_FILES:
            problem = Finding("too_large", self._name, f"{len(entries):,} files are no evidence")
            return Checked((problem,), digest)
        problems = [*_names(entries)]
        manifest = self._manifest()
        if isinstance(manifest, Finding):
            return Checked((*problems, manifest), digest)
        told: Mapping[str, Any] = manifest["files"]
        named = {problem.where for problem in problems}
        problems += [one for one in self._files(told) if one.where not in named]
        problems = problems or [*self._sealed()]
        about = {name: str(manifest.get(name, "")) for name in ("kind", "name")}
        return Checked(tuple(sorted(problems)), digest, about, len(told))

    def _manifest(self) -> dict[str, Any] | Finding:
        """What the manifest says, or what is wrong with it."""
        try:
            info = self._archive.getinfo(MANIFEST)
        except KeyError:
            return Finding("missing", MANIFEST, "the bundle has none")
        if info.file_size > MOST_MANIFEST:
            return Finding("too_large", MANIFEST, f"{info.file_size:,} bytes")
        try:
            with self._archive.open(info) as file:
                found = json.loads(file.read(MOST_MANIFEST + 1))
            whole = found["digest"] == digest_of(found) and all(
                map(_is_told, found["files"].items())
            )
        except Exception as error:
            return Finding("unreadable", MANIFEST, f"it is no manifest: {error}")
        if found.get("format") != FORMAT:
            return Finding("unreadable", MANIFEST, f"its format is not {FORMAT}")
        return found if whole else Finding("changed", MANIFEST, "it is not the one that was made")

    def _files(self, told: Mapping[str, Any]) -> Iterator[Finding]:
        there = {info.filename: info for info in self._archive.infolist()}
        for name in sorted(there.keys() - told.keys() - {MANIFEST}):
            yield Finding("extra", name, "the manifest does not know it")
        for name, known in told.items():
            if name not in there:
                yield Finding("missing", name, "the manifest names it")
            elif problem := self._content(there[name], known["bytes"], known["sha256"]):
                yield problem

    def _content(self, info: ZipInfo, size: int, digest: str) -> Finding | None:
        name = info.filename
        if size > MOST_BYTES:
            return Finding("too_large", name, f"{size:,} bytes")
        if info.file_size != size:
            detail = f"{info.file_size:,} bytes; the manifest says {size:,}"
            return Finding("changed", name, detail)
        found, left = sha256(), size
        try:
            with self._archive.open(info) as file:
                while block := file.read(min(_BLOCK, left + 1)):
                    found.update(block)
                    left -= len(block)
                    if left < 0:
                        break
        except Exception as error:
            return Finding("changed", name, f"it cannot be unpacked: {error}")
        if left or found.hexdigest() != digest:
            return Finding("changed", name, "its sha256 is not the one in the manifest")
        return None

    def _sealed(self) -> Iterator[Finding]:
        """Whether the bytes around the files are those that were written, too."""
        comment, end = self._archive.comment, self._raw.seek(0, 2) - 64
        said = comment.removeprefix(SEAL).decode("latin-1")
        if not comment.startswith(SEAL) or said != seal_of(self._raw, max(end, 0)):
            detail = "its files are whole, but the archive around them is not the one that was made"
            yield Finding("changed", self._name, detail)


def _names(entries: list[ZipInfo]) -> Iterator[Finding]:
    for name, count in Counter(info.filename for info in entries).items():
        if count > 1:
            yield Finding("twice", name, f"the archive has {count} files of that name")
    for info in entries:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not _is_safe(info.filename) or kind not in (0, stat.S_IFREG):
            yield Finding("unsafe_name", info.filename, "it would be written to another place")


def _is_safe(name: str) -> bool:
    """Whether a name stays in the folder that it is unpacked to, on every system."""
    parts = PurePosixPath(name).parts
    plain = name.isprintable() and not set(name) & set('\\:*?"<>|')
    return plain and bool(parts) and name == "/".join(parts) and not {"..", "/"} & set(parts)


def _is_told(entry: tuple[Any, Any]) -> bool:
    name, known = entry
    size = known["bytes"]
    texts = isinstance(name, str) and isinstance(known["sha256"], str)
    return texts and isinstance(size, int) and size >= 0
