"""Archives are unpacked within limits, and never to a path of theirs."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from pipeline.sources.archives import chunks, content, digest, file_digest, members, sha256
from pipeline.sources.faults import Limits, Reason, UnreadableError

SMALL = Limits(member_bytes=5_000_000, ratio=50, ratio_from=100_000, members=20)


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(_zipped(files))
    return path


def _zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return target.getvalue()


def _reason(path: Path, member: str = "") -> Reason:
    with pytest.raises(UnreadableError) as caught:
        content(path, member, SMALL)
    return caught.value.fault.reason


def _names_reason(path: Path) -> Reason:
    with pytest.raises(UnreadableError) as caught:
        members(path, SMALL)
    return caught.value.fault.reason


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\b"])
def test_a_name_that_leads_out_refuses_the_archive(tmp_path: Path, name: str) -> None:
    """Zip slip: nothing of such an archive is read."""
    path = _zip(tmp_path / "a.zip", {"train_FD001.txt": b"x", name: b"x"})
    assert _names_reason(path) == Reason.UNSAFE_ARCHIVE


def test_bombs_stop_at_their_limit(tmp_path: Path) -> None:
    """By size and by ratio, in gzip, in zip, and in a gzip in a zip in a zip."""
    zeros = bytes(2_000_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(zeros))
    assert _reason(tmp_path / "a.gz") == Reason.TOO_LARGE
    inner = _zipped({"a.txt": zeros, "b.txt.gz": gzip.compress(zeros)})
    path = _zip(tmp_path / "a.zip", {"i.zip": inner, "c.txt": zeros})
    for member in ("c.txt", "i.zip/a.txt", "i.zip/b.txt.gz"):
        assert _reason(path, member) == Reason.TOO_LARGE
    (tmp_path / "b.txt").write_bytes(bytes(6_000_000))
    assert _reason(tmp_path / "b.txt") == Reason.TOO_LARGE


def test_a_bomb_is_never_held_whole(tmp_path: Path) -> None:
    """A gzip of 1:1000 ends after little more than the limit came out of it."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    seen = 0
    with pytest.raises(UnreadableError):
        for chunk in chunks(tmp_path / "a.gz", limits=SMALL):
            seen += len(chunk)
    assert seen < 6_000_000


def test_archives_that_are_too_deep_or_too_full_are_refused(tmp_path: Path) -> None:
    """A zip in a zip is NASA's own; one more is not, nor are thousands of entries."""
    deep = _zipped({"i.zip": _zipped({"i.zip": _zipped({"a.txt": b"x"})})})
    (tmp_path / "a.zip").write_bytes(deep)
    assert _names_reason(tmp_path / "a.zip") == Reason.UNSAFE_ARCHIVE
    full = _zip(tmp_path / "b.zip", {f"{i}.txt": b"x" for i in range(21)})
    assert _names_reason(full) == Reason.TOO_LARGE


def test_an_encrypted_or_damaged_member_is_told(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.txt": b"hello " * 1_000})
    body = bytearray(path.read_bytes())
    body[45] ^= 0xFF
    path.write_bytes(body)
    assert _reason(path, "a.txt") == Reason.BROKEN_ARCHIVE
    locked = bytearray(_zipped({"a.txt": b"hello"}))
    central = locked.index(b"PK\x01\x02")
    locked[6] |= 1
    locked[central + 8] |= 1
    path.write_bytes(locked)
    assert _reason(path, "a.txt") == Reason.BROKEN_ARCHIVE


def test_a_digest_is_of_what_was_packed(tmp_path: Path) -> None:
    """The same for the file, its gzip and a zip's member; the file's own one is another."""
    body = b"1 2 3\n" * 100
    (tmp_path / "a.txt").write_bytes(body)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(body))
    path = _zip(tmp_path / "a.zip", {"d/a.txt": body})
    known = {digest(tmp_path / "a.txt"), digest(tmp_path / "a.txt.gz"), digest(path, "d/a.txt")}
    assert known == {sha256(body), file_digest(tmp_path / "a.txt")}
    assert file_digest(path) not in known


def test_a_member_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.txt": b"x"})
    assert _reason(path, "b.txt") == Reason.BROKEN_ARCHIVE
