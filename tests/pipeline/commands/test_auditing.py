"""`stillwater audit` lists, verifies and exports the audit log."""

import json
from pathlib import Path

import polars as pl
import pytest

from lakehouse.audit import AuditLog, Event
from tests.pipeline.command import document, quick


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which two people did something."""
    home = tmp_path / "var"
    log = AuditLog(home / "audit")
    for number in range(4):
        log.append(Event(("ada", "bob")[number % 2], "engineer", "retrain", f"FD00{number}"))
    return home


def test_entries_are_listed_newest_first(home: Path) -> None:
    """As many as one asks for, of those that fit."""
    told = document(home, "audit", "list", "--actor", "ada", "--last", "1")
    assert told["matched"] == 2
    assert [entry["object"] for entry in told["entries"]] == ["FD002"]
    assert "FD003" in quick(home, "audit", "list").stdout
    assert quick(home, "audit", "list", "--since", "soon").exit_code == 2


def test_a_whole_log_says_so(home: Path) -> None:
    """With the hash that one can note elsewhere."""
    told = document(home, "audit", "verify")
    newest = AuditLog(home / "audit").entries()[-1].hash
    assert told == {"ok": True, "first_bad": None, "detail": "", "entries": 4, "newest": newest}


def test_a_changed_byte_names_the_entry_here_and_in_the_home_s_verification(home: Path) -> None:
    """Exit code 3 and the same entry, whichever verb looks."""
    file = home / "audit" / "audit.jsonl"
    file.write_bytes(file.read_bytes().replace(b"FD002", b"FD009"))
    told = document(home, "audit", "verify", code=3)
    assert (told["ok"], told["first_bad"], told["entries"]) == (False, 3, 2)
    assert "entry 3: it was changed" in quick(home, "audit", "verify").stdout
    (home / "lake").mkdir()
    found = document(home, "verify", code=3)["findings"]
    assert {"what": "audit", "where": "audit/audit.jsonl#3", "detail": told["detail"]} in found


def test_an_export_is_written_once_and_is_an_entry(home: Path, tmp_path: Path) -> None:
    """The format follows the file's name; a file that is there stays."""
    lines, table = tmp_path / "log.jsonl", tmp_path / "log.csv"
    told = document(home, "audit", "export", str(lines))
    assert (told["format"], told["entries"]) == ("jsonl", 5)
    assert lines.read_bytes() == (home / "audit" / "audit.jsonl").read_bytes()
    assert json.loads(lines.read_text().splitlines()[-1])["object"] == "log.jsonl"
    document(home, "audit", "export", str(table), "--actor", "bob")
    assert pl.read_csv(table)["object"].to_list() == ["FD001", "FD003"]
    entry = AuditLog(home / "audit").entries()[-1]
    assert (entry.object, entry.after) == ("log.csv", {"actor": "bob"})
    assert quick(home, "audit", "export", str(table)).exit_code == 2
    assert AuditLog(home / "audit").verify().entries == 6


def test_a_folder_that_is_no_home_is_wrong_usage(tmp_path: Path) -> None:
    """Nothing is made there."""
    assert quick(tmp_path / "none", "audit", "verify").exit_code == 2
    assert not (tmp_path / "none" / "audit").exists()
