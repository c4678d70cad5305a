"""Which files are taken, as what, and which are left out by name."""

import gzip
import zipfile
from pathlib import Path

import pytest

from pipeline.sources.faults import Reason, SourceError
from pipeline.sources.files import discover
from tests.pipeline.sources.nasa_files import nasa_text

TEXT = nasa_text([3, 2]).encode()


def _folder(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(gzip.compress(TEXT) if name.endswith(".gz") else TEXT)
    return folder


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_folder_gives_nasas_files_in_order(tmp_path: Path) -> None:
    """History, in service, truth; everything else is named as skipped, links too."""
    folder = _folder(tmp_path, "RUL_FD001.txt", "test_FD001.txt", "train_FD001.txt.gz", "a.csv")
    (folder / "inner").mkdir()
    (folder / "train_FD002.txt").symlink_to(folder / "train_FD001.txt.gz")
    found = discover([folder])
    assert [Path(d.source).name for d in found.deliveries] == [
        "train_FD001.txt.gz",
        "test_FD001.txt",
        "RUL_FD001.txt",
    ]
    assert [d.kind for d in found.deliveries] == ["history", "in_service", "truth"]
    assert dict(found.skipped) == {
        "a.csv": "none of NASA's names",
        "inner": "a folder inside the folder",
        "train_FD002.txt": "a symbolic link",
    }


def test_a_gzip_is_the_same_delivery_as_its_file(tmp_path: Path) -> None:
    """The sha256 is that of the content."""
    folder = _folder(tmp_path, "train_FD001.txt", "train_FD002.txt.gz")
    first, second = discover([folder]).deliveries
    assert first.sha256 == second.sha256


def test_nasas_published_zip_is_opened_twice(tmp_path: Path) -> None:
    """The outer zip holds another one; members are named with both."""
    inner = _zip(tmp_path / "i.zip", {"d/train_FD001.txt": TEXT, "readme.txt": b"hello"})
    outer = _zip(
        tmp_path / "6. Turbofan.zip",
        {"CMAPSSData.zip": inner.read_bytes(), "test_FD001.txt.gz": gzip.compress(TEXT)},
    )
    found = discover([outer])
    assert [d.member for d in found.deliveries] == [
        "CMAPSSData.zip/d/train_FD001.txt",
        "test_FD001.txt.gz",
    ]
    assert all(d.read() == TEXT for d in found.deliveries)
    assert found.skipped == (("6. Turbofan.zip/CMAPSSData.zip/readme.txt", "none of NASA's names"),)


def test_a_zip_of_other_names_needs_fleet_and_kind(tmp_path: Path) -> None:
    """With both given every member that can be read is taken."""
    path = _zip(tmp_path / "week.zip", {"mon.csv": b"x", "notes.pdf": b"x"})
    with pytest.raises(SourceError, match="nothing to ingest"):
        discover([path])
    found = discover([path], "F1", "in_service")
    assert [(d.member, d.fleet, d.kind) for d in found.deliveries] == [
        ("mon.csv", "F1", "in_service")
    ]


def test_a_broken_archive_is_a_delivery_too(tmp_path: Path) -> None:
    """So that it lands in quarantine and does not stop the others."""
    whole = _zip(tmp_path / "w.zip", {"train_FD001.txt": TEXT}).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[:-40])
    (tmp_path / "test_FD001.txt").write_bytes(TEXT)
    found = discover([tmp_path / "b.zip", tmp_path / "test_FD001.txt"])
    assert [d.reason for d in found.deliveries] == ["", Reason.BROKEN_ARCHIVE]
    assert len(found.deliveries[1].sha256) == 64


def test_what_is_given_outranks_a_files_name(tmp_path: Path) -> None:
    """Fleet and kind of one file; a whole folder must agree with its names."""
    folder = _folder(tmp_path, "train_FD001.txt", "test_FD001.txt")
    single = discover([folder / "test_FD001.txt"], "F9", "history").deliveries[0]
    assert (single.fleet, single.kind, single.prefix) == ("F9", "history", "train")
    assert {d.fleet for d in discover([folder], "F9").deliveries} == {"F9"}
    with pytest.raises(SourceError, match="in_service by its name, not history"):
        discover([folder], kind="history")


@pytest.mark.parametrize(
    ("name", "fleet", "kind", "message"),
    [
        ("absent.txt", None, None, "no such file"),
        ("a.csv", None, None, "give --fleet and --kind"),
        ("a.csv", "F1", None, "give --fleet and --kind"),
        ("a.csv", "F1", "past", "one of history, in_service, truth"),
        ("a.csv", "../F1", "history", "letters, digits"),
        ("a.csv", "F" * 65, "history", "letters, digits"),
        ("a.pdf", "F1", "history", "unknown kind of file"),
        ("link.csv", "F1", "history", "symbolic links"),
    ],
)
def test_wrong_use_is_said(
    tmp_path: Path, name: str, fleet: str | None, kind: str | None, message: str
) -> None:
    """The message names the path or argument and what is allowed."""
    folder = _folder(tmp_path, "a.csv", "a.pdf")
    (folder / "link.csv").symlink_to(folder / "a.csv")
    with pytest.raises(SourceError, match=message):
        discover([folder / name], fleet, kind)


def test_a_folder_without_any_says_what_it_left_out(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"left out: a\.csv"):
        discover([_folder(tmp_path, "a.csv")])


@pytest.mark.nasa
def test_the_real_folders_give_all_their_sets(nasa: Path) -> None:
    """Eight deliveries of three fleets; what is none of NASA's names is skipped."""
    found = discover([nasa / "cmapss", nasa / "phm08"])
    assert [(d.fleet, d.kind) for d in found.deliveries] == [
        ("FD001", "history"),
        ("FD002", "history"),
        ("PHM08", "history"),
        ("FD001", "in_service"),
        ("FD002", "in_service"),
        ("PHM08", "in_service"),
        ("FD001", "truth"),
        ("FD002", "truth"),
    ]
    assert "train_unit216_fullprecision.txt.gz" in dict(found.skipped)
