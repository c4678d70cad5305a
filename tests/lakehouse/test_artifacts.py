"""Published folders and atomic files."""

import json
from pathlib import Path

import pytest

from lakehouse.artifacts import (
    BrokenArtifactError,
    ExchangedArtifactError,
    check,
    manifest_sha256,
    publish,
    write_atomically,
)


def fill(folder: Path) -> None:
    (folder / "model.ubj").write_bytes(b"model")
    (folder / "sub").mkdir()
    (folder / "sub" / "notes.txt").write_text("notes")


def test_a_published_folder_checks(tmp_path: Path) -> None:
    """The manifest names every file with its hash."""
    manifest = publish(tmp_path / "a", fill)
    assert set(manifest) == {"model.ubj", "sub/notes.txt"}
    assert check(tmp_path / "a") == manifest


@pytest.mark.parametrize("damage", ["change", "remove", "manifest"])
def test_any_damage_is_found_and_named(tmp_path: Path, damage: str) -> None:
    """A changed or missing file is refused."""
    folder = tmp_path / "a"
    publish(folder, fill)
    target = folder / ("MANIFEST.json" if damage == "manifest" else "model.ubj")
    target.write_bytes(b"other") if damage == "change" else target.unlink()
    with pytest.raises(BrokenArtifactError, match=target.name):
        check(folder)


@pytest.mark.parametrize("text", ["[]", "3", '{"model.ubj"', "\xff"])
def test_a_manifest_that_lists_nothing_is_named(tmp_path: Path, text: str) -> None:
    publish(tmp_path / "a", fill)
    (tmp_path / "a" / "MANIFEST.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BrokenArtifactError, match=r"a/MANIFEST\.json: "):
        check(tmp_path / "a")


def test_what_was_recorded_tells_a_wrong_list_from_wrong_files(tmp_path: Path) -> None:
    """And a folder that was exchanged whole from one that is damaged."""
    folder = tmp_path / "a"
    recorded = manifest_sha256(publish(folder, fill))
    assert check(folder, recorded)
    (folder / "MANIFEST.json").write_text(json.dumps({"model.ubj": "0" * 64}))
    with pytest.raises(BrokenArtifactError, match=r"MANIFEST\.json: the files are those"):
        check(folder, recorded)
    (folder / "model.ubj").write_bytes(b"other")
    with pytest.raises(BrokenArtifactError, match=r"model\.ubj: its sha256"):
        check(folder, recorded)
    (folder / "MANIFEST.json").unlink()
    publish(folder, fill)
    with pytest.raises(ExchangedArtifactError, match="not what was recorded"):
        check(folder, "0" * 64)


def test_what_fails_half_way_leaves_nothing_behind_that_reads(tmp_path: Path) -> None:
    """Readers see a whole folder or none."""

    def broken(folder: Path) -> None:
        fill(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        publish(tmp_path / "a", broken)
    assert not (tmp_path / "a").exists()
    publish(tmp_path / "a", fill)
    check(tmp_path / "a")


def test_the_same_work_done_again_keeps_the_folder(tmp_path: Path) -> None:
    """A second publication does not write."""
    publish(tmp_path / "a", fill)
    publish(tmp_path / "a", lambda _: pytest.fail("filled again"))


def test_a_small_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new text stands, nothing else is left."""
    write_atomically(tmp_path / "x" / "live.json", "one")
    write_atomically(tmp_path / "x" / "live.json", "two")
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["live.json"]
    assert (tmp_path / "x" / "live.json").read_text() == "two"
