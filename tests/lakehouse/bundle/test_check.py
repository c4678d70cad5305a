"""A bundle is checked with nothing but itself, and the file that is wrong is named."""

import io
import json
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.bundle import check_bundle
from lakehouse.bundle.archive import MANIFEST, Archive, digest_of

FILES = {
    "report.html": b"<p>all is well</p>" * 20,
    "mlmd/artifacts.jsonl": bytes(range(256)) * 8,
    "empty": b"",
}
Change = Callable[[dict[str, bytes]], None]


def made() -> bytes:
    """A small bundle."""
    file = io.BytesIO()
    archive = Archive(file)
    for name, content in FILES.items():
        archive.add(name, [content[:7], content[7:]])
    archive.close({"kind": "model", "name": "m-1"})
    return file.getvalue()


WHOLE = made()


def found(content: bytes, folder: Path) -> set[tuple[str, str]]:
    """What and where of all findings."""
    file = folder / "evidence.zip"
    file.write_bytes(content)
    checked = check_bundle(file)
    assert checked.ok is not bool(checked.findings)
    return {(finding.what, finding.where) for finding in checked.findings}


def written_anew(change: Change) -> bytes:
    """The bundle as an archiver writes it after somebody changed what is in it."""
    with ZipFile(io.BytesIO(WHOLE)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return target.getvalue()


def test_a_bundle_is_whole_and_says_what_it_is(tmp_path: Path) -> None:
    """The same content is the same file."""
    assert found(WHOLE, tmp_path) == set()
    checked = check_bundle(tmp_path / "evidence.zip")
    assert (checked.about, checked.files) == ({"kind": "model", "name": "m-1"}, 3)
    assert made() == WHOLE


@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_any_bit_that_changed_is_found(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a file it is that file that is named, or the archive where the file reads the same."""
    content = bytearray(WHOLE)
    content[place] ^= 1 << bit
    told = found(bytes(content), tmp_path_factory.mktemp("bundle"))
    assert told
    with ZipFile(io.BytesIO(WHOLE)) as archive:
        for info in archive.infolist():
            # The local header says how long the name and the extra field after it are.
            lengths = struct.unpack_from("<2H", WHOLE, info.header_offset + 26)
            begin = info.header_offset + 30 + sum(lengths)
            if begin <= place < begin + info.compress_size:
                assert {where for _, where in told} <= {info.filename, "evidence.zip"}


def edit(name: str, content: bytes) -> Change:
    def change(files: dict[str, bytes]) -> None:
        files[name] = content

    return change


def edit_manifest(files: dict[str, bytes]) -> None:
    told = json.loads(files[MANIFEST])
    told["files"]["empty"]["sha256"] = "0" * 64
    files[MANIFEST] = json.dumps(told).encode()


def forget_the_digest(files: dict[str, bytes]) -> None:
    told = json.loads(files[MANIFEST])
    del told["digest"]
    files[MANIFEST] = json.dumps(told).encode()


def another_format(files: dict[str, bytes]) -> None:
    told = json.loads(files[MANIFEST]) | {"format": "something-2"}
    files[MANIFEST] = json.dumps(told | {"digest": digest_of(told)}).encode()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit("report.html", b"<p>all is ill!</p>" * 20), ("changed", "report.html")),
        (edit("report.html", b"short"), ("changed", "report.html")),
        (edit("report.html", b"x" * 10_000_000), ("changed", "report.html")),
        (edit("empty", b"x"), ("changed", "empty")),
        (edit("more.txt", b""), ("extra", "more.txt")),
        (lambda files: files.pop("mlmd/artifacts.jsonl"), ("missing", "mlmd/artifacts.jsonl")),
        (lambda files: files.pop(MANIFEST), ("missing", MANIFEST)),
        (edit(MANIFEST, b"[" * 100_000), ("unreadable", MANIFEST)),
        (edit(MANIFEST, b'{"files": 3}'), ("unreadable", MANIFEST)),
        (edit_manifest, ("changed", MANIFEST)),
        (forget_the_digest, ("unreadable", MANIFEST)),
        (another_format, ("unreadable", MANIFEST)),
        (edit("../../etc/cron.d/x", b""), ("unsafe_name", "../../etc/cron.d/x")),
        (edit("/etc/passwd", b""), ("unsafe_name", "/etc/passwd")),
        (edit("C:evil", b""), ("unsafe_name", "C:evil")),
        (edit("a\\..\\b", b""), ("unsafe_name", "a\\..\\b")),
        (edit("mlmd/", b""), ("unsafe_name", "mlmd/")),
        (edit("a//b", b""), ("unsafe_name", "a//b")),
        (lambda _files: None, ("changed", "evidence.zip")),
    ],
)
def test_exactly_what_is_wrong_is_named(
    change: Change, expected: tuple[str, str], tmp_path: Path
) -> None:
    """Whoever packs it anew; also when nothing but the packing is another one."""
    assert found(written_anew(change), tmp_path) == {expected}
    assert [path.name for path in tmp_path.iterdir()] == ["evidence.zip"]


def test_a_link_and_a_name_that_comes_twice_are_found(tmp_path: Path) -> None:
    """Neither is ever what was made."""
    target = io.BytesIO(written_anew(lambda _files: None))
    link = ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(target, "a") as archive:
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("empty", b"")
    assert found(target.getvalue(), tmp_path) == {("unsafe_name", "link"), ("twice", "empty")}


@pytest.mark.parametrize("content", [b"", b"no archive", WHOLE[:-100], WHOLE[: len(WHOLE) // 2]])
def test_what_is_no_archive_is_said(content: bytes, tmp_path: Path) -> None:
    """Also one that was cut."""
    assert found(content, tmp_path) == {("unreadable", "evidence.zip")}


def test_bytes_in_front_or_behind_are_found(tmp_path: Path) -> None:
    """An archiver would not mind them."""
    assert found(b"#!/bin/sh\n" + WHOLE, tmp_path)
    assert found(WHOLE + b"more", tmp_path)


def test_a_file_that_unpacks_to_more_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    """A hundred megabytes of zeros are small in an archive; no more than is known is read."""
    content = bytearray(written_anew(edit("empty", b"\0" * 100_000_000)))
    assert len(content) < 1_000_000
    with ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("empty").file_size
    lied = bytes(content).replace(size.to_bytes(4, "little"), (0).to_bytes(4, "little"))
    assert found(lied, tmp_path) == {("changed", "empty")}
