"""The landing folder lists what is complete, and nothing else can be chosen."""

import os
from pathlib import Path

import pytest

from pipeline.sources.landing import NotInLandingError, chosen, complete, listing, look


def test_a_growing_file_is_not_listed(tmp_path: Path) -> None:
    """Only what is the same at two looks counts."""
    (tmp_path / "whole.csv").write_text("x")
    growing = tmp_path / "growing.csv"
    growing.write_text("x")

    def meanwhile(_: float) -> None:
        growing.write_text("xy")
        (tmp_path / "new.csv").write_text("x")

    assert listing(tmp_path, sleep=meanwhile) == ["whole.csv"]


def test_a_file_of_the_same_size_that_was_replaced_is_another_one(tmp_path: Path) -> None:
    """A rename over it shows in the inode, a rewrite in the time."""
    path = tmp_path / "a.csv"
    path.write_text("x")
    before = look(tmp_path)
    (tmp_path / "b").write_text("y")
    os.utime(tmp_path / "b", ns=(before["a.csv"].mtime_ns,) * 2)
    (tmp_path / "b").rename(path)
    assert complete(before, look(tmp_path)) == []


def test_a_marker_makes_a_file_complete_at_once(tmp_path: Path) -> None:
    """And it needs no waiting when every file has one."""
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "a.csv.ok").touch()

    def never(_: float) -> None:
        raise AssertionError("waited")

    assert listing(tmp_path, sleep=never) == ["a.csv"]


def test_links_folders_hidden_and_partial_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "landing"
    (folder / "uploads").mkdir(parents=True)
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    for name in (".hidden", "a.csv.part", "b.tmp", "~c.csv"):
        (folder / name).write_text("x")
    assert listing(folder, sleep=lambda _: None) == []


def test_a_folder_that_is_not_there_lists_nothing(tmp_path: Path) -> None:
    assert listing(tmp_path / "absent", sleep=lambda _: None) == []


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "link.csv", "absent.csv", "", ".", "a.csv\0", "./a.csv"]
)
def test_only_listed_names_can_be_chosen(tmp_path: Path, name: str) -> None:
    """The path comes from the listing, never from the text."""
    folder = tmp_path / "landing"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "a.csv").write_text("x")
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    listed = listing(folder, sleep=lambda _: None)
    assert chosen(folder, "a.csv", listed) == folder / "a.csv"
    with pytest.raises(NotInLandingError):
        chosen(folder, name, listed)


def test_a_file_that_went_meanwhile_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(NotInLandingError):
        chosen(tmp_path, "a.csv", ["a.csv"])
